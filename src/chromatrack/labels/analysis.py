"""How far apart the centroids of a clip are, and how often still regions change their label.

The analysis of thesis 5.3.2 as numbers: close centroids give one place of a scene different labels
in different frames, and such labels teach the network a wrong match. Everything here is a function
of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from chromatrack.labels.clip import to_grid
from chromatrack.labels.kmeans import Clusters, label_table, look_up


@dataclass(frozen=True)
class Consistency:
    """What one clustering of one clip gives; NaN where there is nothing to measure.

    Attributes:
        smallest_distance, mean_distance: between two centroids, Euclidean, in 8-bit levels of a
            and b; NaN for a clip of one colour.
        inertia: mean squared distance of a clustered pixel to its centroid, in squared levels.
        flips_pixels, flips_cells: percent of the pixels, and of the cells of the label grid, in
            still regions whose label changes from one kept frame to the next; NaN where nothing
            is still.
    """

    smallest_distance: float
    mean_distance: float
    inertia: float
    flips_pixels: float
    flips_cells: float


def measure(
    clusters: Clusters,
    *,
    clustered: int,
    pixels: np.ndarray,
    cells: np.ndarray,
    still: np.ndarray,
) -> Consistency:
    """Measure one clustering.

    Args:
        clustered: how many pixels k-means saw.
        pixels, cells: (N, H, W, 2) and (N, g, g, 2) uint8 a, b of the kept frames.
        still: (N - 1, g, g) bool, see `still_cells`.
    """
    table = label_table(clusters.centroids)
    smallest, mean = centroid_distances(clusters.centroids)
    return Consistency(
        smallest_distance=smallest,
        mean_distance=mean,
        inertia=clusters.inertia / clustered,
        flips_pixels=flip_percent(look_up(table, pixels), still),
        flips_cells=flip_percent(look_up(table, cells), still),
    )


def centroid_distances(centroids: np.ndarray) -> tuple[float, float]:
    """Smallest and mean distance of two of the (k, 2) centroids; NaN for fewer than two."""
    if len(centroids) < 2:
        return float("nan"), float("nan")
    difference = centroids[:, None, :].astype(np.float64) - centroids[None, :, :]
    pairs = np.hypot(difference[..., 0], difference[..., 1])[np.triu_indices(len(centroids), 1)]
    return float(pairs.min()), float(pairs.mean())


def still_cells(rgb: np.ndarray, *, cells: int, levels: int) -> np.ndarray:
    """Which cells of the label grid stand still between two consecutive frames.

    A cell is still where no pixel of it moved: a single pixel may keep its colour by chance while
    something moves over it, a whole cell hardly.

    Args:
        rgb: (N, S, S, 3) uint8, before equalisation: equalisation is what is being judged.
        cells: g, cells per side; divides S.
        levels: how far, in 8-bit levels, each of R, G, B may move: noise and compression.

    Returns:
        (N - 1, g, g) bool, frame i against frame i + 1.
    """
    before, after = rgb[:-1], rgb[1:]
    moved = np.maximum(before, after) - np.minimum(before, after)
    return _blocks(moved.max(axis=-1), cells).max(axis=(2, 4)) <= levels


def flip_percent(labels: np.ndarray, still: np.ndarray) -> float:
    """Percent of the labels in still cells that change from one frame to the next.

    Args:
        labels: (N, H, H) labels of pixels or, with H = g, of cells.
        still: (N - 1, g, g) bool; g divides H.

    Returns:
        NaN where nothing is still.
    """
    if not still.any():
        return float("nan")
    changed = _blocks(labels[1:] != labels[:-1], still.shape[-1]).mean(axis=(2, 4))
    return 100 * float(changed[still].mean())


def _blocks(frames: np.ndarray, cells: int) -> np.ndarray:
    """(N, S, S) -> (N, g, S/g, g, S/g): axes 2 and 4 go through the pixels of a cell."""
    count, side, _ = frames.shape
    return frames.reshape(count, cells, side // cells, cells, side // cells)


def to_cells(frames: np.ndarray, size: int) -> np.ndarray:
    """(N, H, W, C) uint8 -> (N, size, size, C): mean colour of each cell, as label maps have it."""
    return np.stack([to_grid(np.ascontiguousarray(frame), size) for frame in frames])


def palette(centroids: np.ndarray, *, reach: float = 0.0) -> np.ndarray:
    """(k, 2) a, b -> (k, 3) uint8 RGB: the colours that centroids stand for, at one lightness.

    Args:
        reach: a, b are stretched about grey until one of them is this many levels away, so that
            labels of a pale clip can be told apart; 0 leaves them as they are.
    """
    away = centroids - 128.0
    furthest = np.abs(away).max()
    lab = np.full((1, len(centroids), 3), 150, dtype=np.uint8)
    stretch = max(1.0, reach / furthest) if furthest > 0 else 1.0
    lab[0, :, 1:] = (128 + stretch * away).round().clip(0, 255)
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0]


def lab_sums(lab: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) uint8 Lab -> (2, 3): sums and sums of squares of L, a, b in [0, 1]."""
    mean, deviation = (value[:, 0] for value in cv2.meanStdDev(lab.reshape(-1, 1, 3)))
    return lab.size // 3 * np.stack([mean / 255, (mean**2 + deviation**2) / 255**2])
