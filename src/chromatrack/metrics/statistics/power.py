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


def most_influential(differences: np.ndarray, *, level: float = 0.05) -> int | None:
    """Index of the (N,) difference without which a verdict is nearest to another one.

    Without each in turn, mean over standard error: where the mean is told from 0 at `level`, the
    target without which it is told least; else the one without which it is told most. None where
    nothing varies, or with two targets or fewer.
    """
    column = as_table(differences)[:, 0]
    count = len(column)
    if count < 3 or np.ptp(column) <= 1e-12 * np.abs(column).max():
        return None
    tiny = np.finfo(float).tiny
    whole = abs(column.mean()) / max(np.std(column, ddof=1) / np.sqrt(count), tiny)
    means = (column.sum() - column) / (count - 1)
    squares = (np.sum(column**2) - column**2) / (count - 1) - means**2
    told = np.abs(means) / np.maximum(np.sqrt(np.maximum(squares, 0) / (count - 2)), tiny)
    return int(np.argmin(told) if whole > ndtri(1 - level / 2) else np.argmax(told))
