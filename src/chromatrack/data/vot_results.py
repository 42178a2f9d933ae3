"""Results of the supervised experiment of VOT, as vot-toolkit writes them.

One row per frame: a region (x,y,width,height or a polygon, in pixels), or one number: 0 for no
tracker, 1 for a start on the ground truth, 2 for a failure.

    DIR/NAME.txt                              ours
    DIR/NAME/NAME_001.txt, NAME_002.txt, ...  the toolkit's, a file per repetition
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Rows
from pathlib import Path

import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.data.text import read_rows
from chromatrack.data.vot import frame_size, regions
from chromatrack.errors import InputError
from chromatrack.files import write_text
from chromatrack.metrics.regions import region_overlap
from chromatrack.metrics.vot import FAILED, INITIALIZED, SKIPPED, TRACKED

_CODES = {SKIPPED: "0", INITIALIZED: "1", FAILED: "2"}
_STATES = {0: SKIPPED, 1: INITIALIZED, 2: FAILED}

Trajectory = Rows[np.ndarray]
"""A region (4 or 8 numbers) or a code (1 number) per frame."""


def write_trajectory(path: Path, states: np.ndarray, boxes_ltwh: np.ndarray) -> None:
    """Write one run; boxes lose no digit, so that what is scored later is what was tracked.

    Args:
        states: (N,) as `metrics/vot.py` defines them.
        boxes_ltwh: (N, 4), looked at where a region was tracked.
    """
    lines = [
        _CODES.get(int(state)) or ",".join(repr(float(value)) for value in box)
        for state, box in zip(states, boxes_ltwh, strict=True)
    ]
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_trajectories(directory: Path, name: str) -> list[list[np.ndarray]]:
    """The repetitions of one sequence, oldest first; none where there are no results."""
    files = sorted(
        path
        for path in (directory / name).glob("*.txt")
        if re.fullmatch(re.escape(name) + r"_\d{3}\.txt", path.name)
    )
    single = directory / f"{name}.txt"
    if not files and single.is_file():
        files = [single]
    return [[np.array(row) for row in read_rows(path, columns=(1, 4, 8))] for path in files]


def measure_trajectory(
    trajectory: Trajectory, sequence: Sequence, where: str | Path
) -> tuple[np.ndarray, np.ndarray]:
    """Overlaps (N,) and states (N,) of one run of a sequence.

    Raises:
        InputError: not one row per frame, a code that nobody knows, or no start.
    """
    if len(trajectory) != len(sequence):
        raise InputError(
            f"{where}: {sequence.name}: expected {len(sequence)} rows, one per frame, "
            f"got {len(trajectory)}"
        )
    truth, size = regions(sequence), frame_size(sequence)
    overlaps, states = np.zeros(len(sequence)), np.full(len(sequence), TRACKED)
    for index, region in enumerate(trajectory):
        if len(region) > 1:
            overlaps[index] = region_overlap(region, truth[index], size)
        elif region[0] in _STATES:
            states[index] = _STATES[region[0]]
        else:
            raise InputError(
                f"{where}: {sequence.name}: frame {index + 1}: expected a region, or 0, 1 or 2, "
                f"got {region[0]:g}"
            )
    if INITIALIZED not in states:
        raise InputError(
            f"{where}: {sequence.name}: expected a start (a row of 1 alone), as runs that are "
            "started again have them, found none"
        )
    overlaps[states == INITIALIZED] = 1.0
    return overlaps, states
