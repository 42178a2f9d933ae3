"""How far the mean over targets can be trusted: a bootstrap of targets and of seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

MARGIN = 0.005
"""Half a point of a share: a smaller difference does not count."""

_PICKS_AT_ONCE = 1_000_000
_TIE = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A mean over targets.

    Attributes:
        mean: over targets and seeds.
        low, high: ends of the interval; None with one target.
        targets, seeds: how many there are.
        target_spread: standard deviation between the targets' means over seeds; None with one.
        seed_spread: standard deviation between the seeds' means over targets; None with one.
    """

    mean: float
    low: float | None
    high: float | None
    targets: int
    seeds: int
    target_spread: float | None
    seed_spread: float | None


@dataclass(frozen=True)
class Shares:
    """Shares of bootstrap means above the margin, within it (its ends too), and below it."""

    better: float
    equivalent: float
    worse: float


def as_table(values: np.ndarray) -> np.ndarray:
    """(N,) or (N, S) finite numbers as (N, S) float64; N, S > 0."""
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"expected (targets,) or (targets, seeds) values, got {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("expected finite values")
    return table


def bootstrap_means(values: np.ndarray, *, draws: int = 10_000, seed: int = 0) -> np.ndarray:
    """(draws,) means of (N, S) values with targets, and where S > 1 seeds, drawn with replacement.

    Seeds are crossed with targets: one training is behind the results on all targets, so that a
    draw takes the same seeds for all of its targets.
    """
    table = as_table(values)
    targets, seeds = table.shape
    rng = np.random.default_rng(seed)
    per_seed = np.empty((draws, seeds))
    step = max(1, _PICKS_AT_ONCE // targets)
    for first in range(0, draws, step):
        part = per_seed[first : first + step]
        part[:] = _counts(rng, len(part), targets) @ table / targets  # (step, N) @ (N, S)
    if seeds == 1:
        return per_seed[:, 0]
    return np.sum(per_seed * _counts(rng, draws, seeds), axis=1) / seeds


def _counts(rng: np.random.Generator, draws: int, size: int) -> np.ndarray:
    """(draws, size) how often each of `size` things is drawn in `size` picks."""
    picks = rng.integers(size, size=(draws, size)) + np.arange(draws)[:, None] * size
    return np.bincount(picks.ravel(), minlength=draws * size).reshape(draws, size).astype(float)


def estimate(
    values: np.ndarray, *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> Estimate:
    """Mean of (N,) or (N, S) values and its BCa interval, from `bootstrap_means`.

    Bias is taken from the bootstrap of targets and seeds, acceleration from leaving out targets
    (Efron 1987). Where nothing varies the interval is the mean.
    """
    table = as_table(values)
    by_target, by_seed = table.mean(axis=1), table.mean(axis=0)
    mean, low, high = float(table.mean()), None, None
    if len(table) > 1:
        low = high = mean
        means = bootstrap_means(table, draws=draws, seed=seed)
        if np.ptp(means) > _TIE * np.abs(table).max():
            low, high = _bca(by_target, means, mean, level)
    return Estimate(mean, low, high, *table.shape, _spread(by_target), _spread(by_seed))


def _spread(values: np.ndarray) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _bca(
    by_target: np.ndarray, means: np.ndarray, mean: float, level: float
) -> tuple[float, float]:
    """Ends of the bias-corrected and accelerated interval of (N,) values and (draws,) means."""
    tie = _TIE * np.abs(means).max()
    below = np.mean(means < mean - tie) / 2 + np.mean(means <= mean + tie) / 2
    edge = 1 / (len(means) + 1)  # keeps the bias finite where all draws are on one side
    bias = ndtri(np.clip(below, edge, 1 - edge))
    # Leaving one out moves the mean by (its value - mean) / (N - 1): the factor cancels.
    moved = by_target - by_target.mean()
    squares = np.sum(moved**2)
    acceleration = np.sum(moved**3) / (6 * squares**1.5) if squares > 0 else 0.0
    tail = (1 - level) / 2
    z = bias + ndtri([tail, 1 - tail])
    low, high = np.quantile(means, ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def equivalence(means: np.ndarray, margin: float = MARGIN) -> Shares:
    """Shares of (draws,) bootstrap means of a difference on either side of the margin."""
    better, worse = float(np.mean(means > margin)), float(np.mean(means < -margin))
    return Shares(better, float(np.mean(np.abs(means) <= margin)), worse)
