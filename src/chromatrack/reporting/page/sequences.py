"""Scores target by target, for the table of sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chromatrack.evaluation.scores import per_unit
from chromatrack.reporting.page.trackers import key_of_mean
from chromatrack.reporting.per_target import Scored
from chromatrack.reporting.scores import Mean


def sequence_table(scored: Scored, means: Sequence[Mean]) -> dict[str, Any]:
    """The compared measure of each target and tracker, the mean over seeds.

    Returns:
        names of the targets, unit, frames of each (None where they are not told), values: for each
        tracker a list over targets, and `first`: the same of its first seed alone; seeds: of each
        tracker; each: its values seed by seed, None where all trainings have the same seeds, so
        that differences of means are those of the same seeds.
    """
    told = per_unit(scored.about)
    sign = -1.0 if scored.measure.better == "lower" else 1.0

    own = [scored.trackers[key_of_mean(mean)] for mean in means]
    trained = {one.seeds for one in own if None not in one.seeds}

    def shown(mean: Mean, seeds: slice) -> list[float]:
        values = sign * scored.trackers[key_of_mean(mean)].values[:, seeds].mean(axis=1)
        return [round(float(value), 4) for value in values]

    def seed_by_seed(mean: Mean, count: int) -> list[list[float]]:
        return [shown(mean, slice(number, number + 1)) for number in range(count)]

    return {
        "unit": scored.about["unit"],
        "names": list(scored.targets),
        "frames": [told[name].get("frames") for name in scored.targets],
        "values": [shown(mean, slice(None)) for mean in means],
        "first": [shown(mean, slice(1)) for mean in means],
        "seeds": [list(one.seeds) for one in own],
        "each": (
            [seed_by_seed(mean, len(one.seeds)) for mean, one in zip(means, own, strict=True)]
            if len(trained) > 1
            else None
        ),
    }
