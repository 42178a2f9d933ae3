"""The layout of GOT-10k: list.txt and one folder per sequence with frames and label files.

NAME/{00000001.jpg, ..., groundtruth.txt, absence.label, cover.label, cut_by_image.label,
meta_info.ini}; boxes are 1-based x,y,width,height.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from chromatrack.data.frames import check_first, list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import (
    format_boxes_one_based,
    read_boxes_one_based,
    read_names,
    read_rows,
)
from chromatrack.errors import InputError
from chromatrack.files import write_text

EIGHTHS = 8
"""Of a target that can be seen as a whole: the largest level of cover.label."""

VISIBLE_COVER = 2
"""From this level (of 0..8 eighths) on, siamfc-pytorch takes a frame for training."""


def read_sequences(folder: str | Path) -> list[Sequence]:
    """Read all sequences that `folder`/list.txt names, with boxes 0-based.

    `visible` is False where the target is absent or where cover.label says less than 2 of 8. The
    test set tells only the first box: the others are NaN, and not visible.

    Raises:
        InputError: a file is missing or broken, or frames and labels differ in number.
    """
    folder = Path(folder)
    return [read_sequence(folder / name) for name in read_names(folder / "list.txt")]


def read_sequence(folder: Path) -> Sequence:
    boxes_ltwh = read_boxes_one_based(folder / "groundtruth.txt")
    frames = list_frames(folder)
    hidden = len(frames) - 1 if len(boxes_ltwh) == 1 and _is_of_test(folder) else 0
    boxes_ltwh = np.vstack([boxes_ltwh, np.full((hidden, 4), np.nan)])
    if len(frames) != len(boxes_ltwh):
        raise InputError(
            f"{folder}: expected one frame per box, got {len(frames)} frames "
            f"and {len(boxes_ltwh)} boxes"
        )
    check_first(folder, frames, (0, 1))
    visible = np.isfinite(boxes_ltwh).all(axis=1)
    cover = _read_labels(folder / "cover.label", len(frames))
    if cover is not None:
        visible &= cover >= VISIBLE_COVER
    absence = _read_labels(folder / "absence.label", len(frames))
    if absence is not None:
        visible &= absence == 0
    return Sequence(folder.name, tuple(frames), boxes_ltwh, visible=visible)


def _is_of_test(folder: Path) -> bool:
    """The test set has no label files; a sequence with them has lost its boxes."""
    return not any(folder.glob("*.label"))


def read_cover(folder: Path) -> np.ndarray:
    """(N,) visible share of the target in eighths, 0 where it is absent; 8 if not annotated."""
    count = len(read_boxes_one_based(folder / "groundtruth.txt"))
    cover = _read_labels(folder / "cover.label", count)
    absence = _read_labels(folder / "absence.label", count)
    cover = np.full(count, 8.0) if cover is None else cover
    return cover if absence is None else np.where(absence == 0, cover, 0.0)


def _read_labels(path: Path, count: int) -> np.ndarray | None:
    """One number per frame as (N,) float64; None if there is no such file, as in the test set."""
    if not path.is_file():
        return None
    labels = np.array(read_rows(path, columns=(1,)), dtype=np.float64).reshape(-1)
    if len(labels) != count:
        raise InputError(f"{path}: expected {count} lines, one per frame, got {len(labels)}")
    return check_labels(path, labels)


def check_labels(path: Path, labels: np.ndarray) -> np.ndarray:
    """Labels are eighths, or 0 and 1."""
    odd = np.flatnonzero((labels < 0) | (labels > EIGHTHS) | (labels % 1 != 0))
    if len(odd):
        raise InputError(
            f"{path}: line {odd[0] + 1}: expected a whole number, 0 to {EIGHTHS}, "
            f"got {labels[odd[0]]:g}"
        )
    return labels


def write_sequence(
    root: str | Path,
    name: str,
    frames: Iterable[np.ndarray],
    boxes_ltwh: np.ndarray,
    *,
    cover: np.ndarray,
    cut_by_image: np.ndarray,
    meta: Mapping[str, str],
    quality: int = 90,
) -> None:
    """Write one sequence below `root`.

    Args:
        frames: N images (H, W, 3) uint8 RGB.
        boxes_ltwh: (N, 4), 0-based.
        cover: (N,) visible share of the target in eighths, 0..8; 0 counts as absent.
        cut_by_image: (N,) 1 where the image border cuts the target.
        meta: lines of meta_info.ini, such as {"object_class": "cat"}.
    """
    folder = Path(root) / name
    count = write_frames(folder, frames, pattern="%08d.jpg", first=1, quality=quality)
    if not count == len(boxes_ltwh) == len(cover) == len(cut_by_image):
        raise ValueError(f"{name}: {count} frames, but {len(boxes_ltwh)} boxes")
    write_text(folder / "groundtruth.txt", format_boxes_one_based(boxes_ltwh))
    write_text(folder / "cover.label", _format_labels(cover))
    write_text(folder / "absence.label", _format_labels(np.asarray(cover) == 0))
    write_text(folder / "cut_by_image.label", _format_labels(cut_by_image))
    lines = "".join(f"{key}: {value}\n" for key, value in meta.items())
    write_text(folder / "meta_info.ini", "[METAINFO]\n" + lines)


def _format_labels(labels: np.ndarray) -> str:
    return "".join(f"{int(label)}\n" for label in labels)


def write_list(root: str | Path, names: Iterable[str]) -> None:
    """Write list.txt."""
    write_text(Path(root) / "list.txt", "".join(f"{name}\n" for name in names))
