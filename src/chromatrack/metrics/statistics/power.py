"""What a comparison could have found, and which target it hangs on."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from chromatrack.metrics.statistics.intervals import as_table


def smallest_difference(
    differences: np.ndarray, *, power: float = 0.8, level: float = 0.05
) -> float | None:
    """Smallest true mean of (N,) differences found with this probability; None with one target.

    Normal quantiles times the standard error: of a two-sided test at `level`.
    """
    column = as_table(differences)
    if len(column) < 2:
        return None
    error = np.std(column, ddof=1) / np.sqrt(len(column))
    return float((ndtri(1 - level / 2) + ndtri(power)) * error)


def most_influential(differences: np.ndarray) -> int | None:
    """Index of the (N,) difference without which the mean moves the most; None if none moves it."""
    column = as_table(differences)[:, 0]
    moves = np.abs(column - column.mean())  # times N - 1
    return int(np.argmax(moves)) if moves.max() > 1e-12 * np.abs(column).max() else None
