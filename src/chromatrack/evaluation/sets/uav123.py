"""UAV123 and UAV20L: videos from drones (Mueller, Smith and Ghanem, ECCV 2016)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chromatrack.data.frames import check_first, list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.otb import read_boxes
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import check_sizes, format_boxes_one_based
from chromatrack.evaluation.benchmark import Example
from chromatrack.evaluation.lists import (
    ABSENT_BELOW,
    JPEG_QUALITY,
    check_folder,
    choose,
    folders_with_frames,
    frames_between,
    one_for_each,
    published,
)
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.files import write_text

ANNOTATIONS = {"uav123": "anno/UAV123", "uav20l": "anno/UAV20L"}
FRAMES = "data_seq/UAV123"


class Range(NamedTuple):
    """Frames of a folder that hold one target, the last one included."""

    folder: str
    first: int
    last: int


def read_ranges(edition: str) -> dict[str, Range]:
    """Target of "uav123" or "uav20l" -> its frames."""
    return {
        row["sequence"]: Range(row["folder"], int(row["first_frame"]), int(row["last_frame"]))
        for row in published(edition)
    }


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    """anno/UAV123/NAME.txt and data_seq/UAV123/FOLDER/*.jpg.

    A published target is a range of the frames of a folder, any other a folder of its name. Rows
    of NaN stand where the target is absent.
    """
    edition = edition or "uav123"
    annotations = check_folder(root / ANNOTATIONS[edition])
    ranges = read_ranges(edition)
    found = choose(
        {path.stem: path for path in annotations.glob("*.txt")},
        names,
        root,
        framed=_framed(root, edition),
    )
    return [_read(root, name, path, ranges.get(name)) for name, path in found.items()]


def _framed(root: Path, edition: str) -> Iterator[str]:
    """Targets of the folders that have frames; the editions share one folder of folders."""
    ranges = {other: read_ranges(other) for other in ANNOTATIONS}
    known = {part.folder for own in ranges.values() for part in own.values()}
    for folder in folders_with_frames((root / FRAMES).glob("*")):
        for name, part in ranges[edition].items():
            if part.folder == folder.name:
                yield name
        files = (root / place / f"{folder.name}.txt" for place in ANNOTATIONS.values())
        if folder.name not in known and not any(path.is_file() for path in files):
            yield folder.name


def _read(root: Path, name: str, annotation: Path, part: Range | None) -> Sequence:
    boxes_ltwh = read_boxes(annotation, allow_nan=True)
    visible = ~np.isnan(boxes_ltwh).any(axis=1)
    boxes_ltwh[~visible] = np.nan
    check_sizes(annotation, boxes_ltwh)
    if part is None:
        folder = root / FRAMES / name
        frames = list_frames(folder)
        check_first(folder, frames, (0, 1))
    else:
        folder = root / FRAMES / part.folder
        frames = frames_between(folder, part.first, part.last)
    return Sequence(name, one_for_each(boxes_ltwh, frames, annotation), boxes_ltwh, visible=visible)


def write_sequences(root: Path, examples: Iterable[Example]) -> None:
    for example in examples:
        write_frames(
            root / FRAMES / example.name,
            example.frames,
            pattern="%06d.jpg",
            first=1,
            quality=JPEG_QUALITY,
        )
        boxes_ltwh = np.where((example.shown < ABSENT_BELOW)[:, None], np.nan, example.boxes_ltwh)
        text = format_boxes_one_based(boxes_ltwh).replace("nan", "NaN")
        write_text(root / ANNOTATIONS["uav123"] / f"{example.name}.txt", text)


BENCHMARK = OnePass(
    name="uav123",
    title="UAV123",
    size=(123, 112_578),
    editions=tuple(ANNOTATIONS),
    read=read_sequences,
    write=write_sequences,
)
