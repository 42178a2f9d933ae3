"""Lloyd's iteration by faiss, on a GPU where faiss has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

BLOCK = 20
"""Iterations between two looks at whether the centres still move: faiss has no test of its own."""


def refine(
    tasks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    tolerance: float,
    max_iterations: int,
) -> Iterator[np.ndarray]:
    """As `lloyd.refine`, in the float32 of faiss; up to `BLOCK` - 1 iterations more."""
    for points, weights, starts in tasks:
        # Centred: float32 loses the small differences otherwise.
        center = np.average(points, axis=0, weights=weights)
        colours = np.ascontiguousarray(points - center, dtype=np.float32)
        mass = np.ascontiguousarray(weights, dtype=np.float32)
        refined = [
            _converge(colours, mass, start.astype(np.float32), tolerance, max_iterations)
            for start in starts - center
        ]
        yield np.stack(refined).astype(np.float64) + center


def _converge(colours, mass, centroids, tolerance: float, max_iterations: int) -> np.ndarray:
    import faiss

    gpus = getattr(faiss, "get_num_gpus", lambda: 0)()
    while max_iterations > 0:
        kmeans = faiss.Kmeans(
            2,
            len(centroids),
            niter=min(BLOCK, max_iterations),
            gpu=bool(gpus),
            min_points_per_centroid=1,
            max_points_per_centroid=65536,
        )
        kmeans.train(colours, weights=mass, init_centroids=np.ascontiguousarray(centroids))
        max_iterations -= BLOCK
        moved = np.abs(kmeans.centroids - centroids).max()
        centroids = kmeans.centroids
        # Below a thousandth of a level float32 does not settle.
        if moved <= max(tolerance, 1e-3):
            break
    return centroids
