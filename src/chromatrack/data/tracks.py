"""What was tracked in a video, as CSV, JSON and OTB's text: `track` writes it, `play` reads it."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.text import (
    LARGEST,
    LONGEST_NAME,
    folder_name,
    format_boxes_one_based,
    read_boxes_one_based,
    read_table,
)
from chromatrack.errors import InputError
from chromatrack.files import check_is_file, check_writable, read_json, whole_file, write_text

SUFFIXES = (".csv", ".json", ".txt")
COLUMNS = (
    "frame", "target", "alpha", "left", "top", "width", "height", "score", "lost", "peak",
    "peak_siamfc", "peak_auxiliary",
)  # fmt: skip
PEAKS = COLUMNS[-3:]
PER_FRAME = ("frames", "boxes_ltwh", "scores", "lost", "peaks")


@dataclass(frozen=True, eq=False)
class VideoTrack:
    """One target, followed through frames of a video.

    Attributes:
        target: its name.
        alpha: which of several it was followed with; "" where there is one.
        frames: (N,) their numbers in the video, from 0.
        boxes_ltwh: (N, 4) in pixels, 0-based; NaN where there is none.
        scores: (N,) about 1 where the tracker is sure; NaN where it does not say.
        lost: (N,) bool.
        peaks: (N, 3) of the mixed map, SiamFC's and the auxiliary's; NaN where there is none.
    """

    target: str
    alpha: str
    frames: np.ndarray
    boxes_ltwh: np.ndarray
    scores: np.ndarray
    lost: np.ndarray
    peaks: np.ndarray

    @property
    def name(self) -> str:
        """Target and alpha."""
        return track_name(self.target, self.alpha)

    def __len__(self) -> int:
        return len(self.frames)


def check_output(path: Path) -> None:
    """For the start of long work: tracks can be written to that name at its end."""
    _check_name(path)
    check_writable(path)


def _check_name(path: Path) -> None:
    check_is_file(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: expected a name that ends in {', '.join(SUFFIXES)}")


def write_tracks(
    path: str | Path, tracks: Sequence[VideoTrack], *, about: Mapping[str, Any]
) -> list[Path]:
    """Write tracks in the format of the suffix, whole or not at all; returns the files.

    Text holds one target: of several, each has a file of its own, NAME-TARGET.txt.

    Args:
        about: what made them; told in JSON.
    """
    path = Path(path).expanduser()
    _check_name(path)
    check_apart([path], [(track.target, track.alpha) for track in tracks])
    if path.suffix.lower() == ".csv":
        _write_csv(path, tracks)
    elif path.suffix.lower() == ".json":
        told = {**about, "tracks": [_as_json(track) for track in tracks]}
        write_text(path, json.dumps(told, ensure_ascii=True, allow_nan=False) + "\n")
    else:
        for name, track in zip(_files(path, [t.name for t in tracks]), tracks, strict=True):
            write_text(name, format_boxes_one_based(track.boxes_ltwh))
    return _files(path, [t.name for t in tracks])


def check_apart(
    paths: Sequence[Path], names: Sequence[tuple[str, str]], views: Sequence[Path] = ()
) -> None:
    """That no two files of `write_tracks`, and none of `views` beside them, are one.

    Args:
        names: target and alpha of each track.
        views: other files, and folders in which each track has one by its `file_name`.

    Raises:
        InputError: names the file.
    """
    whole = [track_name(*name) for name in names]
    for name in whole if len(whole) > 1 else ():
        folder_name(name, "name of a target")  # files are called after it
    files = [*(file for path in paths for file in _files(path, whole)), *views]
    files += [view / file_name(name) for view in views for name in whole] if len(whole) > 1 else []
    seen: set[Path] = set()
    for file in files:
        real = file.resolve()
        if real in seen:
            raise InputError(f"{file}: two results would be written there, expected other names")
        seen.add(real)
        if len(os.fsencode(file.name)) > LONGEST_NAME:
            raise InputError(
                f"{file}: expected a name of at most {LONGEST_NAME} bytes: shorter targets, or a "
                "shorter --output"
            )


def _files(path: Path, names: Sequence[str]) -> list[Path]:
    if path.suffix.lower() != ".txt" or len(names) == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{file_name(name)}.txt") for name in names]


def file_name(name: str) -> str:
    """A track's name in the name of a file."""
    return name.replace(" ", "-")


def track_name(target: str, alpha: str) -> str:
    """Of a target, and of the alpha that it was followed with."""
    return f"{target} alpha {alpha}" if alpha else str(target)


def _write_csv(path: Path, tracks: Sequence[VideoTrack]) -> None:
    rows = sorted(
        (int(frame), number, place)
        for number, track in enumerate(tracks)
        for place, frame in enumerate(track.frames)
    )
    with whole_file(path) as part, open(part, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for frame, number, place in rows:
            track = tracks[number]
            box = [f"{value:.4f}" for value in track.boxes_ltwh[place]]
            numbers = [track.scores[place], *track.peaks[place]]
            score, *peaks = ("" if math.isnan(one) else f"{one:.5g}" for one in numbers)
            lost = int(track.lost[place])
            writer.writerow([frame, track.target, track.alpha, *box, score, lost, *peaks])


def _as_json(track: VideoTrack) -> dict[str, Any]:
    def told(values: np.ndarray, digits: int) -> list[float | None]:
        return [None if math.isnan(one) else round(float(one), digits) for one in values]

    return {
        "target": track.target,
        "alpha": track.alpha,
        "frames": [int(frame) for frame in track.frames],
        "boxes": [told(box, 4) for box in track.boxes_ltwh],
        "scores": told(track.scores, 5),
        "lost": [bool(one) for one in track.lost],
        "peaks": dict(
            zip(("mixed", "siamfc", "auxiliary"), (told(p, 6) for p in track.peaks.T), strict=True)
        ),
    }


def read_tracks(path: str | Path) -> list[VideoTrack]:
    """What `write_tracks` wrote, or boxes of any tracker.

    CSV needs the columns frame, left, top, width and height, 0-based; a row without numbers is a
    frame without a box. Text is OTB's: x, y, width, height of each frame from the first on, from 1.

    Raises:
        InputError: names the file, the row and what was expected.
    """
    path = Path(path).expanduser()
    kind = path.suffix.lower()
    if kind == ".txt":
        boxes_ltwh = read_boxes_one_based(path, allow_nan=True)
        return [_track(path.stem, "", np.arange(len(boxes_ltwh)), boxes_ltwh)]
    if kind == ".csv":
        return _read_csv(path)
    if kind == ".json":
        return _read_json(path)
    raise InputError(f"{path}: expected a name that ends in {', '.join(SUFFIXES)}")


def _track(target, alpha, frames, boxes_ltwh, scores=None, lost=None, peaks=None) -> VideoTrack:
    """In the order of the frames; a `ValueError` where the parts do not belong together."""
    count = len(frames)
    track = VideoTrack(
        target,
        alpha,
        np.asarray(frames, dtype=np.int64),
        np.asarray(boxes_ltwh, dtype=np.float64).reshape(count, 4),
        np.full(count, np.nan) if scores is None else np.asarray(scores, dtype=np.float64),
        np.zeros(count, dtype=bool) if lost is None else np.asarray(lost, dtype=bool),
        np.full((count, 3), np.nan) if peaks is None else np.asarray(peaks, dtype=np.float64),
    )
    if not (track.scores.shape == track.lost.shape == (count,) and track.peaks.shape == (count, 3)):
        raise ValueError("expected a score, lost and peaks for each frame")
    order = np.argsort(track.frames, kind="stable")
    return replace(track, **{name: getattr(track, name)[order] for name in PER_FRAME})


def _frame(value: Any) -> int:
    """A frame's number, also as `0.0`, which is how programs write whole numbers beside gaps."""
    number = float(value)
    if not 0 <= number <= LARGEST or number != int(number) or isinstance(value, bool):
        raise ValueError("expected frames from 0 on")
    return int(number)


def _flag(value: Any) -> bool:
    """Lost or not: a number, true or false, or one of these as text."""
    words = {"true": True, "false": False, "": False}
    text = str(value).strip().lower()
    return words[text] if text in words else float(text) != 0


def _read_csv(path: Path) -> list[VideoTrack]:
    needed = ("frame", "left", "top", "width", "height")
    found: dict[tuple[str, str], list[tuple]] = {}
    for number, row in enumerate(read_table(path, needed), start=2):
        try:
            frame = _frame(row["frame"])
            box = [float(row[name]) if row[name] else math.nan for name in needed[1:]]
            score = float(row.get("score") or "nan")
            lost = _flag(row.get("lost") or "")
            peaks = [float(row.get(name) or "nan") for name in PEAKS]
        except (TypeError, ValueError):
            raise InputError(
                f"{path}, row {number}: expected a whole number from 0 on in frame, and numbers in "
                f"{', '.join(needed[1:])}, score and lost"
            ) from None
        _check_box(f"{path}, row {number}", box)
        name = (row.get("target") or path.stem, row.get("alpha") or "")
        found.setdefault(name, []).append((frame, box, score, lost, peaks))
    tracks = [_track(*name, *zip(*rows, strict=True)) for name, rows in found.items()]
    for track in tracks:
        _check_frames(str(path), track)
    return tracks


def _check_box(where: str, box: Sequence[float]) -> None:
    missing = sum(map(math.isnan, box))
    if any(map(math.isinf, box)) or min(box[2:]) < 0 or missing not in (0, 4):
        told = ",".join(f"{value:g}" for value in box)
        raise InputError(
            f"{where}: expected four finite numbers, no size below 0, or none of them, got {told}"
        )


def _check_frames(where: str, track: VideoTrack) -> None:
    twice = track.frames[1:][np.diff(track.frames) == 0]
    if len(twice):
        raise InputError(
            f"{where}: expected one row for each frame of a target, got two of {twice[0]}"
        )


def _peaks(told: Mapping[str, Sequence[float | None]] | None) -> np.ndarray | None:
    """(N, 3) of what `_as_json` tells."""
    if told is None:
        return None
    columns = [told[name] for name in ("mixed", "siamfc", "auxiliary")]
    return np.array(columns, dtype=np.float64).T


def _read_json(path: Path) -> list[VideoTrack]:
    told = read_json(path)
    try:
        tracks = [
            _track(
                str(one["target"]),
                str(one.get("alpha", "")),
                [_frame(frame) for frame in one["frames"]],
                [[math.nan if v is None else v for v in box] for box in one["boxes"]],
                [math.nan if v is None else v for v in one["scores"]],
                [_flag(lost) for lost in one["lost"]],
                _peaks(one.get("peaks")),
            )
            for one in told["tracks"]
        ]
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        tracks = []
    if not tracks:
        raise InputError(f"{path}: expected what `chromatrack track --output NAME.json` writes")
    for track in tracks:
        where = f"{path}: target {track.target!r}"
        _check_frames(where, track)
        for frame, box in zip(track.frames, track.boxes_ltwh, strict=True):
            _check_box(f"{where}, frame {frame}", box)
    return tracks
