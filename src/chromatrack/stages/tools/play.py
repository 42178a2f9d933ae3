"""Results of any trackers, drawn over the video that they are of."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chromatrack.data.tracks import VideoTrack, read_tracks
from chromatrack.errors import ChromatrackError, InputError
from chromatrack.files import check_writable, write_text
from chromatrack.progress import progress
from chromatrack.reporting.overlay import Mark, marked
from chromatrack.reporting.played import Strip, page
from chromatrack.stages.tools.side_by_side import SideBySide
from chromatrack.video.footage import Footage, open_footage
from chromatrack.video.write import CONTAINERS, even, video_writer

PAGES = (".html", ".htm")
TEXT = ".txt"
"""Of results that have no numbers of frames."""
Named = Sequence[tuple[str, VideoTrack]]


@dataclass(frozen=True)
class Played:
    """What was drawn.

    Attributes:
        frames: their number.
        files: those that are whole.
        failed: what ended the video before its end, and what outputs failed with.
    """

    frames: int
    files: list[Path]
    failed: list[Exception]


def play(
    source: Path,
    results: Sequence[Path],
    outputs: Sequence[Path],
    *,
    names: Sequence[str] | None = None,
    start: int = 0,
    max_frames: int | None = None,
) -> Played:
    """Write a video, or a page, with the boxes of the results.

    Args:
        results: files as `data.tracks.read_tracks` takes them.
        outputs: .mp4 and others for a video, .html for a page.
        names: of the trackers, instead of those of their files.
        start: the first frame that is shown.

    Raises:
        InputError: results have boxes of frames that the video does not have, or none of those that
            are shown.
        UnwritableError: an output cannot be written; before the first frame, where that is known.
    """
    for path in outputs:
        if path.suffix.lower() not in (*PAGES, *CONTAINERS):
            raise InputError(
                f"{path}: expected a name that ends in .html or {', '.join(CONTAINERS)}"
            )
        if path.exists() and source.exists() and os.path.samefile(path, source):
            raise InputError(f"{path}: is the video itself, expected another name to write")
        check_writable(path)
    if names is not None and len(names) != len(results):
        raise InputError(
            f"--tracker: expected {len(results)} names, one per file, got {len(names)}"
        )
    read = [read_tracks(path) for path in results]
    if start and any(path.suffix.lower() == TEXT for path in results):
        shown = _frames(source, max_frames, start)
        read = [
            [_placed(path, *tracks, start, shown)] if path.suffix.lower() == TEXT else tracks
            for path, tracks in zip(results, read, strict=True)
        ]
    tracks = named_tracks(results, read, names)
    footage = open_footage(source, max_frames, start=start)
    count, stopped = 0, []
    frames = progress(footage.frames, what="play", unit="frame", total=footage.count)
    with SideBySide() as sinks, frames as images:
        for path in outputs:
            kind = _page if path.suffix.lower() in PAGES else _video
            sinks.open(path, kind(path, source, footage, tracks, start))
        try:
            for image in images:
                sinks.add(image)
                count += 1
        except ChromatrackError as error:
            if not count:
                raise
            stopped.append(error)  # the frames before the damage are shown
        ended = not stopped and (max_frames is None or count < max_frames)
        _check_last(tracks, source, start + count if ended else None)
        for path, own in zip(results, read, strict=True):
            _check_some(path, own, source, start, start + count)
        sinks.finish()
    return Played(count, sinks.kept, [*stopped, *sinks.failed])


def _frames(source: Path, max_frames: int | None, start: int) -> int:
    """How many frames there are from `start` on; what a video says of itself may be wrong."""
    footage = open_footage(source, max_frames, start=start)
    return footage.count if source.is_dir() else sum(1 for _ in footage.frames)


def _placed(path: Path, track: VideoTrack, start: int, shown: int) -> VideoTrack:
    """Boxes without numbers of frames, where they belong: as many as are shown, or of all frames.

    Args:
        shown: frames from `start` on.
    """
    if len(track) == shown:
        return replace(track, frames=track.frames + start)
    if len(track) >= start + shown:
        return track
    raise InputError(
        f"{path}: its {len(track)} rows have no numbers of frames; expected {shown} for the frames "
        f"from {start} to {start + shown - 1}, or at least {start + shown}, from frame 0 on"
    )


def named_tracks(
    results: Sequence[Path], read: Sequence[list[VideoTrack]], names: Sequence[str] | None
) -> list[tuple[str, VideoTrack]]:
    """The tracks of all files, each by a name of its own: of the file, of the target, or both."""
    names = names or [_shown_name(path.with_suffix("")) for path in results]
    found = []
    for name, tracks in zip(names, read, strict=True):
        for track in tracks:
            parts = [name] if len(results) > 1 or len(tracks) == 1 else []
            parts += [track.name] if len(tracks) > 1 else []
            found.append((" ".join(parts), track))
    return found


def _shown_name(path: Path) -> str:
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def _check_last(tracks: Named, source: Path, count: int | None) -> None:
    for name, track in tracks:
        if count is not None and len(track) and track.frames[-1] >= count:
            raise InputError(
                f"{name}: has a box of frame {track.frames[-1]}, but {source} ends at frame "
                f"{count - 1}; expected results of this video"
            )


def _check_some(
    path: Path, tracks: Sequence[VideoTrack], source: Path, start: int, end: int
) -> None:
    for track in tracks:
        inside = (track.frames >= start) & (track.frames < end)
        if np.isfinite(track.boxes_ltwh[inside]).all(axis=1).any():
            return
    raise InputError(
        f"{path}: none of its boxes is of a frame from {start} to {end - 1} of {source}; expected "
        "results of these frames"
    )


@contextmanager
def _video(
    path: Path, source: Path, footage: Footage, tracks: Named, start: int
) -> Iterator[Callable[[np.ndarray], None]]:
    first = even(footage.first)
    places = [{int(frame): place for place, frame in enumerate(t.frames)} for _, t in tracks]
    size = {"width": first.shape[1], "height": first.shape[0]}
    with video_writer(path, **size, fps=footage.rate, quality=20) as add:
        number = start

        def show(image: np.ndarray) -> None:
            nonlocal number
            marks = [
                _mark(name, track, place.get(number))
                for (name, track), place in zip(tracks, places, strict=True)
            ]
            add(even(marked(image, marks)))
            number += 1

        yield show


def _mark(name: str, track: VideoTrack, place: int | None) -> Mark:
    if place is None:
        return Mark(np.full(4, np.nan), name)
    score, lost = track.scores[place], bool(track.lost[place])
    said = "" if math.isnan(score) else f" {score:.2f}"
    return Mark(track.boxes_ltwh[place], f"{name}{said}{' lost' if lost else ''}", lost)


@contextmanager
def _page(
    path: Path, source: Path, footage: Footage, tracks: Named, start: int
) -> Iterator[Callable[[np.ndarray], None]]:
    strip = Strip()
    yield strip.add
    whole = Path(os.path.abspath(source))  # a link keeps its own name
    # Frames of OTB lie in NAME/img.
    title = _shown_name(whole.parent if whole.name == "img" else whole)
    write_text(path, page(title, strip, tracks, size=footage.first.shape[:2], start=start))
