"""Region similarity J and contour accuracy F of DAVIS, as the official evaluation computes them.

Perazzi et al., CVPR 2016; Pont-Tuset et al., 2017; davis2017-evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

VOID = 255
BOUNDARY_TOLERANCE = 0.008
"""Largest distance of two matching boundary pixels, in image diagonals."""


@dataclass(frozen=True)
class Statistics:
    """Mean, recall (share above 0.5) and decay (first minus last quarter) over frames."""

    mean: float
    recall: float
    decay: float


def object_mask(ids: np.ndarray, number: int) -> np.ndarray:
    """(H, W) bool mask of object `number`; void pixels (255) belong to the background."""
    return (ids == number) & (ids != VOID)


def region_similarity(result: np.ndarray, annotation: np.ndarray) -> float:
    """J: intersection over union of two (H, W) masks; 1 if both are empty."""
    result, annotation = _as_masks(result, annotation)
    union = np.count_nonzero(result | annotation)
    return np.count_nonzero(result & annotation) / union if union else 1.0


def contour_accuracy(
    result: np.ndarray, annotation: np.ndarray, tolerance: float = BOUNDARY_TOLERANCE
) -> float:
    """F: harmonic mean of precision and recall of the boundary pixels of two (H, W) masks.

    A boundary pixel matches if the other boundary comes within ceil(tolerance x diagonal) pixels.
    Both masks without a boundary give 1, one of them 0.
    """
    result, annotation = _as_masks(result, annotation)
    radius = int(np.ceil(tolerance * np.hypot(*result.shape)))
    window = _window_around(result | annotation, radius + 1)
    if window is None:
        return 1.0
    result_boundary = boundary(result[window])
    annotation_boundary = boundary(annotation[window])
    result_count = np.count_nonzero(result_boundary)
    annotation_count = np.count_nonzero(annotation_boundary)
    if result_count == 0 and annotation_count == 0:
        return 1.0
    if result_count == 0 or annotation_count == 0:
        return 0.0
    disk = _disk(radius)
    result_reach = cv2.dilate(result_boundary.view(np.uint8), disk)
    annotation_reach = cv2.dilate(annotation_boundary.view(np.uint8), disk)
    precision = np.count_nonzero(result_boundary & (annotation_reach > 0)) / result_count
    recall = np.count_nonzero(annotation_boundary & (result_reach > 0)) / annotation_count
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def boundary(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool mask to its boundary, one pixel wide (Martin's seg2bmap).

    A pixel is boundary if its neighbour to the right, below or diagonally below differs; so the
    boundary lies half a pixel towards the origin, and the far edges of the image make none.
    """
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    here, right = padded[:-1, :-1], padded[:-1, 1:]
    below, diagonal = padded[1:, :-1], padded[1:, 1:]
    return (here ^ right) | (here ^ below) | (here ^ diagonal)


def statistics(values: np.ndarray) -> Statistics:
    """Mean, recall and decay of one object's (N,) per-frame values, N > 0.

    The quarters share their end frames, as the official code (and MATLAB before it) has them.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"expected a row of at least one value, got shape {values.shape}")
    # Wide indices: the official code keeps them in 8 bits and breaks above 256 frames.
    edges = np.round(np.linspace(1, len(values), 5) + 1e-10).astype(int) - 1
    first, last = values[edges[0] : edges[1] + 1], values[edges[3] : edges[4] + 1]
    return Statistics(
        mean=float(np.mean(values)),
        recall=float(np.mean(values > 0.5)),
        decay=float(np.mean(first) - np.mean(last)),
    )


def _as_masks(result: np.ndarray, annotation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if result.ndim != 2 or result.shape != annotation.shape:
        raise ValueError(f"expected two masks of one shape, got {result.shape}, {annotation.shape}")
    return result.astype(bool, copy=False), annotation.astype(bool, copy=False)


def _window_around(mask: np.ndarray, margin: int) -> tuple[slice, slice] | None:
    """The part of the image in which anything can happen; None for an empty mask.

    Dilating the whole frame would take most of the time; outside of the window nothing is set.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return None
    return tuple(
        slice(max(0, found[0] - margin), min(size, found[-1] + margin + 1))
        for found, size in zip((rows, columns), mask.shape, strict=True)
    )


@cache
def _disk(radius: int) -> np.ndarray:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return (x * x + y * y <= radius * radius).astype(np.uint8)
