"""The layout of OTB: NAME/img/0001.jpg and NAME/groundtruth_rect*.txt, boxes 1-based.

The quirks of the original archives are handled here: separators differ, some ground truths cover
a part of the frames, and Jogging and Skating2 hold two targets each, which are read as
"Jogging-1" and "Jogging-2".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from chromatrack.data.frames import check_first, holds_pictures, list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.otb_attributes import read_attributes
from chromatrack.data.otb_names import select, text_files
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import folder_name, format_boxes_one_based, read_boxes_one_based
from chromatrack.errors import InputError
from chromatrack.files import write_text

FIRST_FRAME = {"David": 300, "BlurCar1": 247, "BlurCar3": 3, "BlurCar4": 18}
"""Number of the frame that the first box belongs to, where it is not 1."""

BEYOND = {"Football1": 74, "Freeman3": 460, "Freeman4": 283, "Diving": 215}
"""Boxes of the published sequences that have more frames than boxes; the first frames count."""

PAIRS = ("Jogging", "Skating2")
"""Folders of two targets."""

_RECT = re.compile(r"groundtruth_rect(?:\.(\d+))?\.txt")


def read_boxes(path: str | Path, *, allow_nan: bool = False) -> np.ndarray:
    """Read 1-based x, y, width, height separated by commas, tabs or spaces.

    Returns:
        boxes_ltwh (N, 4) float64, 0-based, in pixels.
    """
    boxes_ltwh = read_boxes_one_based(path, allow_nan=allow_nan)
    if not len(boxes_ltwh):
        raise InputError(f"{path}: expected boxes, the file is empty")
    return boxes_ltwh


def write_boxes(path: str | Path, boxes_ltwh: np.ndarray) -> None:
    """Write 0-based boxes (N, 4) as 1-based x,y,width,height with four decimals."""
    write_text(path, format_boxes_one_based(boxes_ltwh))


def read_sequences(
    root: str | Path,
    *,
    attributes: str | Path | None = None,
    names: Iterable[str] | None = None,
) -> list[Sequence]:
    """Read the sequences of a folder in OTB layout, sorted by name.

    Args:
        attributes: folder with one attribute vector NAME.txt per target.
        names: targets ("Jogging-1") or folders ("Jogging": both targets) to read; None reads all.

    Raises:
        InputError: a named sequence is missing, frames are without boxes or boxes without frames.
    """
    root = Path(root)
    targets = _find_targets(root)
    if names is not None:
        targets = _select(targets, names, root)
    if not targets:
        raise InputError(f"{root}: expected folders NAME with groundtruth_rect.txt, found none")
    known = {} if attributes is None else read_attributes(attributes)
    sequences = []
    for target, rect in targets.items():
        _check_numbers(target, rect)
        if attributes is not None and target not in known:
            raise InputError(f"{attributes}: expected {target}.txt, an attribute vector")
        boxes_ltwh = read_boxes(rect)
        frames = _frames_of_boxes(rect, len(boxes_ltwh))
        sequences.append(Sequence(target, frames, boxes_ltwh, known.get(target, ())))
    return sequences


def list_folders(root: str | Path) -> list[str]:
    """Names of the folders of sequences below `root`, sorted; one may hold several targets."""
    return sorted({rect.parent.name for rect in _find_targets(Path(root)).values()})


def without_boxes(root: str | Path) -> list[str]:
    """Names of the folders below `root` that hold frames and no ground truth, sorted."""
    annotated = set(list_folders(root))
    folders = (path for path in Path(root).iterdir() if path.is_dir())
    return sorted(
        path.name
        for path in folders
        if path.name not in annotated and (holds_pictures(path / "img") or holds_pictures(path))
    )


def _find_targets(root: Path) -> dict[str, Path]:
    """Target name -> ground truth file, for all folders below `root`."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    targets = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        rects = {
            match[1]: path
            for path in sorted(folder.iterdir())
            if (match := _RECT.fullmatch(path.name))
        }
        if folder.name == "Human4" and "2" in rects:
            rects = {"2": rects["2"]}  # the first of its two files is empty: it has one target
        if len(rects) == 1:
            targets[folder.name] = next(iter(rects.values()))
        else:
            targets |= {f"{folder.name}-{number or 0}": path for number, path in rects.items()}
    return targets


def _select(targets: Mapping[str, Path], names: Iterable[str], root: Path) -> dict[str, Path]:
    folders = {target: rect.parent.name for target, rect in targets.items()}
    return {target: targets[target] for target in select(folders, names, root)}


def _check_numbers(target: str, rect: Path) -> None:
    """A folder of several targets has a file for each: one that is missing would be left out."""
    if target in PAIRS:
        raise InputError(
            f"{rect.parent}: expected two targets, groundtruth_rect.1.txt and "
            f"groundtruth_rect.2.txt, found {rect.name}"
        )
    numbers = [match[1] for path in rect.parent.iterdir() if (match := _RECT.fullmatch(path.name))]
    there = {int(number) for number in numbers if number}
    missing = sorted(set(range(1, max(there, default=0))) - there)
    if missing and target != "Human4":
        raise InputError(
            f"{rect.parent}: expected a file for each target, groundtruth_rect.{missing[0]}.txt is "
            "missing"
        )


def _frames_of_boxes(rect: Path, boxes: int) -> tuple[Path, ...]:
    """The frame of each box, by its number."""
    folder = rect.parent
    frames = list_frames(folder / "img")
    first = FIRST_FRAME.get(folder.name, 1)
    # A folder that was cut to the annotated frames already, and renumbered, is right as it is.
    if len(frames) == boxes:
        check_first(folder / "img", frames, sorted({0, 1, first}))
        return tuple(frames)
    annotated = [path for path in frames if int(path.stem) >= first]
    begins = bool(annotated) and int(annotated[0].stem) == first
    whole = len(annotated) == boxes and folder.name in FIRST_FRAME
    if begins and (whole or BEYOND.get(folder.name) == boxes < len(annotated)):
        return tuple(annotated[:boxes])
    raise InputError(
        f"{rect}: expected a box for each frame from {first:04d} on, got {len(annotated)} frames "
        f"and {boxes} boxes"
    )


def read_annotations(directory: str | Path, *, allow_nan: bool = False) -> dict[str, np.ndarray]:
    """Read the boxes of all targets of a folder.

    The folder holds NAME.txt files (directly or in anno/), or is in OTB layout
    (NAME/groundtruth_rect*.txt); which of them is found out.

    Returns:
        target name -> boxes_ltwh (N, 4), 0-based, sorted by name.
    """
    directory = Path(directory)
    files = _find_targets(directory)
    if not files:
        inner = directory / "anno"
        files = text_files(inner if inner.is_dir() else directory)
    if not files:
        raise InputError(
            f"{directory}: expected NAME.txt files of boxes or NAME/groundtruth_rect.txt, "
            "found neither"
        )
    return {name: read_boxes(path, allow_nan=allow_nan) for name, path in files.items()}


def check_frames(directory: str | Path, truth: Mapping[str, np.ndarray]) -> None:
    """Where frames lie beside the annotations: an `InputError` if they are not one for each box.

    Args:
        truth: target -> boxes (N, 4), of those that count.
    """
    for target, rect in _find_targets(Path(directory)).items():
        if target in truth and (rect.parent / "img").is_dir():
            _check_numbers(target, rect)
            _frames_of_boxes(rect, len(truth[target]))


def write_sequence(
    root: str | Path,
    name: str,
    frames: Iterable[np.ndarray],
    boxes_ltwh: list[np.ndarray],
    *,
    quality: int = 90,
) -> None:
    """Write one folder in OTB layout.

    Args:
        frames: N images (H, W, 3) uint8 RGB.
        boxes_ltwh: one (N, 4) array per target, 0-based; several targets get
            groundtruth_rect.1.txt and so on, as in Jogging.
    """
    folder = Path(root) / folder_name(name, "name")
    count = write_frames(folder / "img", frames, pattern="%04d.jpg", first=1, quality=quality)
    if any(len(boxes) != count for boxes in boxes_ltwh):
        raise ValueError(
            f"{name}: {count} frames, but {[len(boxes) for boxes in boxes_ltwh]} boxes"
        )
    for number, boxes in enumerate(boxes_ltwh, start=1):
        middle = "" if len(boxes_ltwh) == 1 else f".{number}"
        write_boxes(folder / f"groundtruth_rect{middle}.txt", boxes)
