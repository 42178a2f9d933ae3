"""LaSOT: long videos of 70 classes (Fan et al., CVPR 2019); its test split is the list `test`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from chromatrack.data.frames import check_first, list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.otb import read_boxes, write_boxes
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import read_rows
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Example
from chromatrack.evaluation.lists import (
    ABSENT_BELOW,
    JPEG_QUALITY,
    check_folder,
    choose,
    folders_with_frames,
    one_for_each,
    published,
    with_names,
)
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.files import write_text

PER_CLASS = 20
ABSENT = ("full_occlusion.txt", "out_of_view.txt")


def names_of_test() -> list[str]:
    """The 280 sequences that LaSOT tests on: four of the twenty of each class."""
    return [
        f"{row['class']}-{number}" for row in published("lasot") for number in row["test"].split()
    ]


def names_of_train() -> list[str]:
    """The other 1,120."""
    test = set(names_of_test())
    numbers = range(1, PER_CLASS + 1)
    every = [f"{row['class']}-{number}" for row in published("lasot") for number in numbers]
    return [name for name in every if name not in test]


LISTS = {"test": names_of_test, "train": names_of_train}


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    """CLASS/CLASS-N/ or CLASS-N/ with groundtruth.txt, img/*.jpg and 0 or 1 per frame in `ABSENT`.

    Frames in which the target is fully occluded or out of view leave the score, as in LaSOT's
    own toolkit: their boxes are NaN.
    """
    check_folder(root)
    files = [*root.glob("*/groundtruth.txt"), *root.glob("*/*/groundtruth.txt")]
    framed = folders_with_frames([*root.glob("*/img"), *root.glob("*/*/img")])
    found = choose(
        with_names((path.parent.name, path.parent) for path in files),
        names,
        root,
        LISTS,
        framed=(folder.parent.name for folder in framed),
    )
    return [_read(name, folder) for name, folder in found.items()]


def _read(name: str, folder: Path) -> Sequence:
    boxes_ltwh = read_boxes(folder / "groundtruth.txt")
    frames = one_for_each(boxes_ltwh, list_frames(folder / "img"), folder)
    check_first(folder / "img", frames, (0, 1))
    visible = ~np.any([_read_flags(folder / file, len(boxes_ltwh)) for file in ABSENT], axis=0)
    boxes_ltwh[~visible] = np.nan
    return Sequence(name, frames, boxes_ltwh, visible=visible)


def _read_flags(path: Path, count: int) -> np.ndarray:
    """(count,) bool, from one row or one column of 0 and 1."""
    flags = np.array(list(chain.from_iterable(read_rows(path, columns=(count, 1)))))
    if len(flags) != count or not np.isin(flags, (0, 1)).all():
        raise InputError(f"{path}: expected 0 or 1 for each of {count} frames, got {len(flags)}")
    return flags == 1


def write_sequences(root: Path, examples: Iterable[Example]) -> None:
    """Each is the first of a class of its own."""
    for example in examples:
        kind = example.name.lower()
        folder = root / kind / f"{kind}-1"
        write_frames(
            folder / "img", example.frames, pattern="%08d.jpg", first=1, quality=JPEG_QUALITY
        )
        write_boxes(folder / "groundtruth.txt", example.boxes_ltwh)
        absent = (example.shown < ABSENT_BELOW).astype(int)
        for file, flags in zip(ABSENT, (absent, 0 * absent), strict=True):
            write_text(folder / file, ",".join(map(str, flags)) + "\n")


BENCHMARK = OnePass(
    name="lasot",
    title="LaSOT",
    size=(280, 685_360),
    lists=tuple(LISTS),
    read=read_sequences,
    write=write_sequences,
)
