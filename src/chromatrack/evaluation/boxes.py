"""Boxes of a tracker against the ground truth, scored as OTB scores them."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.otb_results import read_speed
from chromatrack.evaluation.runs import Run, read_runs
from chromatrack.files import digest_arrays, digest_text, whole_file
from chromatrack.metrics import otb
from chromatrack.metrics.otb import Convention
from chromatrack.metrics.otb_protocols import Protocol


def evaluate_boxes(
    truth: Mapping[str, np.ndarray],
    results: str | Path,
    *,
    groups: Mapping[str, Collection[str]] | None = None,
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
        groups: attribute -> the targets that have it; None: no scores per attribute.
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
        **_report(scores, frames, groups or {}, convention),
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


def _report(
    scores: Mapping[str, otb.Score],
    frames: Mapping[str, int],
    groups: Mapping[str, Collection[str]],
    convention: Convention,
) -> dict[str, Any]:
    total = otb.mean_score(scores.values(), convention)
    per_attribute = {}
    for attribute, members in groups.items():
        marked = [score for name, score in scores.items() if name in members]
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
