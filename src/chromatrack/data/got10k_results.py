"""Results on GOT-10k: what they are scored against, their layouts, and the server's archive.

    DIR/NAME/NAME_001.txt, NAME_002.txt, ...    x,y,w,h per frame, 1-based, a file per repetition
    DIR/NAME/NAME_time.txt                      seconds of each frame, a column per repetition

is what the got10k toolkit writes, and what the server takes as a zip file. Ours are read too:
DIR/NAME.txt, with the times in DIR/times/NAME_time.txt or beside DIR.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromatrack.data.frames import list_frames
from chromatrack.data.got10k import check_labels
from chromatrack.data.otb_results import times_file
from chromatrack.data.text import read_boxes_one_based, read_rows, read_text
from chromatrack.errors import InputError
from chromatrack.streams import whole_stream

_MOST_REPETITIONS = 100
"""Columns of times that are read: people run as often as they like."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Truth:
    """What one sequence is scored against.

    Attributes:
        boxes_ltwh: (N, 4), 0-based.
        cover: (N,) visible share of the target in eighths.
        image_wh: width and height of the frames in pixels.
    """

    boxes_ltwh: np.ndarray
    cover: np.ndarray
    image_wh: tuple[float, float]


def read_truth(folder: Path) -> Truth:
    """Read groundtruth.txt, cover.label and the resolution in meta_info.ini; needs no frames, but
    where there are any, there is one for each box."""
    boxes_ltwh = read_boxes_one_based(folder / "groundtruth.txt")
    cover = np.array(read_rows(folder / "cover.label", columns=(1,))).reshape(-1)
    if len(cover) != len(boxes_ltwh):
        raise InputError(
            f"{folder / 'cover.label'}: expected {len(boxes_ltwh)} lines, one per box, "
            f"got {len(cover)}"
        )
    check_labels(folder / "cover.label", cover)
    frames = len(list_frames(folder))
    if frames not in (0, len(boxes_ltwh)):
        raise InputError(
            f"{folder}: expected one box per frame, got {frames} frames and {len(boxes_ltwh)} boxes"
        )
    return Truth(boxes_ltwh, cover, _resolution(folder / "meta_info.ini"))


def _resolution(path: Path) -> tuple[float, float]:
    for line in read_text(path).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "resolution":
            match = re.fullmatch(r"\(([1-9]\d{0,5}), *([1-9]\d{0,5})\)", value.strip())
            if match:
                return float(match[1]), float(match[2])
            raise InputError(
                f"{path}: resolution: expected (width, height), got {value.strip()!r:.60}"
            )
    raise InputError(f"{path}: expected a line resolution: (width, height)")


def read_repetitions(directory: Path, name: str) -> list[np.ndarray]:
    """Boxes (N, 4), 0-based, of each repetition; none where there are no results."""
    files = sorted((directory / name).glob("*.txt"))
    files = [path for path in files if re.fullmatch(re.escape(name) + r"_\d+\.txt", path.name)]
    if not files and (directory / f"{name}.txt").is_file():
        files = [directory / f"{name}.txt"]
    return [read_boxes_one_based(path, allow_nan=True) for path in files]


def read_times(directory: Path, name: str) -> np.ndarray | None:
    """Seconds (N, repetitions) of each frame; None where they were not kept."""
    path = directory / name / f"{name}_time.txt"
    found = path if path.is_file() else times_file(directory, name)
    if found is None:
        return None
    rows = read_rows(found, columns=range(1, _MOST_REPETITIONS + 1))
    if not rows:
        raise InputError(f"{found}: expected seconds of each frame, the file is empty")
    for line, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]) or min(row) < 0:
            raise InputError(
                f"{found}: line {line}: expected seconds, 0 or more, of {len(rows[0])} "
                f"repetitions as in line 1, got {','.join(f'{value:g}' for value in row)}"
            )
    return np.array(rows, dtype=np.float64)


def write_archive(path: Path, sequences: Mapping[str, tuple[list[np.ndarray], np.ndarray]]) -> None:
    """Write the zip file that the GOT-10k server takes, with the toolkit's names and decimals.

    Args:
        sequences: name -> boxes (N, 4), 0-based, of each repetition, and times (N, repetitions).
    """
    with whole_stream(path) as sink, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (repetitions, times) in sorted(sequences.items()):
            for number, boxes_ltwh in enumerate(repetitions, start=1):
                boxes = boxes_ltwh + np.array([1.0, 1.0, 0.0, 0.0])
                _add(archive, f"{name}/{name}_{number:03d}.txt", boxes, "%.3f")
            _add(archive, f"{name}/{name}_time.txt", times, "%.8f")


def _add(archive: zipfile.ZipFile, name: str, rows: np.ndarray, form: str) -> None:
    text = "".join(",".join(form % value for value in row) + "\n" for row in rows.tolist())
    # A fixed time: the same boxes give the same archive.
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, text)
