"""The scores of all trackers of a summary, joined over seeds where that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import InputError
from chromatrack.evaluation.measures import Measure, check_curve, is_number
from chromatrack.files import read_json
from chromatrack.reporting.manifest import BASELINE_LABEL, Row
from chromatrack.settings.experiments import BASELINE, CLASSICAL, OWN, UNTRAINED


@dataclass(frozen=True, eq=False)
class Mean:
    """Scores of one tracker, the mean over its seeds.

    Attributes:
        experiment: name of the experiment, "baseline", "classical" or "own".
        alpha: weight of the colorization branch, "learned", or None for the baseline.
        first: key of the measure that trackers are ranked by.
        values: key of a measure -> value; without those that cannot be told.
        curves: key of a curve -> as scores.json holds it, with the mean of the values.
        attributes: attribute -> first measure, where the attribute occurs.
        seeds: number of seeds.
        tracker: name of a tracker that is of no experiment; None for the others.
    """

    experiment: str
    alpha: float | str | None
    first: str
    values: Mapping[str, float]
    curves: Mapping[str, Mapping[str, Any]]
    attributes: Mapping[str, float]
    seeds: int
    tracker: str | None = None

    @property
    def score(self) -> float:
        """The measure that trackers are ranked by."""
        return self.values[self.first]

    @property
    def name(self) -> str:
        """Of the tracker whatever its alpha: "SiamFC (baseline)", "experiment 2", "kcf"."""
        if self.tracker is not None:
            return self.tracker
        return BASELINE_LABEL if self.experiment == BASELINE else f"experiment {self.experiment}"

    @property
    def label(self) -> str:
        """For legends and tables: the name of the tracker, or "α = 0.3"."""
        if self.tracker is not None:
            return self.tracker
        return BASELINE_LABEL if self.experiment == BASELINE else f"α = {alpha_text(self.alpha)}"


def alpha_text(alpha: float | str | None) -> str:
    """An alpha as people write it: 0.3, 1.0, learned; a dash for none."""
    if alpha is None:
        return "–"
    return alpha if isinstance(alpha, str) else str(float(alpha))


def read_evaluation(path: Path) -> dict[str, Any]:
    """A scores.json of `chromatrack evaluate`, checked as far as the report uses it.

    Its overlaps come as arrays: those of a run as lists of numbers would fill the memory.
    """
    evaluation = read_json(path)
    expected = {
        "measures": dict, "headline": list, "unit": str, "targets": int, "frames": int,
        "curves": dict, "per_attribute": dict, "remarks": dict,
    }  # fmt: skip
    for key, kind in expected.items():
        value = evaluation.get(key) if isinstance(evaluation, dict) else None
        if not isinstance(value, kind):
            raise InputError(f"{path}: expected {key!r} as `chromatrack evaluate` writes it")
    if not evaluation["measures"]:
        raise InputError(f"{path}: expected at least one of 'measures', found none")
    for key, told in evaluation["measures"].items():
        value = evaluation.get(key)
        known = key in evaluation and (value is None or is_number(value))
        if not known:
            raise InputError(f"{path}: expected a number as {key!r}")
        _said(f"{path}: measure {key!r:.60}", Measure.from_declared, told)
    for key in evaluation["headline"]:
        if not isinstance(key, str) or key not in evaluation["measures"]:
            raise InputError(f"{path}: headline: expected measures, got {key!r:.60}")
    for key, curve in evaluation["curves"].items():
        curve = curve if isinstance(curve, dict) else {}
        _said(f"{path}: curve {key!r:.60}", check_curve, curve, evaluation["measures"])
    for name, values in evaluation["per_attribute"].items():
        if not isinstance(values, dict) or not all(map(is_number, values.values())):
            raise InputError(f"{path}: per_attribute.{name:.60}: expected numbers of measures")
    if evaluation.get("overlaps") is not None:
        evaluation["overlaps"] = _arrays(evaluation["overlaps"], path)
    return evaluation


def _said(place: str, check: Callable[..., Any], *values: Any) -> None:
    try:
        check(*values)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def _arrays(overlaps: Any, path: Path) -> dict[str, np.ndarray]:
    try:
        found = {name: np.array(values, dtype=np.float64) for name, values in overlaps.items()}
        if not all(one.ndim == 1 and not np.isinf(one).any() for one in found.values()):
            raise ValueError
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: expected 'overlaps' with numbers of each target") from None
    return found


Reader = Callable[[Path], dict[str, Any]]
"""`read_evaluation`, or one that remembers what it has read."""


def sort_key(experiment: str, alpha: float | str | None) -> tuple:
    """Baseline, trackers of no experiment, then by experiment and alpha; "learned" comes last."""
    number = isinstance(alpha, float)
    return (
        {BASELINE: 0, CLASSICAL: 1, OWN: 2}.get(experiment, 3),
        (len(experiment), experiment) if experiment.isdecimal() else (99, experiment),
        alpha is not None,
        not number,
        alpha if number else 0.0,
    )


def mean_over_seeds(rows: Iterable[Row], read: Reader = read_evaluation) -> list[Mean]:
    """One entry per experiment and alpha, or other tracker, in the order of `sort_key`.

    Raises:
        InputError: seeds do not measure the same, or the first measure cannot be told.
    """
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in rows:
        name = row.tracker if row.experiment in UNTRAINED else None
        key = (row.experiment, row.alpha, name)
        evaluation = read(row.evaluation)
        first = next(iter(evaluation["measures"]))
        if evaluation[first] is None:
            raise InputError(f"{row.evaluation}: {first}: expected a number to rank trackers by")
        others = groups.setdefault(key, [])
        if others:
            _check_alike(row.evaluation, evaluation, others[0])
        others.append(evaluation)
    means = [_mean(*key, evaluations) for key, evaluations in groups.items()]
    return sorted(means, key=lambda mean: sort_key(mean.experiment, mean.alpha))


def _check_alike(path: Path, evaluation: Mapping[str, Any], first: Mapping[str, Any]) -> None:
    """An `InputError` where a seed does not measure what another one does."""
    for part in ("measures", "curves"):
        if list(evaluation[part]) != list(first[part]):
            raise InputError(
                f"{path}: {part}: expected {', '.join(first[part])} as of another seed, got "
                f"{', '.join(evaluation[part])}"
            )
    for key, curve in first["curves"].items():
        if evaluation["curves"][key]["thresholds"] != curve["thresholds"]:
            raise InputError(f"{path}: curve {key!r}: expected the thresholds of another seed")


def _mean(
    experiment: str,
    alpha: float | str | None,
    tracker: str | None,
    evaluations: list[dict[str, Any]],
) -> Mean:
    first = next(iter(evaluations[0]["measures"]))
    attributes = {
        name
        for evaluation in evaluations
        for name, numbers in evaluation["per_attribute"].items()
        if first in numbers
    }
    values = {
        key: [evaluation[key] for evaluation in evaluations] for key in evaluations[0]["measures"]
    }
    return Mean(
        experiment=experiment,
        alpha=alpha,
        first=first,
        values={key: float(np.mean(each)) for key, each in values.items() if None not in each},
        curves={
            key: {**curve, "values": _mean_of(evaluations, lambda one, key=key: one["curves"][key])}
            for key, curve in evaluations[0]["curves"].items()
        },
        attributes={
            name: float(
                np.mean(
                    [
                        evaluation["per_attribute"][name][first]
                        for evaluation in evaluations
                        if first in evaluation["per_attribute"].get(name, ())
                    ]
                )
            )
            for name in sorted(attributes)
        },
        seeds=len(evaluations),
        tracker=tracker,
    )


def _mean_of(evaluations: list[dict[str, Any]], curve_of: Callable) -> np.ndarray:
    return np.mean([curve_of(one)["values"] for one in evaluations], axis=0)


def seeds_told(means: Iterable[Mean]) -> str:
    """A sentence where trainings have not as many seeds as each other; their means are no pairs."""
    counts = {mean.name: mean.seeds for mean in means if mean.tracker is None}
    if len(set(counts.values())) < 2:
        return ""
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f" Means are over the seeds of each, which are not as many: {told}."


def one_of_each(means: Iterable[Mean], alphas: Mapping[str, float | str]) -> list[Mean]:
    """Each experiment at its alpha of `alphas`, else at its best one; all without an alpha."""
    known = list(means)
    at = {(mean.experiment, mean.alpha): mean for mean in known if mean.tracker is None}
    return [at.get((best.experiment, alphas.get(best.experiment)), best)
            for best in best_of_each(known)]  # fmt: skip


def best_of_each(means: Iterable[Mean]) -> list[Mean]:
    """The best alpha of each experiment by its score (thesis Table 5.7); all without an alpha."""
    best: dict[tuple, Mean] = {}
    for mean in means:
        key = mean.experiment, mean.tracker
        known = best.get(key)
        if known is None or mean.score > known.score:
            best[key] = mean
    return list(best.values())


def experiments_of(means: Iterable[Mean]) -> list[str]:
    """Names of the experiments, without what stands for trackers of none, in order."""
    names = dict.fromkeys(mean.experiment for mean in means)
    return [name for name in names if name not in (BASELINE, *UNTRAINED)]
