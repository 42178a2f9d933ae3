"""Results of trackers on OTB as MATLAB files, which is what the big published archives hold.

A file holds `results`: a cell of one structure (one pass), of 20 (TRE) or of 12 (SRE), each with
`res` (a row x,y,w,h per frame, 1-based), `type`, `startFrame` and `len`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.mat5 import read_variable
from chromatrack.errors import InputError


def read_mat_results(path: Path) -> list[tuple[int, np.ndarray]]:
    """The runs of a file.

    Returns:
        for each run the number of its first frame, from 1 as MATLAB counts, and boxes_ltwh (N, 4),
        0-based.

    Raises:
        InputError: it is no such file, or its boxes are no rectangles.
    """
    found = read_variable(path, "results")
    found = found if isinstance(found, list) else [found]
    if not found or not all(isinstance(one, dict) and "res" in one for one in found):
        raise InputError(f"{path}: expected structures with the field res in results")
    return [_run(f"{path}: run {number}", one) for number, one in enumerate(found, start=1)]


def _run(where: str, one: dict[str, Any]) -> tuple[int, np.ndarray]:
    kind = one.get("type", "rect")
    if kind != "rect":
        raise InputError(f"{where}: expected boxes (type rect), got type {kind!r:.40}")
    rows = one["res"]
    if not isinstance(rows, np.ndarray) or rows.shape[1:] != (4,) or not len(rows):
        raise InputError(f"{where}: expected rows of four numbers in its field res")
    rows = rows.astype(np.float64)
    if np.isinf(rows).any():
        raise InputError(f"{where}: expected finite boxes in its field res")
    start = np.asarray(one.get("startFrame", 1))
    if start.dtype.kind not in "iuf" or start.size != 1 or not 1 <= start.item() < 1e9:
        raise InputError(f"{where}: expected the number of a frame in its field startFrame")
    return int(start.item()), rows - np.array([1.0, 1.0, 0.0, 0.0])
