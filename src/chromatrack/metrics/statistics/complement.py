"""What two trackers could be together: whether one is right where the other is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromatrack.metrics.statistics.intervals import as_table


def only_one_right(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], *, threshold: float = 0.5
) -> tuple[float, float]:
    """Shares of frames in which only the first, and only the second, overlaps by more.

    Args:
        first, second: (F,) overlaps of the frames of each target; NaN is wrong. Targets are
            averaged equally, however long.
    """
    shares = []
    for one, other in zip(first, second, strict=True):
        if np.shape(one) != np.shape(other) or np.size(one) == 0:
            raise ValueError(f"expected the same frames, got {np.shape(one)}, {np.shape(other)}")
        right, too = np.asarray(one) > threshold, np.asarray(other) > threshold
        shares.append((np.mean(right & ~too), np.mean(too & ~right)))
    if not shares:
        raise ValueError("expected at least one target")
    only_first, only_second = np.mean(shares, axis=0)
    return float(only_first), float(only_second)


def oracle_gain(scores: np.ndarray, baseline: np.ndarray) -> float:
    """Mean over targets of the best of (N, A) scores minus the (N,) baseline.

    An upper bound of what choosing alpha for each target can gain: it looks at the answer.
    """
    table, baseline = as_table(scores), np.asarray(baseline, dtype=np.float64)
    if baseline.shape != (len(table),):
        raise ValueError(f"expected a baseline of {len(table)} targets, got {baseline.shape}")
    return float(np.mean(table.max(axis=1) - baseline))
