"""Boxes of a tracker against the ground truth of OTB, and of benchmarks that are scored like it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.otb import ATTRIBUTES
from chromatrack.data.otb_results import read_results, read_speed, run_name
from chromatrack.data.otb_starts import hidden_starts
from chromatrack.errors import InputError, some
from chromatrack.files import digest_arrays, digest_text, whole_file
from chromatrack.metrics import otb
from chromatrack.metrics.otb import Convention, as_tracked
from chromatrack.metrics.otb_protocols import SRE_STARTS, Protocol, tre_starts

LEFT_OUT = {"Tiger1": 5}
"""First frames that MATLAB's list leaves out, and with it published results: Tiger1 runs from
frame 6 there."""

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
    runs = []
    for target, boxes in _with_results(truth, found, results, subset, protocol).items():
        own, first = found[target], 0
        left_out = LEFT_OUT.get(target, 0)
        if left_out and 0 in own and len(own[0]) == len(boxes) - left_out:
            boxes, first = boxes[left_out:], left_out
        whole = len(boxes)
        boxes = boxes[:frames_limit]
        skip = left_out - first if convention == "matlab" else 0
        starts = _starts(target, boxes, own, protocol, results)
        # Where several runs of TRE end elsewhere, their rows belong to other starts than ours.
        ends = [start + len(own[number]) for number, start in starts]
        even = len(set(ends)) == 1 or sum(end != len(boxes) for end in ends) <= 1
        for number, start in starts:
            # Results of a whole sequence may be scored on its beginning; starts of TRE differ.
            rows = own[number]
            if protocol != "tre" and 0 <= whole - len(rows) <= SHORT:
                rows = rows[: len(boxes)]
            name = run_name(target, protocol, number)
            _check_length(Path(results), name, rows, boxes[start:], SHORT if even else 0)
            cut = min(max(0, skip - start), len(rows) - 1)
            expected = boxes[start + cut :]
            tracked = as_tracked(rows[cut:], expected, convention)
            expected = expected[: len(tracked)]
            counted = np.flatnonzero(~np.isnan(expected).any(axis=1))
            if not len(counted):
                raise InputError(f"{target}: expected a frame with an annotated target, got none")
            frames = first + start + cut + counted
            runs.append(Run(target, name, frames, tracked[counted], expected[counted]))
    return runs


def _files_of(protocol: Protocol) -> str:
    return "NAME.txt or .mat" if protocol == "ope" else f"NAME/{protocol}-00.txt and so on or .mat"


def _with_results(
    truth: Mapping[str, np.ndarray],
    found: Mapping,
    results: str | Path,
    subset: bool,
    protocol: Protocol,
) -> dict[str, np.ndarray]:
    missing = [name for name in truth if name not in found]
    kept = {name: expected for name, expected in truth.items() if name in found}
    if not kept:
        files = sorted(path.name for path in Path(results).iterdir())
        raise InputError(
            f"{results}: expected {_files_of(protocol)} of {some(list(truth))}, "
            f"found {some(files) or 'an empty folder'}"
        )
    if missing and not subset:
        raise InputError(
            f"{results}: results of {len(missing)} of {len(truth)} sequences are missing "
            f"({some(missing)}); --subset scores the others alone"
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


def evaluate_boxes(
    truth: Mapping[str, np.ndarray],
    results: str | Path,
    *,
    attributes: Mapping[str, tuple[str, ...]] | None = None,
    frames_limit: int | None = None,
    subset: bool = False,
    protocol: Protocol = "ope",
    convention: Convention = "got10k",
    per_frame: str | Path | None = None,
    tracker: str | None = None,
) -> dict[str, Any]:
    """Score a folder of results.

    Args:
        truth: target -> boxes_ltwh (N, 4), 0-based; frames with NaN leave the score.
        results: results as in `data.otb_results`; separators may vary, values may be nan.
        attributes: target -> its attributes; None: no scores per attribute.
        frames_limit: score only the first frames of each sequence.
        subset: score the targets that have results, instead of refusing when some have none.
        protocol: one pass, or the mean over the starts of TRE or SRE.
        convention: whose rules count where toolkits differ (docs/otb.md).
        per_frame: CSV file to write with overlap and errors of each frame.
        tracker: whose results, in a folder of several trackers'.

    Returns:
        success_auc, precision_20, normalized_precision_auc, the three curves, frames,
        frames_per_second (None where times were not kept), per_sequence, per_attribute,
        left_out_of_mean, overlaps of the frames of each run, runs (their names), and inputs:
        digests of what was scored.

    Raises:
        InputError: results are missing, or a result has not one box per annotated frame.
    """
    runs = read_runs(
        truth,
        results,
        protocol=protocol,
        convention=convention,
        frames_limit=frames_limit,
        subset=subset,
        tracker=tracker,
    )
    measured = [otb.measure(run.results, run.annotations, convention) for run in runs]
    if per_frame is not None:
        _write_frames(per_frame, runs, measured)
    scores, frames = score_runs(runs, measured, convention)
    names = [run.name for run in runs]
    return {
        **_report(scores, frames, attributes or {}, convention),
        "overlaps": {
            run.name: np.round(frames.overlap, 4).tolist()
            for run, frames in zip(runs, measured, strict=True)
        },
        "frames_per_second": read_speed(results, names),
        "runs": tuple(names),
        "inputs": {
            "runs": digest_text("\n".join(names)),
            "annotations": digest_arrays(run.annotations for run in runs),
            "results": digest_arrays(run.results for run in runs),
        },
    }


def score_runs(
    runs: Sequence[Run], measured: Sequence[otb.Frames], convention: Convention
) -> tuple[dict[str, otb.Score], dict[str, int]]:
    """Score and number of frames of each target, all its starts together."""
    scores, frames = {}, {}
    pairs = zip(runs, measured, strict=True)
    for target, own in groupby(pairs, key=lambda pair: pair[0].target):
        counts, starts = [], []
        for run, values in own:
            counts.append(len(run.annotations))
            starts.append(otb.score_frames(values, convention))
        scores[target] = otb.join_starts(starts, counts, convention) if starts[1:] else starts[0]
        frames[target] = sum(counts)
    return scores, frames


def complete_attributes(
    known: Mapping[str, tuple[str, ...]], targets: Iterable[str], where: str | Path
) -> Mapping[str, tuple[str, ...]]:
    """Attributes of all targets; one without would silently be missing from their means.

    Raises:
        InputError: names the first target without a vector.
    """
    targets = list(targets)
    missing = [target for target in targets if target not in known]
    if missing:
        raise InputError(
            f"{where}: expected an attribute vector for each target, {missing[0]}.txt is "
            f"missing ({len(missing)} of {len(targets)} are)"
        )
    return known


def _report(
    scores: Mapping[str, otb.Score],
    frames: Mapping[str, int],
    known: Mapping[str, tuple[str, ...]],
    convention: Convention,
) -> dict[str, Any]:
    total = otb.mean_score(scores.values(), convention)
    per_attribute = {}
    for attribute in ATTRIBUTES:
        marked = [scores[name] for name in scores if attribute in known.get(name, ())]
        if marked:
            mean = otb.mean_score(marked, convention)
            per_attribute[attribute] = {**_numbers(mean), "sequences": len(marked)}
    return {
        **_numbers(total),
        "frames": sum(frames.values()),
        "success_curve": total.success.tolist(),
        "precision_curve": total.precision.tolist(),
        "normalized_precision_curve": total.normalized.tolist(),
        "per_sequence": {
            name: {**_numbers(score), "frames": frames[name]} for name, score in scores.items()
        },
        "per_attribute": per_attribute,
        "left_out_of_mean": _left_out(scores) if convention == "matlab" else {},
    }


def _numbers(score: otb.Score) -> dict[str, float]:
    return {
        "success_auc": score.success_auc,
        "precision_20": score.precision_20,
        "normalized_precision_auc": score.normalized_precision_auc,
    }


def _left_out(scores: Mapping[str, otb.Score]) -> dict[str, list[str]]:
    """Targets whose curve is all zero, which MATLAB's mean passes over."""
    zero = {
        curve: [name for name, score in scores.items() if not getattr(score, curve).any()]
        for curve in otb.CURVES
    }
    return {curve: names for curve, names in zero.items() if names}


def _write_frames(path: str | Path, runs: Sequence[Run], measured: Sequence[otb.Frames]) -> None:
    """One line per frame: its index among the annotated ones (0-based), overlap and errors."""
    with whole_file(path) as part, open(part, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["run", "frame", "overlap", "center_error", "normalized_error"])
        for run, frames in zip(runs, measured, strict=True):
            columns = np.stack([frames.overlap, frames.error, frames.normalized], axis=1).tolist()
            for frame, values in zip(run.frames.tolist(), columns, strict=True):
                writer.writerow([run.name, frame, *(f"{value:.6f}" for value in values)])
