"""Lloyd's iteration on a histogram of whole-numbered colours, at a cost that ignores their number.

Along a row of the AB plane (one value of a) the cells of the centroids are intervals of b, bounded
by the perpendicular bisectors of pairs of centroids. With running sums along each row, mass and
moments of an interval are a difference of two entries: an iteration costs rows x k^2 and not
colours x k, and its sums are exact, as they are of whole numbers. All restarts go together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

EDGE = 257
"""Entries of a row of running sums: before b = 0, and after each b."""

Pairs = tuple[np.ndarray, np.ndarray]
"""Indices of two centroids each, the smaller one first."""

TINY = 1e-9
"""Twice the smallest difference of b that counts, in levels."""


def refine(
    tasks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    tolerance: float,
    max_iterations: int,
) -> Iterator[np.ndarray]:
    """Lloyd's iteration from every start of every task.

    Args:
        tasks: points (n, 2) whole numbers from 0 to 255, weights (n,), starts (s, k, 2).
        tolerance: a start ends when no centre moves further than this, in levels.
        max_iterations: after which a start ends in any case.

    Yields:
        (s, k, 2) float64 centroids of each task, in ascending b. A centroid that loses its last
        colour stays where it is.
    """
    for points, weights, starts in tasks:
        rows, sums = running_sums(points, weights)
        plane = _Plane(rows, sums)
        pairs = np.triu_indices(starts.shape[1], 1)
        centroids = starts[:, :1] * 0 + starts  # a copy, float64
        active = np.arange(len(starts))
        for _ in range(max_iterations):
            before = _in_order(centroids[active])
            after = _step(before, pairs, plane)
            centroids[active] = after
            moved = ((after - before) ** 2).sum(axis=2).max(axis=1) > tolerance**2
            active = active[moved]
            if len(active) == 0:
                break
        yield centroids


def running_sums(points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a that occur, (r,); and (r * EDGE,) running sums of weight + i b weight."""
    rows, place = np.unique(points[:, 0], return_inverse=True)
    grid = np.zeros((len(rows), EDGE), dtype=np.complex128)
    grid[place, points[:, 1].astype(np.int64) + 1] = weights * (1 + 1j * points[:, 1])
    return rows, np.cumsum(grid, axis=1).ravel()


class _Plane:
    """The colours of a clip, as an iteration reads them.

    Attributes:
        rows, sums: as of `running_sums`.
        offsets: (r,) where each row begins in `sums`.
        factors: (r, 2) of the sums over rows: 1, a.
    """

    def __init__(self, rows: np.ndarray, sums: np.ndarray):
        self.rows, self.sums = rows, sums
        self.offsets = np.arange(len(rows)) * EDGE
        self.factors = np.stack([np.ones_like(rows), rows], axis=1).astype(np.complex128)


def _in_order(centroids: np.ndarray) -> np.ndarray:
    order = np.argsort(centroids[..., 1], axis=1, kind="stable")
    return centroids[np.arange(len(centroids))[:, None], order]


def _step(centroids: np.ndarray, pairs: Pairs, plane: _Plane) -> np.ndarray:
    """One iteration: (s, k, 2) in ascending b -> the means of their cells, in the same order."""
    places = _intervals(centroids, pairs, plane.rows)
    places += plane.offsets
    first, last = plane.sums.take(places)
    cells = last - first  # (k, s, r)
    # One product for all sums over rows: mass + i b mass, and the same times a.
    totals = cells @ plane.factors
    mass = totals[..., 0].real
    moments = np.stack([totals[..., 1].real, totals[..., 0].imag], axis=-1)
    means = moments / np.maximum(mass, 1)[..., None]
    return np.where((mass > 0)[..., None], means, centroids.swapaxes(0, 1)).swapaxes(0, 1)


def _intervals(centroids: np.ndarray, pairs: Pairs, rows: np.ndarray) -> np.ndarray:
    """(2, k, s, r): a cell's first b in a row, and the first b beyond it.

    With b_i <= b_j, a colour (a, b) is nearer to j where
    2 b (b_j - b_i) > |c_j|^2 - |c_i|^2 - 2 a (a_j - a_i). Of equal distances either is right.
    """
    k = centroids.shape[1]
    left, right = pairs
    a, b = centroids[..., 0].T, centroids[..., 1].T
    squares = a**2 + b**2
    # Where b is equal the bisector runs along the row: all or nothing, at a bound far outside.
    gap = np.maximum(2 * (b[right] - b[left]), TINY)
    bound = (2 * (a[left] - a[right]) / gap)[..., None] * rows  # (pairs, s, r)
    bound += ((squares[right] - squares[left]) / gap)[..., None]
    edges = np.empty((2, k, *bound.shape[1:]))
    lower, upper = edges
    lower[:], upper[-1] = -1, 255
    begin = 0
    for index in range(k - 1):
        end = begin + k - 1 - index  # the pairs that begin with `index` are neighbours
        of_index, behind = bound[begin:end], lower[index + 1 :]
        of_index.min(axis=0, out=upper[index])
        np.maximum(behind, of_index, out=behind)
        begin = end
    np.clip(edges, -1, 255, out=edges)
    places = np.floor(edges, out=edges).astype(np.int64) + 1
    np.maximum(*places, out=places[1])
    return places
