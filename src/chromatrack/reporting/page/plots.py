"""The data of the plots of a page: curves, gain over alpha, attributes, learning, centroids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chromatrack import published
from chromatrack.reporting.learning import grouped, read_curve
from chromatrack.reporting.manifest import Manifest
from chromatrack.reporting.page.trackers import key_of_mean
from chromatrack.reporting.per_target import Key, Scored
from chromatrack.reporting.scores import Mean

POINTS = 300
"""Of a learning curve, at most: more than a screen tells apart."""
BAND_DRAWS = 1000
"""Of the bootstrap of a curve: its ends are drawn, not read off."""


def curves(
    means: Sequence[Mean], first: Mapping[str, Any], scored: Scored | None
) -> list[dict[str, Any]]:
    """The curves of the headline measures, of all trackers; success with a band.

    Args:
        first: scores.json of one of them.
        scored: the overlaps that bands are drawn from; None: no bands.
    """
    found = []
    for key, curve in first["curves"].items():
        values = [mean.curves[key]["values"] for mean in means]
        one = {
            "key": key,
            "title": curve["title"],
            "x": curve["x"],
            "y": curve["y"],
            "measure": curve["measure"],
            "thresholds": _rounded(curve["thresholds"]),
            "values": [_rounded(line) for line in values],
        }
        if key == "success" and scored is not None:
            one["bands"] = _bands(
                scored, [key_of_mean(mean) for mean in means], np.array(curve["thresholds"]), values
            )
        found.append(one)
    return found


def _bands(
    scored: Scored, keys: Sequence[Key], thresholds: np.ndarray, values: Sequence[np.ndarray]
) -> list[list[list[float]] | None]:
    """95 % percentile intervals over targets at each threshold, for each tracker.

    None where the overlaps are not kept, or do not give the curve that was scored.
    """
    draws = np.random.default_rng(0).integers(
        len(scored.targets), size=(BAND_DRAWS, len(scored.targets))
    )
    found: list[list[list[float]] | None] = []
    for key, line in zip(keys, values, strict=True):
        tracker = scored.trackers[key]
        per_seed = [shares_above(seed, thresholds) for seed in tracker.overlaps if seed is not None]
        if len(per_seed) != len(tracker.overlaps) or not per_seed:
            found.append(None)
            continue
        per_target = np.mean(per_seed, axis=0)
        if np.abs(per_target.mean(axis=0) - line).max() > 2e-3:
            found.append(None)
            continue
        low, high = np.percentile(per_target[draws].mean(axis=1), [2.5, 97.5], axis=0)
        found.append([_rounded(low), _rounded(high)])
    return found


def shares_above(overlaps: Sequence[np.ndarray], thresholds: np.ndarray) -> np.ndarray:
    """(targets, thresholds): of the frames of each target, the share above each threshold.

    Args:
        overlaps: (frames,) of each target.
        thresholds: ascending.
    """
    lengths = np.array([len(one) for one in overlaps])
    # How many thresholds each frame is above, counted per target in one go.
    passed = np.searchsorted(thresholds, np.nan_to_num(np.concatenate(overlaps), nan=-np.inf))
    places = np.repeat(np.arange(len(overlaps)), lengths) * (len(thresholds) + 1) + passed
    size = len(overlaps) * (len(thresholds) + 1)
    counts = np.bincount(places, minlength=size).reshape(len(overlaps), -1)
    return counts[:, ::-1].cumsum(axis=1)[:, -2::-1] / lengths[:, None]


def published_gain(benchmark: str, names: Sequence[str]) -> dict[str, list[list[float]]]:
    """Experiment -> (alpha, gain over its own baseline) as the thesis prints them."""
    if benchmark != published.BENCHMARK:
        return {}
    return {
        name: [
            [alpha, round(value - published.BASELINE_SUCCESS, 4)]
            for alpha, value in sorted(published.OTB2015_SUCCESS[name].items())
        ]
        for name in names
        if name in published.OTB2015_SUCCESS
    }


def attributes(means: Sequence[Mean], benchmark: str) -> dict[str, Any] | None:
    """Score per attribute of all trackers, and the thesis's Table 5.7 behind it."""
    names = [name for name in published.ATTRIBUTES if any(name in m.attributes for m in means)]
    names += sorted({name for mean in means for name in mean.attributes} - set(names))
    if not names:
        return None
    shown = {mean.experiment for mean in means} if benchmark == published.BENCHMARK else set()
    return {
        "names": names,
        "meanings": [published.ATTRIBUTES.get(name, name) for name in names],
        "values": [[_number(mean.attributes.get(name)) for name in names] for mean in means],
        "published": {
            experiment: [scores.get(name) for name in names]
            for experiment, (_, _, scores) in published.ATTRIBUTE_SUCCESS.items()
            if experiment in shown
        },
    }


def learning(manifest: Manifest, trackers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Learning curves by group; a fine-tuning tells which tracker it made."""
    ids = {(one["experiment"], f"alpha {one['alpha']}"): i for i, one in enumerate(trackers)}
    found = []
    for group, paths in grouped(manifest.curves).items():
        lines = []
        experiment = group.removeprefix("Experiment ")
        for name, path in paths.items():
            tracker = ids.get((experiment, name.rpartition(", seed")[0]))
            for column, (steps, losses) in read_curve(path).items():
                steps, losses = _thinned(steps, losses)
                lines.append({
                    "name": name if column == "loss" else f"{name}, {column.replace('_', ' ')}",
                    "main": column == "loss",
                    "tracker": tracker,
                    "x": [int(step) for step in steps],
                    "y": _rounded(losses),
                })  # fmt: skip
        found.append({"group": group, "lines": lines})
    return found


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most `POINTS`, each the mean of its neighbours, at their last step."""
    if len(steps) <= POINTS:
        return steps, values
    parts = np.array_split(np.arange(len(steps)), POINTS)
    return (
        np.array([steps[part[-1]] for part in parts]),
        np.array([values[part].mean() for part in parts]),
    )


def centroids(index: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Centroids of some clips in the AB plane: clip, mode, number of colours, points."""
    return list(index.get("centroids", ()))


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _rounded(values: Any) -> list[float]:
    return [float(f"{value:.4g}") for value in np.asarray(values, dtype=float)]
