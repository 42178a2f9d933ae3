"""The scores of a run's trackers target by target, as arrays that statistics take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chromatrack.errors import InputError
from chromatrack.evaluation.measures import Measure
from chromatrack.reporting.manifest import UNTRAINED, Row
from chromatrack.reporting.scores import alpha_text, read_evaluation, sort_key

Key = tuple[str, float | str | None, str | None]
"""Experiment, alpha, and the name of a tracker that is of no experiment."""


@dataclass(frozen=True, eq=False)
class PerTarget:
    """One tracker, over its seeds.

    Attributes:
        seeds: of its trainings; (None,) for a tracker of no experiment.
        values: (targets, seeds), positive being better.
        overlaps: of each seed, (frames,) of each target, where the benchmark tells them.
    """

    seeds: tuple[int | None, ...]
    values: np.ndarray
    overlaps: tuple[tuple[np.ndarray, ...] | None, ...] = ()

    def of(self, seeds: Iterable[int | None]) -> np.ndarray:
        """(targets, seeds) for some of its seeds."""
        return self.values[:, [self.seeds.index(seed) for seed in seeds]]


@dataclass(frozen=True, eq=False)
class Scored:
    """All trackers of a run on one benchmark.

    Attributes:
        about: what the first scores.json says of the benchmark.
        measure: that is compared.
        targets: names, in the order of the values.
        trackers: in the order of tables.
    """

    about: Mapping[str, Any]
    measure: Measure
    targets: tuple[str, ...]
    trackers: Mapping[Key, PerTarget]


def key_of(row: Row) -> Key:
    """What the seeds of a row share."""
    return row.experiment, row.alpha, row.tracker if row.experiment in UNTRAINED else None


def read_scored(rows: Iterable[Row]) -> Scored:
    """Read scores.json of each row; at least one.

    Raises:
        InputError: they are not about the same targets, or have no measure of their own.
    """
    groups: dict[Key, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (*sort_key(row.experiment, row.alpha), row.seed or 0)):
        own = groups.setdefault(key_of(row), [])
        if row.seed in [other.seed for other in own]:
            trained = f"experiment {row.experiment!r}, alpha {alpha_text(row.alpha)}, "
            what = trained + f"seed {row.seed}" if row.seed is not None else repr(row.tracker)
            raise InputError(f"rows: {what} is listed twice")
        own.append(row)
    about, measure, targets, trackers = None, None, None, {}
    for key, own in groups.items():
        columns, overlaps = [], []
        for row in own:
            scores = read_evaluation(row.evaluation)
            per_unit = scores[f"per_{scores['unit']}"]
            if about is None:
                about, targets = scores, tuple(sorted(per_unit))
                measure = _first_measure(scores, row)
            if tuple(sorted(per_unit)) != targets:
                raise InputError(f"{row.evaluation}: expected the targets of the other trackers")
            columns.append(_values(per_unit, targets, measure, row))
            told = scores.get("overlaps")
            overlaps.append(told and tuple(np.array(told[name]) for name in targets))
        trackers[key] = PerTarget(
            tuple(row.seed for row in own), np.stack(columns, axis=1), tuple(overlaps)
        )
    return Scored(about, measure, targets, trackers)


def _first_measure(scores: Mapping[str, Any], row: Row) -> Measure:
    """The first of the benchmark's that each target has by itself."""
    some = next(iter(scores[f"per_{scores['unit']}"].values()))
    for key, told in scores["measures"].items():
        if key in some:
            return Measure.from_declared({k: v for k, v in told.items() if k != "value"})
    raise InputError(f"{row.evaluation}: expected a measure of each {scores['unit']}, found none")


def _values(
    per_unit: Mapping[str, Mapping[str, Any]], targets: tuple[str, ...], measure: Measure, row: Row
) -> np.ndarray:
    sign = -1.0 if measure.better == "lower" else 1.0
    found = [per_unit[name].get(measure.key) for name in targets]
    for name, value in zip(targets, found, strict=True):
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise InputError(f"{row.evaluation}: {name}: expected a number as {measure.key!r}")
    return sign * np.array(found, dtype=np.float64)
