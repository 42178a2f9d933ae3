"""k-means of the AB colours of a clip, on the exact histogram of the colours.

8-bit Lab has at most 65,536 (a, b) values, and a clip holds a few thousand of them: clustering the
values weighted by their counts is exactly the k-means of all pixels, at a fraction of the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np


@dataclass(frozen=True)
class Clusters:
    """Result of k-means.

    Attributes:
        centroids: (k', 2) float32 a, b in 8-bit levels, in lexicographic order; k' is smaller
            than k where there are fewer distinct colours.
        inertia: sum of squared distances of all pixels to their centroid, in squared levels.
    """

    centroids: np.ndarray
    inertia: float


def ab_histogram(ab: np.ndarray) -> np.ndarray:
    """Counts of the 65,536 colours: (..., 2) uint8 -> (65536,) int64, index 256 a + b."""
    codes = ab[..., 0].astype(np.int64) * 256 + ab[..., 1]
    return np.bincount(codes.ravel(), minlength=65536)


def cluster(
    histogram: np.ndarray,
    *,
    colours: int,
    backend: str = "auto",
    restarts: int = 10,
    tolerance: float = 0.0,
    max_iterations: int = 300,
    seed: int = 0,
) -> Clusters:
    """Cluster the colours of a histogram.

    Args:
        histogram: (65536,) counts, see `ab_histogram`.
        backend: `histogram` (this file), `faiss`, or `auto`: faiss on a GPU where there is one.
        tolerance: a start ends when no centre moves further than this, in 8-bit levels; faiss
            always does `max_iterations`.
    """
    codes = np.flatnonzero(histogram)
    if codes.size == 0:
        raise ValueError("no pixels to cluster")
    points = np.stack([codes // 256, codes % 256], axis=1).astype(np.float64)
    weights = histogram[codes].astype(np.float64)
    if codes.size <= colours:
        return Clusters(points.astype(np.float32), 0.0)
    if backend == "auto":
        backend = "faiss" if _faiss_gpus() else "histogram"
    if backend == "faiss":
        refine = partial(_faiss, points, weights, max_iterations=max_iterations)
    else:
        refine = partial(
            _lloyd, points, weights, tolerance=tolerance, max_iterations=max_iterations
        )
    centroids = _best_of_restarts(points, weights, colours, restarts, seed, refine)
    centroids = centroids[np.lexsort((centroids[:, 1], centroids[:, 0]))]
    inertia = _inertia(points, weights, centroids)
    return Clusters(centroids.astype(np.float32), inertia)


def label_table(centroids: np.ndarray) -> np.ndarray:
    """(65536,) uint8: the nearest centroid of every colour, index 256 a + b."""
    a, b = np.divmod(np.arange(65536), 256)
    colours = np.stack([a, b], axis=1).astype(np.float64)
    return _distances(colours, centroids.astype(np.float64)).argmin(axis=1).astype(np.uint8)


def _distances(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """(n, 2), (k, 2) -> (n, k) squared distances."""
    return ((points[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2)


def _best_of_restarts(points, weights, colours, restarts, seed, refine) -> np.ndarray:
    """The best of several k-means++ starts, refined; every backend gets the same starts."""
    random = np.random.default_rng(seed)
    best, best_inertia = None, np.inf
    for _ in range(restarts):
        centroids = refine(_plus_plus(points, weights, colours, random))
        inertia = _inertia(points, weights, centroids)
        if inertia < best_inertia:
            best, best_inertia = centroids, inertia
    return best


def _inertia(points, weights, centroids) -> float:
    return float((weights * _distances(points, centroids).min(axis=1)).sum())


def _plus_plus(points, weights, colours, random) -> np.ndarray:
    """k-means++ on the weighted colours; the starts are distinct colours by construction."""
    chosen = [random.choice(len(points), p=weights / weights.sum())]
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < colours:
        mass = weights * nearest
        chosen.append(random.choice(len(points), p=mass / mass.sum()))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]


def _lloyd(points, weights, centroids, tolerance, max_iterations) -> np.ndarray:
    count = len(centroids)
    weighted = points * weights[:, None]
    for _ in range(max_iterations):
        nearest = _distances(points, centroids).argmin(axis=1)
        mass = np.bincount(nearest, weights, minlength=count)
        sums = np.stack(
            [np.bincount(nearest, weighted[:, axis], minlength=count) for axis in (0, 1)], axis=1
        )
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1)[:, None], centroids)
        shift = np.sqrt(((moved - centroids) ** 2).sum(axis=1)).max()
        centroids = moved
        if shift <= tolerance:
            break
    return centroids


def _faiss_gpus() -> int:
    try:
        import faiss
    except ImportError:
        return 0
    return getattr(faiss, "get_num_gpus", lambda: 0)()


def _faiss(points, weights, centroids, max_iterations) -> np.ndarray:
    """faiss on the weighted colours, centred: its float32 loses the small differences otherwise."""
    import faiss

    center = np.average(points, axis=0, weights=weights)
    kmeans = faiss.Kmeans(
        2,
        len(centroids),
        niter=max_iterations,
        gpu=bool(_faiss_gpus()),
        min_points_per_centroid=1,
        max_points_per_centroid=65536,
    )
    kmeans.train(
        np.ascontiguousarray(points - center, dtype=np.float32),
        weights=np.ascontiguousarray(weights, dtype=np.float32),
        init_centroids=np.ascontiguousarray(centroids - center, dtype=np.float32),
    )
    return kmeans.centroids.astype(np.float64) + center
