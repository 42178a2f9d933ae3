"""Folders of results on OTB, of any tracker.

    DIR/NAME.txt                            one pass (OPE): x,y,w,h of each frame, 1-based
    DIR/NAME/tre-00.txt ... tre-19.txt      from the start's first frame to the end (TRE)
    DIR/NAME/sre-00.txt ... sre-11.txt      the whole sequence, from another first box (SRE)
    DIR/times/NAME_time.txt, or ../times/   seconds of each frame, where they were kept

Starts are numbered in the order of `metrics.otb_protocols`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from chromatrack.data.otb import read_annotations, read_boxes, target_name
from chromatrack.data.text import read_rows
from chromatrack.errors import InputError
from chromatrack.metrics.otb_protocols import Protocol


def run_name(target: str, protocol: Protocol, number: int) -> str:
    """Name of the results of one start, without .txt: "Girl", "Girl/tre-07"."""
    return target if protocol == "ope" else f"{target}/{protocol}-{number:02d}"


def read_results(directory: str | Path, protocol: Protocol) -> dict[str, dict[int, np.ndarray]]:
    """Read results: target -> number of the start -> boxes_ltwh (N, 4), 0-based; NaN is allowed.

    Raises:
        InputError: there are none, or a file is broken.
    """
    directory = Path(directory)
    if protocol == "ope":
        boxes = read_annotations(directory, allow_nan=True)
        return {target: {0: rows} for target, rows in boxes.items()}
    if not directory.is_dir():
        raise InputError(f"{directory}: no such folder")
    pattern = re.compile(rf"{protocol}-(\d\d)\.txt")
    results: dict[str, dict[int, np.ndarray]] = {}
    for path in sorted(directory.glob(f"*/{protocol}-*.txt")):
        if match := pattern.fullmatch(path.name):
            starts = results.setdefault(target_name(path.parent.name), {})
            starts[int(match[1])] = read_boxes(path, allow_nan=True)
    if not results:
        raise InputError(f"{directory}: expected NAME/{protocol}-00.txt and so on, found none")
    return results


def read_speed(directory: str | Path, names: Iterable[str]) -> float | None:
    """Frames over time of the named runs; None unless the times of all of them were kept.

    Frames over time and not the mean of 1/t, as the got10k toolkit has it: fast frames would hide
    the slow ones.
    """
    frames = seconds = 0.0
    for name in names:
        path = times_file(Path(directory), name)
        if path is None:
            return None
        times = np.array(read_rows(path, columns=(1,))).reshape(-1)
        frames, seconds = frames + len(times), seconds + float(times.sum())
    return frames / seconds if seconds > 0 else None


def times_file(directory: Path, name: str) -> Path | None:
    """Where the seconds of the frames of one run are; None if they were not kept."""
    # Beside boxes/ of ours; the folder above another tracker's may hold anything.
    beside = [directory.parent / "times"] if directory.name == "boxes" else []
    for folder in (directory / "times", *beside):
        for file in (f"{name}_time.txt", f"{name}.txt"):
            if (folder / file).is_file():
                return folder / file
    return None
