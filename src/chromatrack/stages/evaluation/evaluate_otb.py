"""Score boxes of a tracker against the ground truth of OTB (thesis 5.2.1)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data import otb as data
from chromatrack.data.otb_results import read_speed
from chromatrack.errors import InputError
from chromatrack.files import digest_arrays, digest_text, made_by, whole_file, write_json
from chromatrack.metrics import otb
from chromatrack.metrics.otb_protocols import Protocol
from chromatrack.stages.evaluation.otb_runs import Run, read_runs
from chromatrack.stages.evaluation.tracks import check_one_run


def evaluate_otb(
    annotations: str | Path,
    results: str | Path,
    output: str | Path | None = None,
    *,
    attributes: str | Path | None = None,
    names: Iterable[str] | None = None,
    tracker_name: str | None = None,
    frames_limit: int | None = None,
    subset: bool = False,
    protocol: Protocol = "ope",
    convention: otb.Convention = "got10k",
    per_frame: str | Path | None = None,
) -> dict[str, Any]:
    """Score a folder of results and write the scores as JSON.

    Args:
        annotations: NAME.txt files of x,y,w,h (1-based), or a folder in OTB layout.
        results: results as in `data.otb_results`; separators may vary, values may be nan.
        output: JSON file to write; None only returns the scores.
        attributes: folder of attribute vectors; without it there are no scores per attribute.
        names: targets, or folders of several targets, to score; None: all annotated ones.
        tracker_name: recorded in the output.
        frames_limit: score only the first frames of each sequence.
        subset: score the targets that have results, instead of refusing when some have none.
        protocol: one pass, or the mean over the starts of TRE or SRE.
        convention: whose rules count where toolkits differ (docs/otb.md).
        per_frame: CSV file to write with overlap and errors of each frame.

    Returns:
        What the file holds: success_auc, precision_20, normalized_precision_auc, the three curves,
        targets, frames, frames_per_second (None where times were not kept), per_sequence,
        per_attribute, left_out_of_mean, the arguments above and made_by.

    Raises:
        InputError: results are missing, or a result has not one box per annotated frame.
    """
    runs = read_runs(
        annotations,
        results,
        protocol=protocol,
        convention=convention,
        names=names,
        frames_limit=frames_limit,
        subset=subset,
    )
    check_one_run(Path(results), [run.name for run in runs])
    measured = [otb.measure(run.results, run.annotations, convention) for run in runs]
    if per_frame is not None:
        _write_frames(per_frame, runs, measured)
    scores, frames = score_runs(runs, measured, convention)
    known = {} if attributes is None else _attributes(attributes, scores)
    evaluation = _report(scores, frames, known, convention)
    evaluation["frames_per_second"] = read_speed(results, [run.name for run in runs])
    settings = {
        "tracker": tracker_name,
        "frames_limit": frames_limit,
        "subset": subset,
        "protocol": protocol,
        "convention": convention,
    }
    evaluation |= settings
    evaluation["made_by"] = made_by("evaluate_otb", settings=settings)
    evaluation["made_by"]["inputs"] = {
        "runs": digest_text("\n".join(run.name for run in runs)),
        "annotations": digest_arrays(run.annotations for run in runs),
        "results": digest_arrays(run.results for run in runs),
    }
    if output is not None:
        write_json(output, evaluation)
    return evaluation


def score_runs(
    runs: Sequence[Run], measured: Sequence[otb.Frames], convention: otb.Convention
) -> tuple[dict[str, otb.Score], dict[str, int]]:
    """Score and number of frames of each target, all its starts together."""
    scores, frames = {}, {}
    pairs = zip(runs, measured, strict=True)
    for target, own in groupby(pairs, key=lambda pair: pair[0].target):
        counts, starts = [], []
        for run, values in own:
            counts.append(len(run.annotations))
            starts.append(otb.score_frames(values))
        scores[target] = otb.join_starts(starts, counts, convention) if starts[1:] else starts[0]
        frames[target] = sum(counts)
    return scores, frames


def _attributes(directory: str | Path, targets: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Attributes of all targets; one without would silently be missing from their means."""
    known = data.read_attributes(directory)
    missing = [target for target in targets if target not in known]
    if missing:
        raise InputError(
            f"{directory}: expected an attribute vector for each target, {missing[0]}.txt is "
            f"missing ({len(missing)} of {len(list(targets))} are)"
        )
    return known


def _report(
    scores: Mapping[str, otb.Score],
    frames: Mapping[str, int],
    known: Mapping[str, tuple[str, ...]],
    convention: otb.Convention,
) -> dict[str, Any]:
    total = otb.mean_score(scores.values(), convention)
    per_attribute = {}
    for attribute in data.ATTRIBUTES:
        marked = [scores[name] for name in scores if attribute in known.get(name, ())]
        if marked:
            mean = otb.mean_score(marked, convention)
            per_attribute[attribute] = {**_numbers(mean), "sequences": len(marked)}
    return {
        **_numbers(total),
        "targets": len(scores),
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
            for frame, values in enumerate(columns, start=run.first):
                writer.writerow([run.name, frame, *(f"{value:.6f}" for value in values)])
