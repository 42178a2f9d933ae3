"""NfS: videos at 240 frames per second, and the same at 30 (Galoogahi et al., ICCV 2017)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from chromatrack.data.frames import check_first, list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import LARGEST, check_sizes, read_text
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Example
from chromatrack.evaluation.lists import (
    JPEG_QUALITY,
    check_folder,
    choose,
    folders_with_frames,
    one_for_each,
    with_names,
)
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.files import write_text

RATES = ("30", "240")
EVERY = 8
"""Frames at 240 per second for each one at 30."""


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    """NAME/RATE/NAME.txt and NAME/RATE/NAME/*.jpg, where the rate is 30 or 240."""
    rate = edition or RATES[0]
    files = check_folder(root).glob(f"*/{rate}/*.txt")
    framed = (folder.name for folder in folders_with_frames(root.glob(f"*/{rate}/*")))
    annotated = with_names((path.stem, path) for path in files)
    found = choose(annotated, names, root, framed=framed)
    return [_read(name, path) for name, path in found.items()]


def _read(name: str, annotation: Path) -> Sequence:
    boxes_ltwh = _read_boxes(annotation)
    frames = list_frames(annotation.with_suffix(""))
    if not frames:
        raise InputError(f"{annotation.with_suffix('')}: expected frames, found none")
    rows = len(boxes_ltwh)
    if rows != len(frames) and abs(rows / len(frames) - EVERY) < 1:
        boxes_ltwh = boxes_ltwh[::EVERY]
    check_first(annotation.with_suffix(""), frames, (0, 1))
    if abs(len(boxes_ltwh) - len(frames)) == 1:
        count = min(len(boxes_ltwh), len(frames))
        what = "box" if len(boxes_ltwh) > count else "frame"
        print(f"{annotation}: one {what} too many, the last one is left out", file=sys.stderr)
        boxes_ltwh, frames = boxes_ltwh[:count], frames[:count]
    return Sequence(name, one_for_each(boxes_ltwh, frames, annotation), boxes_ltwh)


def _read_boxes(path: Path) -> np.ndarray:
    """Rows of an id, left, top, right, bottom and more, as (N, 4) boxes_ltwh, 0-based."""
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = [float(word) for word in line.split()[1:5]]
        except ValueError:
            row = []
        if len(row) != 4 or not (np.abs(row) <= LARGEST).all():
            raise InputError(
                f"{path}: line {number}: expected an id and left, top, right, bottom, "
                f"got {line!r:.60}"
            )
        rows.append(row)
    if not rows:
        raise InputError(f"{path}: expected boxes, the file is empty")
    left_top, right_bottom = np.split(np.array(rows), 2, axis=1)
    boxes_ltwh = np.concatenate([left_top - 1, right_bottom - left_top], axis=1)
    check_sizes(path, boxes_ltwh)
    return boxes_ltwh


def write_sequences(root: Path, examples: Iterable[Example]) -> None:
    """Both rates have the same frames; at 30 every second one keeps the eight rows of 240."""
    for number, example in enumerate(examples):
        for rate in RATES:
            folder = root / example.name / rate
            write_frames(
                folder / example.name,
                example.frames,
                pattern="%05d.jpg",
                first=1,
                quality=JPEG_QUALITY,
            )
            kept = rate == "30" and number % 2
            boxes_ltwh = np.repeat(example.boxes_ltwh, EVERY if kept else 1, axis=0)
            write_text(folder / f"{example.name}.txt", _format(example.name, boxes_ltwh))


def _format(name: str, boxes_ltwh: np.ndarray) -> str:
    left_top = boxes_ltwh[:, :2] + 1
    rows = np.concatenate([left_top, left_top + boxes_ltwh[:, 2:]], axis=1)
    return "".join(
        f'0 {left:.4f} {top:.4f} {right:.4f} {bottom:.4f} {number} 0 0 0 "{name}"\n'
        for number, (left, top, right, bottom) in enumerate(rows.tolist())
    )


BENCHMARK = OnePass(
    name="nfs",
    title="NfS",
    size=(100, 383_000),
    editions=RATES,
    read=read_sequences,
    write=write_sequences,
)
