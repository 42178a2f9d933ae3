"""Results of a tracker as runs that can be scored: boxes beside the boxes that count."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromatrack.data.otb_results import Runs, read_results, run_name
from chromatrack.data.otb_starts import LEFT_OUT, hidden_starts
from chromatrack.errors import InputError, some
from chromatrack.evaluation.selecting import with_results
from chromatrack.metrics.otb import Convention, as_tracked
from chromatrack.metrics.otb_protocols import SRE_STARTS, Protocol, tre_starts

SHORT = 1
"""Rows that a result may be short of, with a warning: MDNet's of Board and Twinnings are."""


@dataclass(frozen=True)
class Run:
    """One start of one target.

    Attributes:
        target: "Girl", "Jogging-1".
        name: "Girl", or "Girl/tre-07".
        frames: (N,) indices of its frames among the annotated ones; those that count.
        results: (N, 4) boxes_ltwh, 0-based, as the convention takes them.
        annotations: (N, 4) boxes_ltwh.
    """

    target: str
    name: str
    frames: np.ndarray
    results: np.ndarray
    annotations: np.ndarray


def read_runs(
    truth: Mapping[str, np.ndarray],
    results: str | Path,
    *,
    protocol: Protocol = "ope",
    convention: Convention = "got10k",
    frames_limit: int | None = None,
    subset: bool = False,
    tracker: str | None = None,
) -> list[Run]:
    """All runs of the targets that are asked for, in their order.

    Args:
        truth: target -> boxes_ltwh (N, 4), 0-based; frames with NaN leave the score.
        tracker: whose results, in a folder of several trackers'.

    Raises:
        InputError: results are missing, or a result has not one box per annotated frame.
    """
    found = read_results(results, protocol, truth, tracker=tracker)
    found = with_results(
        {target: found.get(target) for target in truth},
        Path(results),
        subset=subset,
        expected=_files_of(protocol),
    )
    reader = _Reader(Path(results), protocol, convention, frames_limit)
    return [run for target, own in found.items() for run in reader.runs(target, truth[target], own)]


def _files_of(protocol: Protocol) -> str:
    return "NAME.txt or .mat" if protocol == "ope" else f"NAME/{protocol}-00.txt and so on or .mat"


@dataclass(frozen=True)
class _Reader:
    """What `read_runs` was asked for."""

    results: Path
    protocol: Protocol
    convention: Convention
    frames_limit: int | None

    def runs(self, target: str, boxes: np.ndarray, own: Runs) -> Iterator[Run]:
        """The runs of one target: annotated boxes (N, 4), and its results."""
        left_out, first = LEFT_OUT.get(target, 0), 0
        if left_out and 0 in own and len(own[0]) == len(boxes) - left_out:
            boxes, first = boxes[left_out:], left_out
        whole = len(boxes)
        boxes = boxes[: self.frames_limit]
        skip = left_out - first if self.convention == "matlab" else 0
        starts = _starts(target, boxes, own, self.protocol, self.results)
        # Where several runs of TRE end elsewhere, their rows belong to other starts than ours.
        ends = [start + len(own[number]) for number, start in starts]
        even = len(set(ends)) == 1 or sum(end != len(boxes) for end in ends) <= 1
        for number, start in starts:
            # Results of a whole sequence may be scored on its beginning; starts of TRE differ.
            rows = own[number]
            if self.protocol != "tre" and 0 <= whole - len(rows) <= SHORT:
                rows = rows[: len(boxes)]
            name = run_name(target, self.protocol, number)
            _check_length(self.results, name, rows, boxes[start:], SHORT if even else 0)
            cut = min(max(0, skip - start), len(rows) - 1)
            begin = start + cut
            yield self._run(target, name, rows[cut:], boxes[begin:], first + begin)

    def _run(self, target: str, name: str, rows: np.ndarray, boxes: np.ndarray, first: int) -> Run:
        """Rows and boxes as the convention takes them, in the frames that count.

        Args:
            first: index of the first of them among the annotated frames.
        """
        tracked = as_tracked(rows, boxes, self.convention)
        expected = boxes[: len(tracked)]
        counted = np.flatnonzero(~np.isnan(expected).any(axis=1))
        if not len(counted):
            raise InputError(f"{target}: expected a frame with an annotated target, got none")
        return Run(target, name, first + counted, tracked[counted], expected[counted])


def _starts(
    target: str,
    boxes: np.ndarray,
    own: Mapping[int, np.ndarray],
    protocol: Protocol,
    results: Path,
) -> list[tuple[int, int]]:
    """Number and first frame of each start; a start without results is an error, never left out."""
    if len(boxes) == 0:
        raise InputError(f"{target}: expected at least one annotated frame, got none")
    if protocol == "tre":
        frames = tre_starts(boxes, hidden_starts(target, len(boxes)))
    else:
        frames = [0] * (SRE_STARTS if protocol == "sre" else 1)
    missing = [run_name(target, protocol, n) for n in range(len(frames)) if n not in own]
    if missing:
        raise InputError(f"{results}: {some(missing)} missing, of {len(frames)} starts")
    surplus = [run_name(target, protocol, n) for n in own if n >= len(frames)]
    if surplus:
        raise InputError(
            f"{results}: expected {len(frames)} starts of {target}, got {some(surplus)} as well"
        )
    return list(enumerate(frames))


def _check_length(
    results: Path, name: str, rows: np.ndarray, expected: np.ndarray, allowed: int
) -> None:
    """One row short is said; more than one, or one too many, is an error."""
    short = len(expected) - len(rows)
    if short == 0:
        return
    file = results / f"{name}.txt"
    where = file if file.is_file() else results / name
    if not 0 < short <= allowed or len(rows) < 2:
        raise InputError(
            f"{where}: expected {len(expected)} boxes, one for each annotated frame, "
            f"got {len(rows)}"
        )
    print(
        f"{where}: warning: {len(rows)} boxes for {len(expected)} annotated frames; scored by the "
        "convention's own rule",
        file=sys.stderr,
    )
