"""Targets followed through a video of the user's; what was found before an error is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from chromatrack.data.tracks import VideoTrack
from chromatrack.errors import ChromatrackError, InputError, WorkError, in_one_line
from chromatrack.files import made_by
from chromatrack.progress import progress
from chromatrack.stages.tools.side_by_side import FAULTS, SideBySide
from chromatrack.stages.tools.track_views import View
from chromatrack.tracking.seen import Followers, Seen
from chromatrack.video.footage import Footage, size_text

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


def follow(
    followers: Followers,
    frames: Iterable[np.ndarray],
    boxes: Mapping[str, Sequence[float]],
    *,
    start: int = 0,
) -> Iterator[tuple[np.ndarray, list[Seen]]]:
    """Each frame (H, W, 3) uint8 RGB, and what is seen in it, target after target.

    Args:
        boxes: name of a target -> left, top, width, height in the first frame, in 0-based pixels.
        start: number of the first frame, for messages.

    Raises:
        InputError: a box lies outside the first frame, or is larger.
        ChromatrackError: what else goes wrong, with the number of the frame.
    """
    given = np.array(list(boxes.values()), dtype=np.float64).reshape(-1, 4)
    coming = iter(frames)
    for number in count(start):
        with in_frame(number):
            image = next(coming, None)
            if image is None:
                return
            if number == start:
                for name, box in boxes.items():
                    _check_box(name if len(boxes) > 1 else "", box, image)
                seen = followers.init(image, given)
            else:
                seen = followers.update(image)
        yield image, seen


@contextmanager
def in_frame(number: int) -> Iterator[None]:
    """Whatever fails here says in one sentence in which frame."""
    try:
        yield
    except ChromatrackError as error:
        raise type(error)(_placed(number, str(error))) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise WorkError(_placed(number, f"{place}{error.strerror or error}")) from error
    except (MemoryError, cv2.error) as error:
        raise WorkError(_placed(number, in_one_line(error) or "not enough memory")) from error


def _placed(number: int, said: str) -> str:
    told = "first frame" in said or f"frame {number} " in said
    return said if told else f"frame {number}: {said}"


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


def row_of(seen: Seen) -> tuple[Seen, tuple]:
    """What is kept of a target in a frame: no maps, and the peaks (mixed, SiamFC, auxiliary)."""
    return Seen(seen.box_ltwh, seen.score, seen.lost), seen.peaks


def as_tracks(
    names: Sequence[tuple[str, str]], found: Sequence[Sequence[tuple[Seen, tuple]]], start: int
) -> list[VideoTrack]:
    """Rows of frames as tracks.

    Args:
        names: target and alpha of each.
        found: of each frame, `row_of` each.
        start: number of the first frame.
    """
    frames = np.arange(start, start + len(found))
    tracks = []
    for place, (target, alpha) in enumerate(names):
        own = [rows[place] for rows in found]
        tracks.append(
            VideoTrack(
                target,
                alpha,
                frames,
                np.array([seen.box_ltwh for seen, _ in own]),
                np.array([seen.score for seen, _ in own], dtype=np.float64),
                np.array([seen.lost for seen, _ in own]),
                np.array([peaks for _, peaks in own], dtype=np.float64),
            )
        )
    return tracks


def _check_box(name: str, box_ltwh: Sequence[float], image: np.ndarray) -> None:
    left, top, width, height = box_ltwh
    if left >= image.shape[1] or top >= image.shape[0] or left + width <= 0 or top + height <= 0:
        told = ",".join(f"{value:g}" for value in box_ltwh)
        raise InputError(
            f"box {name + '=' if name else ''}{told}: lies outside the first frame "
            f"({size_text(image)})"
        )
