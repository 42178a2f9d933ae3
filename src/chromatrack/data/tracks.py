"""What was tracked in a video, as CSV, JSON and OTB's text: `track` writes it, `play` reads it."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.text import (
    LONGEST_NAME,
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
        return _name(self.target, self.alpha)

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
    if path.suffix.lower() == ".csv":
        _write_csv(path, tracks)
    elif path.suffix.lower() == ".json":
        told = {**about, "tracks": [_as_json(track) for track in tracks]}
        write_text(path, json.dumps(told, ensure_ascii=True, allow_nan=False) + "\n")
    else:
        for name, track in zip(_files(path, [t.name for t in tracks]), tracks, strict=True):
            write_text(name, format_boxes_one_based(track.boxes_ltwh))
    return _files(path, [t.name for t in tracks])


def check_apart(paths: Sequence[Path], targets: Sequence[str], alphas: Sequence[str]) -> None:
    """That no two files of `write_tracks` are one, and that each can have its name.

    Raises:
        InputError: names the file.
    """
    names = [_name(target, alpha) for target in targets for alpha in alphas]
    files = [file for path in paths for file in _files(path, names)]
    for place, file in enumerate(files):
        if file in files[:place]:
            raise InputError(f"{file}: two results would be written there, expected other names")
        if len(os.fsencode(file.name)) > LONGEST_NAME:
            raise InputError(
                f"{file}: expected a name of at most {LONGEST_NAME} bytes: shorter targets, or a "
                "shorter --output"
            )


def _files(path: Path, names: Sequence[str]) -> list[Path]:
    if path.suffix.lower() != ".txt" or len(names) == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{name.replace(' ', '-')}.txt") for name in names]


def _name(target: str, alpha: str) -> str:
    return f"{target} alpha {alpha}" if alpha else target


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
    path = Path(path)
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
    count = len(frames)
    return VideoTrack(
        target,
        alpha,
        np.asarray(frames, dtype=np.int64),
        np.asarray(boxes_ltwh, dtype=np.float64).reshape(count, 4),
        np.full(count, np.nan) if scores is None else np.asarray(scores, dtype=np.float64),
        np.zeros(count, dtype=bool) if lost is None else np.asarray(lost, dtype=bool),
        np.full((count, 3), np.nan) if peaks is None else np.asarray(peaks, dtype=np.float64),
    )


def _read_csv(path: Path) -> list[VideoTrack]:
    needed = ("frame", "left", "top", "width", "height")
    rows = read_table(path, needed)
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            frame = int(row["frame"])
            box = [float(row[name]) if row[name] else math.nan for name in needed[1:]]
            score = float(row.get("score") or "nan")
            lost = float(row.get("lost") or "0") != 0
            peaks = [float(row.get(name) or "nan") for name in PEAKS]
        except (TypeError, ValueError):
            raise InputError(
                f"{path}, row {number}: expected numbers in {', '.join(needed)}, score and lost"
            ) from None
        if frame < 0 or any(map(math.isinf, box)):
            raise InputError(f"{path}, row {number}: expected frames from 0 on and finite boxes")
        name = (row.get("target") or path.stem, row.get("alpha") or "")
        found.append((name, frame, box, score, lost, peaks))
    names = {name: place for place, name in reversed([*enumerate(n for n, *_ in found)])}
    found.sort(key=lambda one: (names[one[0]], one[1]))
    tracks = []
    for name, of_one in groupby(found, key=lambda one: one[0]):
        _, frames, boxes, scores, lost, peaks = zip(*of_one, strict=True)
        _check_frames(path, frames)
        tracks.append(_track(*name, frames, boxes, scores, lost, peaks))
    return tracks


def _check_frames(path: Path, frames: Sequence[int]) -> None:
    for before, after in pairwise(frames):
        if before == after:
            raise InputError(
                f"{path}: expected one row for each frame of a target, got two of {after}"
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
                one["frames"],
                [[math.nan if v is None else v for v in box] for box in one["boxes"]],
                [math.nan if v is None else v for v in one["scores"]],
                one["lost"],
                _peaks(one.get("peaks")),
            )
            for one in told["tracks"]
        ]
    except (TypeError, KeyError, ValueError, AttributeError):
        tracks = []
    if not tracks:
        raise InputError(f"{path}: expected what `chromatrack track --output NAME.json` writes")
    return tracks
