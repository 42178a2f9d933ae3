"""Which boxes are compared with which: results and ground truth of every start of every target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromatrack.data import otb as data
from chromatrack.data.otb_results import read_results, run_name
from chromatrack.errors import InputError
from chromatrack.metrics.otb import Convention, as_tracked
from chromatrack.metrics.otb_protocols import SRE_STARTS, Protocol, tre_starts

LEFT_OUT = {"Tiger1": 5}
"""First frames that MATLAB's list leaves out, and with it published results: Tiger1 runs from
frame 6 there."""


@dataclass(frozen=True)
class Run:
    """One start of one target.

    Attributes:
        target: "Girl", "Jogging-1".
        name: "Girl", or "Girl/tre-07".
        first: index of its first frame among the annotated ones.
        results: (N, 4) boxes_ltwh, 0-based, as the convention takes them.
        annotations: (N, 4) boxes_ltwh.
    """

    target: str
    name: str
    first: int
    results: np.ndarray
    annotations: np.ndarray


def read_runs(
    annotations: str | Path,
    results: str | Path,
    *,
    protocol: Protocol,
    convention: Convention,
    names: Iterable[str] | None,
    frames_limit: int | None,
    subset: bool,
) -> list[Run]:
    """All runs of the targets that are asked for, sorted by name.

    Raises:
        InputError: results are missing, or a result has not one box per annotated frame.
    """
    truth = data.read_annotations(annotations)
    if names is not None:
        folders = {key: key.rpartition("-")[0] or key for key in truth}
        chosen = data.select(folders, names, annotations, subset=subset)
        truth = {target: truth[target] for target in sorted(chosen)}
    found = read_results(results, protocol)
    truth = _with_results(truth, found, results, subset)
    runs = []
    for target, boxes in truth.items():
        own, first = found[target], 0
        left_out = LEFT_OUT.get(target, 0)
        if left_out and 0 in own and len(own[0]) == len(boxes) - left_out:
            boxes, first = boxes[left_out:], left_out
        whole = len(boxes)
        boxes = boxes[:frames_limit]
        skip = left_out - first if convention == "matlab" else 0
        for number, start in _starts(target, boxes, own, protocol, results):
            # Results of a whole sequence may be scored on its beginning.
            rows = own[number]
            if len(rows) == whole and protocol != "tre":  # whose starts would be others
                rows = rows[: len(boxes)]
            name = run_name(target, protocol, number)
            _check_length(Path(results) / f"{name}.txt", rows, boxes[start:])
            cut = min(max(0, skip - start), len(rows) - 1)
            expected = boxes[start + cut :]
            tracked = as_tracked(rows[cut:], expected, convention)
            runs.append(Run(target, name, first + start + cut, tracked, expected))
    return runs


def _with_results(
    truth: Mapping[str, np.ndarray], found: Mapping, results: str | Path, subset: bool
) -> dict[str, np.ndarray]:
    missing = [name for name in truth if name not in found]
    if missing and not subset:
        raise InputError(
            f"{results}: results of {len(missing)} of {len(truth)} sequences are missing "
            f"({_some(missing)}); --subset scores the others alone"
        )
    kept = {name: expected for name, expected in truth.items() if name in found}
    if not kept:
        raise InputError(
            f"{results}: expected result files named like the sequences "
            f"({_some(list(truth))}), found {_some(list(found))}"
        )
    return kept


def _starts(
    target: str,
    boxes: np.ndarray,
    own: Mapping[int, np.ndarray],
    protocol: Protocol,
    results: str | Path,
) -> list[tuple[int, int]]:
    """Number and first frame of each start; a start without results is an error, never left out."""
    if len(boxes) == 0:
        raise InputError(f"{target}: expected at least one annotated frame, got none")
    frames = {"ope": [0], "sre": [0] * SRE_STARTS}.get(protocol) or tre_starts(boxes)
    missing = [run_name(target, protocol, n) for n in range(len(frames)) if n not in own]
    if missing:
        raise InputError(f"{results}: {_some(missing)} missing, of {len(frames)} starts")
    surplus = [run_name(target, protocol, n) for n in own if n >= len(frames)]
    if surplus:
        raise InputError(
            f"{results}: expected {len(frames)} starts of {target}, got {_some(surplus)} as well"
        )
    return list(enumerate(frames))


def _check_length(path: Path, rows: np.ndarray, expected: np.ndarray) -> None:
    if len(rows) != len(expected):
        raise InputError(
            f"{path}: expected {len(expected)} boxes, one for each annotated frame, got {len(rows)}"
        )


def _some(names: list[str], count: int = 8) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more
