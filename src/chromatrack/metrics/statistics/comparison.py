"""Two trackers on the same targets: everything that is said of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chromatrack.metrics.statistics.intervals import (
    MARGIN,
    Estimate,
    Shares,
    as_table,
    bootstrap_means,
    equivalence,
    estimate,
)
from chromatrack.metrics.statistics.permutation import sign_flip_p
from chromatrack.metrics.statistics.power import most_influential, smallest_difference

_DIGITS = 6


@dataclass(frozen=True)
class Comparison:
    """First minus second.

    Attributes:
        difference: its mean and interval.
        p: two-sided, of the sign flip over targets; None with one target.
        p_margin: the same for a true difference of the margin.
        shares: of bootstrap means above, within and below the margin.
        smallest_difference: that would be found with a probability of 0.8; None with one target.
        most_influential: index of the target that the verdict hangs on most (`power`), or None.
        without_it, low_without, high_without, p_without: mean, interval and p without that target.
    """

    difference: Estimate
    p: float | None
    p_margin: float | None
    shares: Shares
    smallest_difference: float | None
    most_influential: int | None
    without_it: float | None
    low_without: float | None
    high_without: float | None
    p_without: float | None


def compare(
    first: np.ndarray,
    second: np.ndarray,
    *,
    margin: float = MARGIN,
    level: float = 0.95,
    draws: int = 10_000,
    flips: int = 100_000,
    seed: int = 0,
) -> Comparison:
    """Compare (N, S) with (N, S2) values of the same targets, higher being better.

    With as many seeds in both, seed k of one is paired with seed k of the other; else both are
    averaged over their seeds, which then count as none. p and power are of the targets'
    differences averaged over seeds.

    Args:
        level: of the interval; the power is that of a test at 1 - level.
        draws: of the bootstrap.
        flips: of the signs.
    """
    one, other = as_table(first), as_table(second)
    if len(one) != len(other):
        raise ValueError(f"expected the same targets, got {len(one)} and {len(other)}")
    if one.shape != other.shape:
        one, other = one.mean(axis=1, keepdims=True), other.mean(axis=1, keepdims=True)
    differences = one - other  # (N, S)
    by_target = differences.mean(axis=1)
    drawn = {"draws": draws, "seed": seed}
    index = most_influential(by_target)
    without, p_without = None, None
    if index is not None:
        rest = np.delete(differences, index, axis=0)
        without = estimate(rest, level=level, **drawn)
        p_without = _p(rest.mean(axis=1), flips, seed)
    return Comparison(
        difference=estimate(differences, level=level, **drawn),
        p=_p(by_target, flips, seed),
        p_margin=_p(by_target - margin, flips, seed),
        shares=equivalence(bootstrap_means(differences, **drawn), margin),
        smallest_difference=smallest_difference(by_target, level=1 - level),
        most_influential=index,
        without_it=without.mean if without else None,
        low_without=without.low if without else None,
        high_without=without.high if without else None,
        p_without=p_without,
    )


def _p(by_target: np.ndarray, flips: int, seed: int) -> float | None:
    return sign_flip_p(by_target, draws=flips, seed=seed) if len(by_target) > 1 else None


def as_plain(comparison: Comparison, names: Sequence[str]) -> dict[str, Any]:
    """For JSON: numbers to six digits, and the most influential target's name of the (N,) names."""
    plain = _rounded(asdict(comparison))
    index = comparison.most_influential
    return {**plain, "most_influential": None if index is None else names[index]}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return round(value, _DIGITS) if isinstance(value, float) else value
