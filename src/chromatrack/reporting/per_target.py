"""The scores of a run's trackers target by target, as arrays that statistics take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import InputError
from chromatrack.evaluation.measures import Measure
from chromatrack.evaluation.scores import own_measures, per_unit, unit_key
from chromatrack.reporting.manifest import Row
from chromatrack.reporting.scores import Reader, alpha_text, read_evaluation, sort_key
from chromatrack.settings.experiments import UNTRAINED

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


def read_scored(rows: Iterable[Row], read: Reader = read_evaluation) -> Scored:
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
    frames: dict[str, int] = {}
    for key, own in groups.items():
        columns, overlaps = [], []
        for row in own:
            scores = read(row.evaluation)
            each = _each_target(scores, row.evaluation)
            if about is None:
                about, targets = scores, tuple(sorted(each))
                measure = first_measure(scores, row.evaluation)
            if tuple(sorted(each)) != targets:
                raise InputError(f"{row.evaluation}: expected the targets of the other trackers")
            _check_alike(about, scores, row.evaluation)
            columns.append(_values(each, targets, measure, row))
            overlaps.append(_overlaps(scores, targets, frames, row))
        trackers[key] = PerTarget(
            tuple(row.seed for row in own), np.stack(columns, axis=1), tuple(overlaps)
        )
    return Scored(about, measure, targets, trackers)


SCORED_BY = ("benchmark", "protocol", "convention", "frames_limit")
"""What scores say of how they were counted; other trackers' have to be counted alike."""


def _check_alike(first: Mapping[str, Any], scores: Mapping[str, Any], path: Path) -> None:
    for key in SCORED_BY:
        if key in first and key in scores and first[key] != scores[key]:
            raise InputError(
                f"{path}: {key}: expected {first[key]!r} as of the other trackers, got "
                f"{scores[key]!r}"
            )
    truth = [annotations_of(one) for one in (first, scores)]
    if None not in truth and truth[0] != truth[1]:
        raise InputError(f"{path}: was scored on other annotations than the other trackers")


def annotations_of(scores: Mapping[str, Any]) -> str | None:
    """Digest of the true boxes, where it is told."""
    made_by = scores.get("made_by")
    inputs = made_by.get("inputs") if isinstance(made_by, dict) else None
    return inputs.get("annotations") if isinstance(inputs, dict) else None


def _each_target(scores: Mapping[str, Any], path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Target -> its measures; an `InputError` where they are not told."""
    found = per_unit(scores)
    usable = isinstance(found, dict) and all(isinstance(one, dict) for one in found.values())
    if not found or not usable:
        key = unit_key(scores["unit"])
        raise InputError(f"{path}: expected {key!r} as `chromatrack evaluate` writes it")
    return found


def first_measure(scores: Mapping[str, Any], path: Path) -> Measure:
    """The measure that is compared: the first of the benchmark's that each target has by itself.

    Args:
        path: of the scores.

    Raises:
        InputError: there is none.
    """
    _each_target(scores, path)
    found = own_measures(scores)
    if not found:
        raise InputError(f"{path}: expected a measure of each {scores['unit']}, found none")
    return found[0]


def _values(
    each: Mapping[str, Mapping[str, Any]], targets: tuple[str, ...], measure: Measure, row: Row
) -> np.ndarray:
    sign = -1.0 if measure.better == "lower" else 1.0
    found = [each[name].get(measure.key) for name in targets]
    for name, value in zip(targets, found, strict=True):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not np.isfinite(value):
            raise InputError(f"{row.evaluation}: {name}: expected a number as {measure.key!r}")
    return sign * np.array(found, dtype=np.float64)


def _overlaps(
    scores: Mapping[str, Any], targets: tuple[str, ...], frames: dict[str, int], row: Row
) -> tuple[np.ndarray, ...] | None:
    """(frames,) of each target, as many as in `frames`, which the first tracker fills."""
    told = scores.get("overlaps")
    if told is None:
        return None
    for name in targets:
        count = len(told[name]) if name in told else 0
        if count != frames.setdefault(name, count) or count == 0:
            raise InputError(
                f"{row.evaluation}: {name}: expected overlaps of {frames[name] or 'its'} frames, "
                f"got {count}"
            )
    return tuple(told[name] for name in targets)
