"""Targets followed through a video of the user's; what was found before an error is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from chromatrack.data.tracks import VideoTrack
from chromatrack.files import made_by
from chromatrack.progress import progress
from chromatrack.stages.tools.side_by_side import FAULTS, SideBySide
from chromatrack.stages.tools.track_views import View
from chromatrack.tracking.following import as_tracks, follow, in_frame, row_of
from chromatrack.tracking.seen import Followers, Seen
from chromatrack.video.footage import Footage

TROUBLE = (*FAULTS, KeyboardInterrupt)
"""What ends the work before the video does."""


@dataclass(frozen=True, eq=False)
class Tracked:
    """What was found.

    Attributes:
        tracks: of each target, and of each alpha where there are several.
        seconds: that it took, decoding and drawing included.
        stopped: what ended it before the video did.
        shown: files and folders of the views that are whole.
        failed: what other views failed with; the rest went on.
    """

    tracks: list[VideoTrack]
    seconds: float
    stopped: BaseException | None
    shown: list[Path] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return len(self.tracks[0])


def track_video(
    followers: Followers,
    footage: Footage,
    boxes: Mapping[str, Sequence[float]],
    *,
    start: int = 0,
    views: Sequence[View] = (),
) -> Tracked:
    """Follow the targets to the end of the footage, or to the first error.

    Args:
        boxes: as of `follow`.
        start: number of the first frame.
        views: that are shown each frame.

    Raises:
        ChromatrackError: what goes wrong in the first frame, where there is nothing to keep.
    """
    names = list(product(boxes, followers.labels))
    found: list[list[tuple[Seen, tuple]]] = []
    began, stopped = time.perf_counter(), None
    outputs = SideBySide()
    try:
        with outputs, progress(None, what="track", unit="frame", total=footage.count) as bar:
            for view in views:
                outputs.open(view.path, view.opened(footage, names))
            try:
                for image, seen in follow(followers, footage.frames, boxes, start=start):
                    number = start + len(found)
                    found.append([row_of(one) for one in seen])
                    outputs.add(number, image, seen, within=partial(in_frame, number))
                    bar.update()
            except TROUBLE as error:
                if not found:
                    raise  # and views write nothing
                stopped = error  # they end as they do at the end of the video
            if stopped is None and bar.total is not None:
                bar.total = len(found)  # the file may say it has more, or less
                bar.refresh()
            outputs.finish()
    except TROUBLE as error:
        stopped = stopped or error
    if stopped is not None and not found:
        raise stopped
    seconds = time.perf_counter() - began
    tracks = as_tracks(names, found, start)
    shown = [path for path in outputs.kept if path.exists()]  # the first frame has no score maps
    return Tracked(tracks, seconds, stopped, shown, outputs.failed)


def about(
    source: Path,
    tracked: Tracked,
    *,
    tracker: str | None,
    checkpoint: Path | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """What JSON says beside the boxes; `settings` are those of the tracker, JSON values."""
    inputs = {} if checkpoint is None else {"checkpoint": checkpoint}
    return {
        "video": os.fsencode(source.name).decode("utf-8", "backslashreplace"),
        "tracker": tracker or "checkpoint",
        "frames": tracked.frames,
        "complete": tracked.stopped is None,
        "made_by": made_by("track-video", settings={"tracker": tracker, **settings}, inputs=inputs),
    }
