"""TColor-128: colour videos (Liang, Blasch and Ling, TIP 2015)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chromatrack.data.images import write_frames
from chromatrack.data.otb import read_boxes, write_boxes
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import read_rows
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Example
from chromatrack.evaluation.lists import (
    JPEG_QUALITY,
    check_folder,
    choose,
    folders_with_frames,
    frames_between,
    one_for_each,
    with_names,
)
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.files import write_text


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    """NAME/NAME_gt.txt, NAME/NAME_frames.txt (numbers of the first and last) and NAME/img/*.jpg."""
    files = check_folder(root).glob("*/*_gt.txt")
    framed = (folder.parent.name for folder in folders_with_frames(root.glob("*/img")))
    annotated = with_names((path.parent.name, path) for path in files)
    found = choose(annotated, names, root, framed=framed)
    return [_read(name, path) for name, path in found.items()]


def _read(name: str, annotation: Path) -> Sequence:
    boxes_ltwh = read_boxes(annotation)
    stem = annotation.name.removesuffix("_gt.txt")
    first, last = _read_range(annotation.with_name(f"{stem}_frames.txt"))
    frames = frames_between(annotation.parent / "img", first, last)
    return Sequence(name, one_for_each(boxes_ltwh, frames, annotation.parent), boxes_ltwh)


def _read_range(path: Path) -> tuple[int, int]:
    rows = read_rows(path, columns=(2,))
    if len(rows) != 1 or not all(number.is_integer() for number in rows[0]):
        raise InputError(f"{path}: expected one line, the numbers of the first and the last frame")
    first, last = map(int, rows[0])
    return first, last


def write_sequences(root: Path, examples: Iterable[Example]) -> None:
    for example in examples:
        folder = root / example.name
        count = write_frames(
            folder / "img", example.frames, pattern="%04d.jpg", first=1, quality=JPEG_QUALITY
        )
        write_boxes(folder / f"{example.name}_gt.txt", example.boxes_ltwh)
        write_text(folder / f"{example.name}_frames.txt", f"1,{count}\n")


BENCHMARK = OnePass(
    name="tcolor128",
    title="TColor-128",
    size=(129, 55_652),
    read=read_sequences,
    write=write_sequences,
)
