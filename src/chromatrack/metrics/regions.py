"""Overlap of regions on the pixel grid, pixel for pixel as vot-toolkit rasterises them.

The toolkit rounds vertices to whole pixels, in single precision, and fills a row of a polygon
between pairs of crossings; its rounding is followed here, odd rows included, so that overlaps are
equal and not only near. (votchallenge/toolkit, `vot/region/raster.py`.)
"""

from __future__ import annotations

import numpy as np


def region_overlap(a: np.ndarray, b: np.ndarray, size: tuple[int, int] | None = None) -> float:
    """Intersection over union of two regions in whole pixels.

    Args:
        a: polygon as (2 K,) or (K, 2) x, y in pixels, or box as (4,) left, top, width, height.
        b: the other region.
        size: (height, width) of the image; pixels outside of it do not count. None: no bound.

    Returns:
        0..1; 1 for two regions that share one row or column of pixels and have no more, which the
        toolkit takes for empty ones; 0 if a value is not finite or if fewer than two rows or
        columns of pixels are left to compare.
    """
    a, b = np.asarray(a, dtype=np.float32), np.asarray(b, dtype=np.float32)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0
    bounds_a, bounds_b = _bounds(a), _bounds(b)
    low = np.minimum(bounds_a[:2], bounds_b[:2])
    high = np.maximum(bounds_a[2:], bounds_b[2:])
    if (low >= high).any():
        return 1.0
    if size is not None:
        low = np.maximum(low, 0)
        high = np.minimum(high, (size[1] - 1, size[0] - 1))
    if (low >= high).any():
        return 0.0
    # Far apart regions need no raster, which would be as large as the way between them.
    if (np.maximum(bounds_a[:2], bounds_b[:2]) > np.minimum(bounds_a[2:], bounds_b[2:])).any():
        return 0.0
    inside_a, inside_b = _raster(a, low, high), _raster(b, low, high)
    either = np.count_nonzero(inside_a | inside_b)
    return np.count_nonzero(inside_a & inside_b) / either if either else 0.0


def _bounds(region: np.ndarray) -> np.ndarray:
    """First and last column and row as (left, top, right, bottom), whole pixels."""
    if region.shape == (4,):
        left, top, width, height = np.round(region).astype(np.int64)
        return np.array([left, top, left + width - 1, top + height - 1])
    points = np.round(region.reshape(-1, 2)).astype(np.int64)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _raster(region: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(rows, columns) bool: pixels of a region in the window from `low` to `high` (x, y)."""
    columns, rows = (high - low + 1).astype(int)
    if region.shape == (4,):
        left, top, right, bottom = _bounds(region) - np.concatenate([low, low])
        inside = np.zeros((rows, columns), dtype=bool)
        inside[max(0, top) : max(0, bottom + 1), max(0, left) : max(0, right + 1)] = True
        return inside
    points = np.round(region.reshape(-1, 2)).astype(np.float64) - low
    return _fill(_crossings(points, rows), columns)


def _crossings(points: np.ndarray, rows: int) -> np.ndarray:
    """(rows, K) columns at which each row meets an edge, cut to whole pixels; infinite for none.

    A row through a vertex meets both of its edges; a level edge is met at one end.
    """
    x, y = points.T
    last_x, last_y = np.roll(points, 1, axis=0).T
    level = np.arange(rows)[:, None]
    rise = last_y - y
    meets = (np.minimum(y, last_y) <= level) & (level <= np.maximum(y, last_y))
    at = x + (level - y) / np.where(rise == 0, 1, rise) * np.where(rise == 0, 0, last_x - x)
    return np.where(meets, np.trunc(at), np.inf)


def _fill(crossings: np.ndarray, columns: int) -> np.ndarray:
    """(rows, columns) bool: pixels between pairs of crossings, both included.

    Of two equal crossings the first is passed over, unless they are the last two.
    """
    nodes = np.sort(crossings, axis=1)
    count = np.isfinite(nodes).sum(axis=1)
    column = np.arange(columns)
    inside = np.zeros((len(nodes), columns), dtype=bool)
    turn = np.zeros(len(nodes), dtype=int)  # the crossing that comes next in each row
    for i in range(nodes.shape[1] - 1):
        now = (turn == i) & (i < count - 1)
        doubled = now & (nodes[:, i] == nodes[:, i + 1]) & (i < count - 2)
        filled = now & ~doubled
        inside |= (
            filled[:, None] & (nodes[:, i, None] <= column) & (column <= nodes[:, i + 1, None])
        )
        turn += np.where(doubled, 1, np.where(filled, 2, 0))
    return inside
