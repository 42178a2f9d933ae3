"""Copying labels by similarity, for grids whose whole similarity matrix would not fit."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ENTRIES = 1 << 24
"""Entries of the similarity matrix that are made at once (64 MiB of float32)."""
NEAR_ROWS = 2
"""Rows of target cells at once on a CPU, where cells beyond a radius are left out: of more rows
together, most of what is computed is beyond it. A GPU would wait for so small a work."""


def copy_similar(
    references: Tensor,
    labels: Tensor,
    target: Tensor,
    *,
    temperature: float,
    top_k: int | None = None,
    radius: int | None = None,
    entries: int = ENTRIES,
) -> Tensor:
    """Mix the labels of the references by their similarity to the target (eq. 3.11, 3.12).

    Args:
        references: (R, C, h, w) features of the reference frames.
        labels: (R, K, h, w) their labels.
        target: (C, h, w) features of the target frame.
        temperature: divides the inner products.
        top_k: cells of all references together that a cell copies from; None is all of them.
        radius: largest distance of those cells, in rows and in columns; None is any.
        entries: of the similarity matrix at once; a limit of memory, the result is the same.

    Returns:
        (K, h, w) labels of the target; sums over K are kept.
    """
    count, _, height, width = references.shape
    reach = height if radius is None else radius
    rows = _rows(entries // (count * width * width), height, radius)
    if radius is not None and target.device.type == "cpu":
        rows = min(rows, NEAR_ROWS)
    bands = []
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        near = slice(max(0, top - reach), min(height, bottom + reach))
        keys = references[:, :, near].transpose(0, 1).flatten(1)  # (C, R * near * w)
        values = labels[:, :, near].transpose(0, 1).flatten(1).T  # (R * near * w, K)
        scores = target[:, top:bottom].flatten(1).T @ keys / temperature
        if radius is not None:
            far = _far(slice(top, bottom), near, width, radius, scores.device)
            scores = scores.masked_fill_(far.repeat(1, count), -torch.inf)
        bands.append(_mix(scores, values, top_k).T.unflatten(1, (bottom - top, width)))
    return torch.cat(bands, dim=1)


def _rows(pairs: int, height: int, radius: int | None) -> int:
    """Rows of target cells that may be at once for so many pairs of a target row and a near one."""
    if radius is None:
        return max(1, min(height, pairs // height))
    return max(1, min(height, int(math.sqrt(radius**2 + pairs)) - radius))


def _mix(scores: Tensor, values: Tensor, top_k: int | None) -> Tensor:
    """(Q, N) scores and (N, K) values -> (Q, K), a softmax over the `top_k` best scores."""
    if top_k is None or top_k >= scores.shape[1]:
        return torch.softmax(scores, dim=1) @ values
    best, where = scores.topk(top_k, dim=1)
    return (torch.softmax(best, dim=1)[..., None] * values[where]).sum(dim=1)


def _far(rows: slice, near: slice, width: int, radius: int, device: torch.device) -> Tensor:
    """(Q, near * w) bool: which cells of one reference lie beyond the radius of each target cell.

    It depends on nothing but the sizes, yet building it costs little beside the inner products.
    """
    columns = torch.arange(width, device=device)
    beside = (columns[:, None] - columns[None]).abs() > radius  # (w, w)
    y = torch.arange(rows.start, rows.stop, device=device)
    other = torch.arange(near.start, near.stop, device=device)
    above = (y[:, None] - other[None]).abs() > radius  # (rows, near)
    return (above[:, None, :, None] | beside[None, :, None, :]).flatten(2).flatten(0, 1)
