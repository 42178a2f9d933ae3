"""k-means of the AB colours of a clip, on the exact histogram of the colours.

8-bit Lab has at most 65,536 (a, b) values, and a clip holds a few thousand of them: clustering the
values weighted by their counts is exactly the k-means of all pixels, at a fraction of the cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chromatrack.labels import lloyd, seeding


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


def cluster(histogram: np.ndarray, **options) -> Clusters:
    """Cluster the colours of one histogram; the options of `cluster_many`."""
    return cluster_many([histogram], **options)[0]


def cluster_many(
    histograms: Sequence[np.ndarray],
    *,
    colours: int,
    backend: str = "auto",
    restarts: int = 10,
    tolerance: float = 0.0,
    max_iterations: int = 300,
    seed: int = 0,
) -> list[Clusters]:
    """Cluster the colours of each histogram on its own.

    The result for a histogram does not depend on the others. Every backend refines the same
    k-means++ starts, and the best one counts.

    Args:
        histograms: (65536,) counts each, see `ab_histogram`.
        colours: k.
        backend: `histogram` (numpy), `torch` (all histograms at once, on a GPU where there is
            one), `faiss`, or `auto`: `torch` where there is a GPU, else `histogram`.
        restarts: k-means++ starts.
        tolerance: a start ends when no centre moves further than this, in 8-bit levels.
        max_iterations: after which a start ends in any case.
        seed: of the starts.

    Raises:
        ValueError: a histogram without pixels.
    """
    results: list[Clusters | None] = [None] * len(histograms)
    tasks: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for index, histogram in enumerate(histograms):
        codes = np.flatnonzero(histogram)
        if codes.size == 0:
            raise ValueError("no pixels to cluster")
        points = np.stack([codes >> 8, codes & 255], axis=1).astype(np.float64)
        weights = np.asarray(histogram)[codes].astype(np.float64)
        if codes.size <= colours:
            results[index] = Clusters(points.astype(np.float32), 0.0)
        else:
            starts = seeding.starts(points, weights, colours=colours, restarts=restarts, seed=seed)
            tasks[index] = (points, weights, starts)
    refine = _refinement(backend)
    limits = {"tolerance": tolerance, "max_iterations": max_iterations}
    for index, refined in zip(tasks, refine(list(tasks.values()), **limits), strict=True):
        points, weights, _ = tasks[index]
        results[index] = _best(points, weights, refined)
    return results


def label_table(centroids: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """(65536,) uint8: the nearest centroid of every colour, index 256 a + b; the first of ties.

    Args:
        among: codes of colours; of others than those and what lies between them nothing is said.
    """
    table = np.zeros((256, 256), dtype=np.uint8)
    rows = columns = slice(None)
    if among is not None:
        rows, columns = (slice(axis.min(), axis.max() + 1) for axis in (among >> 8, among & 255))
    nearest, levels = table[rows, columns], np.arange(256, dtype=np.float64)
    best = np.full(nearest.shape, np.inf)
    for index, (a, b) in enumerate(np.asarray(centroids, dtype=np.float64)):
        distance = ((levels[rows] - a) ** 2)[:, None] + (levels[columns] - b) ** 2
        closer = distance < best
        nearest[closer] = index
        np.minimum(best, distance, out=best)
    return table.ravel()


def look_up(table: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """(..., 2) uint8 a, b -> (...) labels, by a table of all colours (see `label_table`)."""
    return table[ab[..., 0].astype(np.uint16) << 8 | ab[..., 1]]


def _refinement(backend: str):
    """How a list of (points, weights, starts) becomes a list of (restarts, k, 2) centroids."""
    if backend == "auto":
        backend = "torch" if _has_gpu() else "histogram"
    if backend == "torch":
        from chromatrack.labels import lloyd_torch

        return lloyd_torch.refine
    if backend == "faiss":
        from chromatrack.labels import lloyd_faiss

        return lloyd_faiss.refine
    return lloyd.refine


def _has_gpu() -> bool:
    # Without a driver there is nothing to ask torch for, whose import takes a second.
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8"):
            pass
    except OSError:
        return False
    import torch

    return torch.cuda.is_available()


def _best(points: np.ndarray, weights: np.ndarray, refined: np.ndarray) -> Clusters:
    inertias = [_inertia(points, weights, centroids) for centroids in refined]
    centroids = refined[int(np.argmin(inertias))]
    centroids = centroids[np.lexsort((centroids[:, 1], centroids[:, 0]))]
    return Clusters(centroids.astype(np.float32), min(inertias))


def _inertia(points: np.ndarray, weights: np.ndarray, centroids: np.ndarray) -> float:
    nearest = np.full(len(points), np.inf)
    distance, along_b = np.empty((2, len(points)))
    for a, b in centroids:
        np.subtract(points[:, 0], a, out=distance)
        np.subtract(points[:, 1], b, out=along_b)
        distance *= distance
        distance += np.square(along_b, out=along_b)
        np.minimum(nearest, distance, out=nearest)
    return float(weights @ nearest)
