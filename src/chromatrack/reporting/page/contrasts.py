"""What pretraining gave the masks, in words: each network beside the same with random weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromatrack.evaluation.scores import per_unit
from chromatrack.metrics import statistics
from chromatrack.reporting.manifest import Evaluated
from chromatrack.reporting.per_target import first_measure
from chromatrack.reporting.scores import Reader
from chromatrack.reporting.sentences import chance


def contrasts(evaluations: Sequence[Evaluated], read: Reader) -> list[str]:
    """A sentence for each network, with the difference and its interval over what is scored.

    Networks that have the same random weights beside them are seeds of one: their difference is
    that of their mean, and its interval is over seeds, too.
    """
    found = []
    for evaluated in evaluations:
        pairs: dict[str, list[str]] = {}
        for trained, untrained in evaluated.untrained.items():
            pairs.setdefault(untrained, []).append(trained)
        found += [_sentence(evaluated, *pair, read) for pair in pairs.items()]
    return found


def _sentence(evaluated: Evaluated, untrained: str, trained: Sequence[str], read: Reader) -> str:
    paths = [evaluated.trackers[title] for title in (*trained, untrained)]
    scores = [read(path) for path in paths]
    measure = first_measure(scores[0], paths[0])
    units = [per_unit(one) for one in scores]
    names = sorted(set.intersection(*map(set, units)))
    # (units, networks), the untrained one last.
    values = np.array([[unit[name][measure.key] for unit in units] for name in names])
    digits, scale, seeds = measure.digits, measure.scale, len(trained)
    # The mean that is compared is the one of the interval: over the units that all have.
    means = scale * values[:, :-1].mean(), scale * values[:, -1].mean()
    others = f" and {seeds - 1} other seed{'s' * (seeds > 2)}" if seeds > 1 else ""
    told = (
        f"{scores[0]['title']}, {measure.title}: {trained[0]}{others} {means[0]:.{digits}f}, "
        f"{untrained} {means[1]:.{digits}f}"
    )
    difference = scale * (values[:, :-1] - values[:, -1:])
    if len(names) < 2:
        return f"{told}. One {scores[0]['unit']} has no interval."
    found, p = statistics.estimate(difference), statistics.sign_flip_p(difference.mean(axis=1))
    interval = (
        f"difference {found.mean:+.{digits}f} [{found.low:+.{digits}f}, {found.high:+.{digits}f}] "
        f"over {len(names)} {scores[0]['unit']}s{f' and {seeds} seeds' if seeds > 1 else ''}, "
        f"p = {chance(p)}"
    )
    better = measure.better != "lower"
    worse = found.mean < 0 if better else found.mean > 0
    outside = found.low > 0 or found.high < 0
    certain = outside and p < statistics.LEVEL
    why = f"p is not below {statistics.LEVEL:g}" if outside else "the interval holds 0"
    verdict = (
        "random weights do better: pretraining did not help here" if worse
        else "pretraining helped here"
    ) if certain else (
        f"random weights scored higher, {why}: which is better cannot be told" if worse
        else f"{why}: whether pretraining helped cannot be told"
    )  # fmt: skip
    return f"{told}; {interval}: {verdict}."
