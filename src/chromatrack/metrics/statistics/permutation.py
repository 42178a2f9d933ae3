"""Tests that flip signs: without an effect, a target's difference is as likely as its negative."""

from __future__ import annotations

import numpy as np

from chromatrack.metrics.statistics.intervals import as_table

_SIGNS_AT_ONCE = 2_000_000
_TIE = 1e-12


def sign_flip_p(differences: np.ndarray, *, draws: int = 100_000, seed: int = 0) -> float:
    """Two-sided p of the mean of (N,) differences.

    Over all 2^N signs where they are at most `draws`; else (b + 1) / (draws + 1), where b of that
    many random signs give a mean at least as far from 0.
    """
    column = as_table(differences)
    if column.shape[1] != 1:
        raise ValueError(f"expected (targets,) differences, got {column.shape}")
    flipped = np.abs(_flipped(column, draws, seed))
    tie = _TIE * np.abs(column).sum()
    return _share(flipped >= abs(column.sum()) - tie, _all_signs(len(column), draws))


def best_of_p(differences: np.ndarray, *, draws: int = 10_000, seed: int = 0) -> float:
    """One-sided p of the best of A columns of (N, A) differences: max-T (Westfall and Young 1993).

    A draw flips all columns of a target together, so that their correlation stays. Columns of
    zeros do not count; 1 where all are. Small N is exact as in `sign_flip_p`.
    """
    table = as_table(differences)
    size = np.sqrt(np.sum(table**2, axis=0))
    # Flips leave the sum of squares as it is, and Student's t rises with sum / size: the same
    # order without a standard deviation for each draw.
    table = table[:, size > 0] / size[size > 0]
    if table.size == 0:
        return 1.0
    best = _flipped(table, draws, seed).max(axis=1)
    observed = table.sum(axis=0).max()
    return _share(best >= observed - _TIE * np.sqrt(len(table)), _all_signs(len(table), draws))


def _all_signs(targets: int, draws: int) -> bool:
    return targets < 63 and 2**targets <= draws


def _share(reached: np.ndarray, exact: bool) -> float:
    """Share of (D,) draws; the observed signs are among all 2^N, and are added to random ones."""
    count = np.count_nonzero(reached)
    return float(count / len(reached) if exact else (count + 1) / (len(reached) + 1))


def _flipped(table: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """(D, A) sums of (N, A) values under all 2^N signs of the rows, or `draws` random ones."""
    if _all_signs(len(table), draws):
        sums = np.zeros((1, table.shape[1]))
        for row in table:
            sums = np.concatenate([sums + row, sums - row])
        return sums
    rng = np.random.default_rng(seed)
    sums = np.empty((draws, table.shape[1]))
    step = max(1, _SIGNS_AT_ONCE // len(table))
    for first in range(0, draws, step):
        part = sums[first : first + step]
        kept = rng.integers(2, size=(len(part), len(table)), dtype=np.int8)
        part[:] = 2 * (kept.astype(float) @ table) - table.sum(axis=0)
    return sums


def holm(p: np.ndarray) -> np.ndarray:
    """(K,) p-values adjusted for K tests by Holm's step-down, in their order."""
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
