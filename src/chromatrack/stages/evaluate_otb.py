"""Score boxes of a tracker against the ground truth of OTB (thesis 5.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data import otb as data
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, digest_text, made_by, write_json
from chromatrack.metrics import otb

LEFT_OUT = {"Tiger1": 5}
"""First frames that published results may leave out: MATLAB's list runs Tiger1 from frame 6."""


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
) -> dict[str, Any]:
    """Score a folder of results and write the scores as JSON.

    Args:
        annotations: NAME.txt files of x,y,w,h (1-based), or a folder in OTB layout.
        results: NAME.txt files of x,y,w,h (1-based); separators may vary, values may be nan.
        output: JSON file to write; None only returns the scores.
        attributes: folder of attribute vectors; without it there are no scores per attribute.
        names: targets, or folders of several targets, to score; None: all annotated ones.
        tracker_name: recorded in the output.
        frames_limit: score only the first frames of each sequence.
        subset: score the targets that have results, instead of refusing when some have none.

    Returns:
        What the file holds: success_auc, precision_20, normalized_precision_auc, the three curves,
        targets, frames, per_sequence, per_attribute, the arguments above and made_by.

    Raises:
        InputError: results are missing, or a result has not one box per annotated frame.
    """
    truth = data.read_annotations(annotations)
    if names is not None:
        truth = _select(truth, names, annotations)
    boxes = data.read_annotations(results, allow_nan=True)
    truth = _with_results(truth, boxes, results, subset)
    scores, frames = {}, {}
    for name, expected in truth.items():
        found, expected = _align(name, boxes[name], expected, frames_limit, results)
        scores[name], frames[name] = otb.score_target(found, expected), len(expected)
    known = data.read_attributes(attributes) if attributes is not None else {}
    evaluation = _report(scores, frames, known)
    settings = {"tracker": tracker_name, "frames_limit": frames_limit, "subset": subset}
    evaluation |= settings
    evaluation["made_by"] = made_by("evaluate_otb", settings=settings)
    evaluation["made_by"]["inputs"] = {
        "annotations": _digest(truth),
        "results": _digest({name: boxes[name] for name in truth}),
    }
    if output is not None:
        write_json(output, evaluation)
    return evaluation


def _select(
    truth: Mapping[str, np.ndarray], names: Iterable[str], annotations: str | Path
) -> dict[str, np.ndarray]:
    """The named targets; "Jogging" stands for "Jogging-1" and "Jogging-2"."""
    chosen = {}
    for name in names:
        found = [key for key in truth if key == name or key.rpartition("-")[0] == name]
        if not found:
            raise InputError(f"{annotations}: expected boxes of {name!r}, found none")
        chosen |= {key: truth[key] for key in found}
    return dict(sorted(chosen.items()))


def _with_results(
    truth: Mapping[str, np.ndarray],
    boxes: Mapping[str, np.ndarray],
    results: str | Path,
    subset: bool,
) -> dict[str, np.ndarray]:
    missing = [name for name in truth if name not in boxes]
    if missing and not subset:
        raise InputError(
            f"{results}: results of {len(missing)} of {len(truth)} sequences are missing "
            f"({_some(missing)}); --subset scores the others alone"
        )
    kept = {name: expected for name, expected in truth.items() if name in boxes}
    if not kept:
        raise InputError(
            f"{results}: expected result files named like the sequences "
            f"({_some(list(truth))}), found {_some(list(boxes))}"
        )
    return kept


def _some(names: list[str], count: int = 8) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def _align(
    name: str,
    found: np.ndarray,
    expected: np.ndarray,
    frames_limit: int | None,
    results: str | Path,
) -> tuple[np.ndarray, np.ndarray]:
    """Both cut to the frames they share: by the limit, and by `LEFT_OUT`."""
    left_out = LEFT_OUT.get(name, 0)
    if left_out and len(found) == len(expected) - left_out:
        expected = expected[left_out:]
    if frames_limit is not None:
        expected = expected[:frames_limit]
        # Results of a whole sequence may be scored on its beginning.
        found = found[:frames_limit]
    if len(found) != len(expected):
        raise InputError(
            f"{Path(results) / name}.txt: expected {len(expected)} boxes, one for each annotated "
            f"frame, got {len(found)}"
        )
    if len(expected) == 0:
        raise InputError(f"{name}: expected at least one annotated frame, got none")
    return found, expected


def _report(
    scores: Mapping[str, otb.Score],
    frames: Mapping[str, int],
    known: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:
    total = otb.mean_score(scores.values())
    per_attribute = {}
    for attribute in data.ATTRIBUTES:
        marked = [scores[name] for name in scores if attribute in known.get(name, ())]
        if marked:
            per_attribute[attribute] = {
                **_numbers(otb.mean_score(marked)),
                "sequences": len(marked),
            }
    return {
        **_numbers(total),
        "normalized_precision_auc": total.normalized_precision_auc,
        "targets": len(scores),
        "frames": sum(frames.values()),
        "success_curve": total.success.tolist(),
        "precision_curve": total.precision.tolist(),
        "normalized_precision_curve": total.normalized.tolist(),
        "per_sequence": {
            name: {**_numbers(score), "frames": frames[name]} for name, score in scores.items()
        },
        "per_attribute": per_attribute,
    }


def _numbers(score: otb.Score) -> dict[str, float]:
    return {"success_auc": score.success_auc, "precision_20": score.precision_20}


def _digest(boxes: Mapping[str, np.ndarray]) -> str:
    """One digest of all the boxes that were read, whatever files they came in."""
    return digest_text(canonical_json({name: rows.tolist() for name, rows in boxes.items()}))
