"""The OTB scores of all trackers of a manifest, joined over seeds where that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.reporting.manifest import BASELINE, CLASSICAL, Row


@dataclass(frozen=True, eq=False)
class Mean:
    """Scores of one tracker, the mean over its seeds.

    Attributes:
        experiment: name of the experiment, "baseline" or "classical".
        alpha: weight of the colorization branch, "learned", or None for the baseline.
        success: (21,) success curve.
        precision: (51,) precision curve.
        attributes: attribute -> success AUC, where the attribute occurs.
        seeds: number of seeds.
        tracker: name of a classical tracker; None for the others.
    """

    experiment: str
    alpha: float | str | None
    success: np.ndarray
    precision: np.ndarray
    attributes: Mapping[str, float]
    seeds: int
    tracker: str | None = None

    @property
    def success_auc(self) -> float:
        return float(np.mean(self.success))

    @property
    def precision_20(self) -> float:
        return float(self.precision[20])

    @property
    def label(self) -> str:
        """For legends and tables: "SiamFC", "α = 0.3", or the name of a classical tracker."""
        if self.tracker is not None:
            return self.tracker
        return "SiamFC" if self.experiment == BASELINE else f"α = {alpha_text(self.alpha)}"


def alpha_text(alpha: float | str | None) -> str:
    """An alpha as people write it: 0.3, 1.0, learned; a dash for none."""
    if alpha is None:
        return "–"
    return alpha if isinstance(alpha, str) else str(float(alpha))


def read_evaluation(path: Path) -> dict[str, Any]:
    """A JSON of `chromatrack evaluate otb`, checked as far as the report uses it."""
    evaluation = read_json(path)
    expected = {
        "success_auc": float, "precision_20": float, "targets": int, "frames": int,
        "success_curve": list, "precision_curve": list, "per_attribute": dict,
    }  # fmt: skip
    for key, kind in expected.items():
        value = evaluation.get(key) if isinstance(evaluation, dict) else None
        # A score of exactly 0 or 1 may stand in a file as a whole number.
        if not isinstance(value, (int, float) if kind is float else kind):
            raise InputError(f"{path}: expected {key!r} as `chromatrack evaluate otb` writes it")
    if len(evaluation["success_curve"]) != 21 or len(evaluation["precision_curve"]) != 51:
        raise InputError(f"{path}: expected curves of 21 and 51 values")
    return evaluation


def sort_key(experiment: str, alpha: float | str | None) -> tuple:
    """Baseline, classical trackers, then by experiment and alpha; "learned" after the numbers."""
    number = isinstance(alpha, float)
    return (
        {BASELINE: 0, CLASSICAL: 1}.get(experiment, 2),
        (len(experiment), experiment) if experiment.isdecimal() else (99, experiment),
        alpha is not None,
        not number,
        alpha if number else 0.0,
    )


def mean_over_seeds(rows: Iterable[Row]) -> list[Mean]:
    """One entry per experiment and alpha, or classical tracker, in the order of `sort_key`."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in rows:
        name = row.tracker if row.experiment == CLASSICAL else None
        key = (row.experiment, row.alpha, name)
        groups.setdefault(key, []).append(read_evaluation(row.evaluation))
    means = [_mean(*key, evaluations) for key, evaluations in groups.items()]
    return sorted(means, key=lambda mean: sort_key(mean.experiment, mean.alpha))


def _mean(
    experiment: str,
    alpha: float | str | None,
    tracker: str | None,
    evaluations: list[dict[str, Any]],
) -> Mean:
    attributes = {name for evaluation in evaluations for name in evaluation["per_attribute"]}
    return Mean(
        experiment=experiment,
        alpha=alpha,
        success=np.mean([evaluation["success_curve"] for evaluation in evaluations], axis=0),
        precision=np.mean([evaluation["precision_curve"] for evaluation in evaluations], axis=0),
        attributes={
            name: float(
                np.mean(
                    [
                        evaluation["per_attribute"][name]["success_auc"]
                        for evaluation in evaluations
                        if name in evaluation["per_attribute"]
                    ]
                )
            )
            for name in sorted(attributes)
        },
        seeds=len(evaluations),
        tracker=tracker,
    )


def best_of_each(means: Iterable[Mean]) -> list[Mean]:
    """The best alpha of each experiment by success AUC (thesis Table 5.7); all without an alpha."""
    best: dict[tuple, Mean] = {}
    for mean in means:
        key = mean.experiment, mean.tracker
        known = best.get(key)
        if known is None or mean.success_auc > known.success_auc:
            best[key] = mean
    return list(best.values())


def experiments_of(means: Iterable[Mean]) -> list[str]:
    """Names of the experiments without the baseline and the classical trackers, in order."""
    names = dict.fromkeys(mean.experiment for mean in means)
    return [name for name in names if name not in (BASELINE, CLASSICAL)]
