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
    fold = _folds(len(table), folds, seed)
    return np.array([best(table[fold != number]) for number in range(folds)])[fold]


def _folds(targets: int, folds: int, seed: int) -> np.ndarray:
    """(targets,) number of the fold of each."""
    return np.random.default_rng(seed).permutation(targets) % folds


def crossed_p(
    differences: np.ndarray, *, folds: int = 10, draws: int = 10_000, seed: int = 0
) -> float | None:
    """Two-sided p of the mean of (N, A) differences to the baseline at the `crossed` alphas.

    Targets choose for each other, so that their differences are not independent: each draw flips
    all alphas of a target together and chooses anew. None with one target.
    """
    table = as_table(differences)
    if len(table) == 1:
        return None
    folds = min(folds, len(table))
    fold = _folds(len(table), folds, seed)
    observed = abs(table[np.arange(len(table)), crossed(table, folds=folds, seed=seed)].mean())
    rng = np.random.default_rng(seed)
    reached, step = 0, 1000
    for first in range(0, draws, step):
        signs = rng.integers(2, size=(min(step, draws - first), len(table))) * 2.0 - 1
        # (draws, folds, A): sums of each fold, and of the others
        own = np.stack(
            [signs[:, fold == number] @ table[fold == number] for number in range(folds)], axis=1
        )
        others = own.sum(axis=1, keepdims=True) - own
        chosen = others.argmax(axis=2)[..., None]
        means = np.take_along_axis(own, chosen, axis=2).sum(axis=(1, 2)) / len(table)
        reached += np.count_nonzero(np.abs(means) >= observed - _TIE)
    return (reached + 1) / (draws + 1)
