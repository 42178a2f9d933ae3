"""Where k-means starts: greedy k-means++ on a coarse histogram of the colours."""

from __future__ import annotations

import numpy as np

BIN = 4
"""Side of the bins, in levels: a tenth of the colours, and far smaller than a cluster."""


def starts(
    points: np.ndarray, weights: np.ndarray, *, colours: int, restarts: int, seed: int
) -> np.ndarray:
    """Starts of k-means for weighted colours.

    Args:
        points: (n, 2) a, b in levels, all different, n > colours.
        weights: (n,) positive.

    Returns:
        (restarts, colours, 2); the centres of a start are all different.
    """
    means, masses = _bins(points, weights)
    if len(means) <= colours:
        means, masses = points, weights
    random = np.random.default_rng(seed)
    return means[plus_plus(means, masses, colours=colours, restarts=restarts, random=random)]


def _bins(points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour and weight of every bin that is not empty."""
    codes = (points // BIN).astype(np.int64) @ (256 // BIN, 1)
    mass = np.bincount(codes, weights)
    used = np.flatnonzero(mass)
    sums = [np.bincount(codes, weights * axis)[used] for axis in points.T]
    return np.stack(sums, axis=1) / mass[used, None], mass[used]


def plus_plus(
    points: np.ndarray,
    weights: np.ndarray,
    *,
    colours: int,
    restarts: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Greedy k-means++ for all restarts at once.

    Each centre is the best of 2 + log k draws in proportion to the squared distance to the centres
    before it (Arthur and Vassilvitskii 2007, section 6).

    Returns:
        (restarts, colours) indices of points.
    """
    count, tries = len(points), 2 + int(np.log(colours))
    everyone = np.arange(restarts)
    chosen = np.empty((restarts, colours), dtype=np.int64)
    nearest = np.full((restarts, count), np.inf)
    mass = np.broadcast_to(weights, nearest.shape)
    for position in range(colours):
        heights = np.cumsum(mass, axis=1)
        drawn = random.random((restarts, tries)) * heights[:, -1:]
        candidates = np.stack(
            [np.searchsorted(*row, side="right") for row in zip(heights, drawn, strict=True)]
        )
        gaps = np.zeros((restarts, tries, count))
        for axis in points.T:
            gaps += (axis[candidates][..., None] - axis) ** 2
        np.minimum(gaps, nearest[:, None], out=gaps)
        best = (gaps @ weights).argmin(axis=1)
        chosen[:, position] = candidates[everyone, best]
        nearest = gaps[everyone, best]
        mass = nearest * weights
    return chosen
