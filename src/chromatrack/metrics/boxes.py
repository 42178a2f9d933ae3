"""Overlap and centre distance of boxes, row by row."""

from __future__ import annotations

import numpy as np


def iou_ltwh(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union I / (A1 + A2 - I) of each pair of rows, without an image bound.

    Args:
        a: (N, 4) left, top, width, height in pixels.
        b: (N, 4) the same; both in one coordinate system, whether 0-based or 1-based.

    Returns:
        (N,) float64 in 0..1; 0 where a box is empty or holds a value that is not finite.
    """
    a, b = _paired(a, b)
    top_left = np.maximum(a[:, :2], b[:, :2])
    bottom_right = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    inner = np.prod(np.clip(bottom_right - top_left, 0, None), axis=1)
    union = np.prod(a[:, 2:], axis=1) + np.prod(b[:, 2:], axis=1) - inner
    usable = _finite(a, b) & (union > 0) & (a[:, 2:] > 0).all(axis=1) & (b[:, 2:] > 0).all(axis=1)
    overlaps = np.zeros(len(a))
    np.divide(inner, union, out=overlaps, where=usable)
    return np.clip(overlaps, 0.0, 1.0)


def center_error(a: np.ndarray, b: np.ndarray, *, relative: bool = False) -> np.ndarray:
    """Euclidean distance of the centres of each pair of rows.

    Args:
        a: (N, 4) result: left, top, width, height in pixels.
        b: (N, 4) ground truth.
        relative: divide x and y by width and height of the ground truth first.

    Returns:
        (N,) float64, in pixels or in target sizes; infinity where a value is not finite or where a
        relative distance meets an empty ground truth.
    """
    a, b = _paired(a, b)
    # Summed up as the got10k toolkit does, to the last bit: a distance of exactly 20 pixels counts.
    distance = (a[:, :2] + (a[:, 2:] - 1) / 2) - (b[:, :2] + (b[:, 2:] - 1) / 2)
    usable = _finite(a, b)
    if relative:
        usable &= (b[:, 2:] > 0).all(axis=1)
        distance = distance / np.where(b[:, 2:] > 0, b[:, 2:], 1.0)
    return np.where(usable, np.sqrt(np.sum(np.square(distance), axis=1)), np.inf)


def _finite(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)


def _paired(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 2 or a.shape[1:] != (4,) or a.shape != b.shape:
        raise ValueError(f"expected two arrays of shape (N, 4), got {a.shape} and {b.shape}")
    # Values that are not finite are weighed out by the callers; silence what numpy says on the way.
    finite = np.isfinite(a), np.isfinite(b)
    if not (finite[0].all() and finite[1].all()):
        a = np.where(finite[0], a, np.nan)
        b = np.where(finite[1], b, np.nan)
    return a, b
