"""The layout of a VOT workspace: list.txt, NAME/color/00000001.jpg and NAME/groundtruth.txt.

A region is a polygon of four corners (8 numbers) or x,y,width,height, in pixels, 0-based.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from chromatrack.data.frames import check_first, holds_pictures, list_frames
from chromatrack.data.images import read_image_rgb, write_frames
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import check_sizes, folder_name, read_names, read_rows, read_text
from chromatrack.errors import InputError
from chromatrack.files import write_text

FOLDERS = ("color", "imgs", "img")
"""Of the frames of a sequence, where no file says so."""


def read_sequences(root: str | Path, *, names: str | Path | None = None) -> list[Sequence]:
    """Read the sequences that `root`/list.txt names; without a list, every folder of one.

    Args:
        names: file of names to read instead.

    Returns:
        sequences with `polygons` (N, 8) and `boxes_ltwh` (N, 4), the polygons' bounding boxes;
        without `polygons` where all regions are rectangles.

    Raises:
        InputError: there is none, a file is missing or broken, or frames and regions differ in
            number.
    """
    root = Path(root)
    return [read_sequence(root / name) for name in list_names(root, names)]


def list_names(root: Path, names: str | Path | None = None) -> list[str]:
    """Names of the sequences below `root`, or in a file of names; at least one."""
    path = Path(names) if names is not None else root / "list.txt"
    if names is None and not path.is_file():
        if not root.is_dir():
            raise InputError(f"{root}: no such folder of VOT sequences")
        found = sorted(file.parent.name for file in root.glob("*/groundtruth.txt"))
        _check_annotated(root)
        where = f"{root}: expected list.txt, or folders with groundtruth.txt"
    else:
        found, where = read_names(path), f"{path}: expected sequences"
    if not found:
        raise InputError(f"{where}, found none")
    return found


def read_sequence(folder: Path) -> Sequence:
    """One sequence; see `read_sequences`."""
    rows = read_rows(folder / "groundtruth.txt", columns=(8, 4))
    pictures = folder / _frames_folder(folder)
    frames = list_frames(pictures)
    if len(frames) != len(rows):
        raise InputError(
            f"{folder}: expected a frame for each region of groundtruth.txt, got {len(frames)} "
            f"frames and {len(rows)} regions"
        )
    check_first(pictures, frames, (0, 1))
    frames = tuple(frames)
    rectangles = np.array([row for row in rows if len(row) == 4], dtype=np.float64).reshape(-1, 4)
    check_sizes(folder / "groundtruth.txt", rectangles)
    if len(rectangles) == len(rows):
        return Sequence(folder.name, frames, rectangles)
    polygons = _polygons(rows)
    return Sequence(folder.name, frames, bounding_boxes(polygons), polygons=polygons)


def _frames_folder(folder: Path) -> str:
    """The folder in `channels.color=color/%08d.jpg` of the file `sequence`.

    Without that file: color/, or imgs/ or img/, or the frames beside groundtruth.txt, as VOT2015
    and earlier challenges have them; the first that is there.
    """
    path = folder / "sequence"
    for line in read_text(path).splitlines() if path.is_file() else ():
        key, _, value = line.partition("=")
        if key.strip() == "channels.color":
            return folder_name(value.strip().rpartition("/")[0], f"{path}: channels.color")
    for name in FOLDERS:
        if (folder / name).is_dir():
            return name
    return "." if list_frames(folder) else "color"


def _check_annotated(root: Path) -> None:
    """Without a list, a folder of frames is a sequence, whether it has a ground truth or not."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        places = [folder, *(folder / name for name in FOLDERS)]
        if not (folder / "groundtruth.txt").is_file() and any(map(holds_pictures, places)):
            raise InputError(
                f"{folder}: expected groundtruth.txt beside the frames, found none; list.txt in "
                f"{root} says which folders count"
            )


def _polygons(rows: list[list[float]]) -> np.ndarray:
    """Regions as (N, 8) float64 x1, y1, ..., x4, y4; rectangles become their corners."""
    polygons = []
    for row in rows:
        if len(row) == 4:
            x, y, width, height = row
            row = [x, y, x + width, y, x + width, y + height, x, y + height]
        polygons.append(row)
    return np.array(polygons, dtype=np.float64).reshape(-1, 8)


def regions(sequence: Sequence) -> np.ndarray:
    """Its regions as they are compared: polygons (N, 8), or boxes (N, 4) ltwh."""
    return sequence.boxes_ltwh if sequence.polygons is None else sequence.polygons


def frame_size(sequence: Sequence) -> tuple[int, int]:
    """(height, width) of its frames in pixels, read off the first one."""
    return read_image_rgb(sequence.frames[0]).shape[:2]


def bounding_boxes(polygons: np.ndarray) -> np.ndarray:
    """Axis-aligned bounding boxes_ltwh (N, 4) of polygons (N, 2 K)."""
    corners = polygons.reshape(len(polygons), -1, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    return np.concatenate([low, high - low], axis=1)


def write_sequence(
    root: str | Path,
    name: str,
    frames: list[np.ndarray],
    polygons: np.ndarray,
    *,
    fps: int,
    quality: int = 90,
) -> None:
    """Write one sequence below `root`.

    Args:
        frames: N images (H, W, 3) uint8 RGB.
        polygons: (N, 8) x1, y1, ..., x4, y4, 0-based.
        fps: frames per second, for the record.
    """
    folder = Path(root) / folder_name(name, "name")
    count = write_frames(folder / "color", frames, pattern="%08d.jpg", first=1, quality=quality)
    if count != len(polygons):
        raise ValueError(f"{name}: {count} frames, but {len(polygons)} polygons")
    rows = np.round(polygons, 3) + 0.0
    lines = "".join(",".join(f"{value:.3f}" for value in row) + "\n" for row in rows)
    write_text(folder / "groundtruth.txt", lines)
    height, width = frames[0].shape[:2]
    write_text(
        folder / "sequence",
        f"channels.color=color/%08d.jpg\nformat=default\nfps={fps}\nheight={height}\n"
        f"width={width}\nlength={count}\nname={name}\n",
    )


def write_list(root: str | Path, names: Iterable[str]) -> None:
    """Write list.txt."""
    write_text(Path(root) / "list.txt", "".join(f"{name}\n" for name in names))
