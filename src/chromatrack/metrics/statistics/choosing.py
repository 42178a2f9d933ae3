"""Which of several alphas: chosen on some targets, judged on others."""

from __future__ import annotations

import numpy as np

from chromatrack.metrics.statistics.intervals import as_table

_TIE = 1e-12


def best(scores: np.ndarray) -> int:
    """Column of (N, A) scores with the highest mean, the first of ties (to rounding)."""
    means = as_table(scores).mean(axis=0)
    return int(np.argmax(means >= means.max() - _TIE))


def crossed(scores: np.ndarray, *, folds: int = 10, seed: int = 0) -> np.ndarray:
    """(N,) for each target the best column of (N, A) scores on the targets of the other folds.

    Folds are random and differ in size by one target at most; no more than there are targets. One
    target has nothing to choose on: column 0.
    """
    table = as_table(scores)
    folds = min(folds, len(table))
    if len(table) == 1:
        return np.zeros(1, dtype=int)
    if folds < 2:
        raise ValueError(f"expected at least 2 folds, got {folds}")
    fold = np.random.default_rng(seed).permutation(len(table)) % folds
    return np.array([best(table[fold != number]) for number in range(folds)])[fold]
