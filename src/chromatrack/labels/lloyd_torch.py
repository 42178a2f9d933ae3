"""Lloyd's iteration of many clips at once, in torch: on a GPU where there is one.

The algorithm of `lloyd.py`, with the clips beside the restarts in the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from chromatrack.labels.lloyd import EDGE, TINY, running_sums

CLIPS = 256
"""Clips that are iterated together: at k = 16 and 10 restarts about 2 GB."""


def refine(
    tasks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    tolerance: float,
    max_iterations: int,
) -> Iterator[np.ndarray]:
    """As `lloyd.refine`; every task has starts of the same shape."""
    tasks = list(tasks)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for begin in range(0, len(tasks), CLIPS):
        part = tasks[begin : begin + CLIPS]
        sums = torch.from_numpy(_tables(part)).to(device)
        starts = torch.from_numpy(np.stack([starts for _, _, starts in part])).to(device)
        limits = {"tolerance": tolerance, "max_iterations": max_iterations}
        yield from _lloyd(sums, starts, **limits).cpu().numpy()


def _tables(tasks) -> np.ndarray:
    """(C, 256, EDGE, 2): running sums of weight and of b times weight, for every value of a."""
    tables = np.zeros((len(tasks), 256, EDGE, 2))
    for table, (points, weights, _) in zip(tables, tasks, strict=True):
        rows, sums = running_sums(points, weights)
        table[rows.astype(np.int64)] = sums.reshape(-1, EDGE, 1).view(np.float64)
    return tables


def _lloyd(
    sums: torch.Tensor, starts: torch.Tensor, *, tolerance: float, max_iterations: int
) -> torch.Tensor:
    """(C, 256, EDGE, 2), (C, s, k, 2) -> (C, s, k, 2) refined centroids."""
    clips, restarts, k, _ = starts.shape
    centroids = starts.reshape(-1, k, 2).clone()
    offset = torch.arange(clips, device=sums.device).repeat_interleave(restarts) * (256 * EDGE)
    flat = sums.reshape(-1, 2)
    active = torch.arange(len(centroids), device=sums.device)
    for _ in range(max_iterations):
        before = centroids[active]
        order = before[..., 1].argsort(dim=1, stable=True)
        before = before.gather(1, order[..., None].expand(-1, -1, 2))
        after = _step(before, flat, offset[active])
        centroids[active] = after
        moved = ((after - before) ** 2).sum(dim=2).amax(dim=1) > tolerance**2
        active = active[moved]
        if len(active) == 0:
            break
    return centroids.reshape(starts.shape)


def _step(centroids: torch.Tensor, sums: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """One iteration: (n, k, 2) in ascending b -> the means of their cells, in the same order."""
    k = centroids.shape[1]
    rows = torch.arange(256, device=sums.device, dtype=sums.dtype)
    left, right = torch.triu_indices(k, k, 1, device=sums.device)
    a, b = centroids.unbind(-1)
    squares = a**2 + b**2
    gap = (2 * (b[:, right] - b[:, left])).clamp(min=TINY)
    bound = (2 * (a[:, left] - a[:, right]) / gap)[..., None] * rows
    bound += ((squares[:, right] - squares[:, left]) / gap)[..., None]
    bound.clamp_(-1, 255)
    shape = (len(centroids), k, k, 256)
    edges = torch.full(shape, 255.0, device=sums.device, dtype=sums.dtype)
    edges[:, left, right] = bound
    last = edges.amin(dim=2).floor().long() + 1
    edges.fill_(-1.0)
    edges[:, left, right] = bound
    first = edges.amax(dim=1).floor().long() + 1
    base = offset[:, None, None] + torch.arange(256, device=sums.device) * EDGE
    cells = sums[torch.maximum(first, last) + base] - sums[first + base]  # (n, k, 256, 2)
    mass = cells[..., 0].sum(dim=2)
    moments = torch.stack([cells[..., 0] @ rows, cells[..., 1].sum(dim=2)], dim=-1)
    means = moments / mass.clamp(min=1)[..., None]
    return torch.where((mass > 0)[..., None], means, centroids)
