"""What pretraining gave the masks, in words: each network beside the same with random weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromatrack.metrics import statistics
from chromatrack.reporting.manifest import Evaluated
from chromatrack.reporting.per_target import first_measure
from chromatrack.reporting.scores import Reader


def contrasts(evaluations: Sequence[Evaluated], read: Reader) -> list[str]:
    """A sentence for each pair, with the difference and its interval over what is scored."""
    return [
        _sentence(evaluated, trained, untrained, read)
        for evaluated in evaluations
        for trained, untrained in evaluated.untrained.items()
    ]


def _sentence(evaluated: Evaluated, trained: str, untrained: str, read: Reader) -> str:
    paths = evaluated.trackers[trained], evaluated.trackers[untrained]
    scores = [read(path) for path in paths]
    measure = first_measure(scores[0], paths[0])
    units = [one[f"per_{one['unit']}"] for one in scores]
    names = sorted(set(units[0]) & set(units[1]))
    values = [np.array([unit[name][measure.key] for name in names]) for unit in units]
    digits, scale = measure.digits, measure.scale
    # The mean that is compared is the one of the interval: over the units that both have.
    means = [scale * value.mean() for value in values]
    told = (
        f"{scores[0]['title']}, {measure.title}: {trained} {means[0]:.{digits}f}, {untrained} "
        f"{means[1]:.{digits}f}"
    )
    difference = scale * (values[0] - values[1])
    if len(names) < 2:
        return f"{told}. One {scores[0]['unit']} has no interval."
    found = statistics.estimate(difference[:, None])
    interval = (
        f"difference {found.mean:+.{digits}f} [{found.low:+.{digits}f}, {found.high:+.{digits}f}] "
        f"over {len(names)} {scores[0]['unit']}s"
    )
    better = measure.better != "lower"
    worse = found.mean < 0 if better else found.mean > 0
    certain = found.low > 0 or found.high < 0
    verdict = (
        "random weights do better: pretraining did not help here" if worse
        else "pretraining helped here"
    ) if certain else (
        "random weights scored higher, and the interval holds 0: which is better cannot be told"
        if worse
        else "the interval holds 0: whether pretraining helped cannot be told"
    )  # fmt: skip
    return f"{told}; {interval}: {verdict}."
