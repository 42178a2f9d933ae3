"""DTB70: drone videos in the layout of OTB (Li and Yeung, AAAI 2017)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chromatrack.data import otb
from chromatrack.data.frames import check_first, list_frames
from chromatrack.data.sequence import Sequence
from chromatrack.evaluation.benchmark import Example
from chromatrack.evaluation.lists import (
    JPEG_QUALITY,
    check_folder,
    choose,
    folders_with_frames,
    one_for_each,
)
from chromatrack.evaluation.one_pass import OnePass


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    """NAME/groundtruth_rect.txt and NAME/img/*.jpg."""
    files = check_folder(root).glob("*/groundtruth_rect.txt")
    framed = (folder.parent.name for folder in folders_with_frames(root.glob("*/img")))
    found = choose({path.parent.name: path for path in files}, names, root, framed=framed)
    return [_read(name, path) for name, path in found.items()]


def _read(name: str, rect: Path) -> Sequence:
    boxes_ltwh = otb.read_boxes(rect)
    frames = list_frames(rect.parent / "img")
    check_first(rect.parent / "img", frames, (0, 1))
    return Sequence(name, one_for_each(boxes_ltwh, frames, rect.parent), boxes_ltwh)


def write_sequences(root: Path, examples: Iterable[Example]) -> None:
    for example in examples:
        otb.write_sequence(
            root, example.name, example.frames, [example.boxes_ltwh], quality=JPEG_QUALITY
        )


BENCHMARK = OnePass(
    name="dtb70", title="DTB70", size=(70, 15_777), read=read_sequences, write=write_sequences
)
