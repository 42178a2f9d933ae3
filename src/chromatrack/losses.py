"""Losses: pure functions of tensors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def label_loss(predicted: Tensor, labels: Tensor, *, kind: str = "nll") -> Tensor:
    """Loss of copied colour labels, averaged over all positions.

    Args:
        predicted: (B, K, h, w) distribution over labels, the result of copying (eq. 3.12).
        labels: (B, h, w) true labels, int64.
        kind: `nll` is eq. 3.14, -log of the probability of the true label; `double_softmax`
            takes the softmax of the distribution once more, as the thesis's code did, and
            cannot fall below ln(1 + (K - 1) / e).
    """
    if kind == "nll":
        # Positions whose colour no reference has would give -log 0.
        return F.nll_loss(torch.log(predicted.float().clamp_min(1e-7)), labels)
    if kind == "double_softmax":
        return F.cross_entropy(predicted.float(), labels)
    raise ValueError(f"kind: expected nll or double_softmax, got {kind!r}")


def double_softmax_floor(colours: int) -> float:
    """The lowest value that `double_softmax` can reach with `colours` labels."""
    return float(torch.log1p((colours - 1) * torch.exp(torch.tensor(-1.0, dtype=torch.float64))))


def target_map(size: int, *, stride: int = 8, radius: float = 16.0, distance: str = "l1") -> Tensor:
    """(size, size) true score map: 1 within `radius` pixels of the centre, else 0 (eq. 3.2).

    Args:
        stride: total stride of the network (k of eq. 3.2), in pixels per cell.
        distance: `l1` is the diamond of Figure 3.2, `l2` the Euclidean distance of the text.
    """
    axis = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    if distance == "l1":
        away = rows.abs() + columns.abs()
    elif distance == "l2":
        away = torch.hypot(rows, columns)
    else:
        raise ValueError(f"distance: expected l1 or l2, got {distance!r}")
    return (away * stride <= radius).float()


def logistic_loss(response: Tensor, target: Tensor, *, kind: str = "balanced") -> Tensor:
    """Logistic loss of score maps, averaged over the batch (eq. 3.3, 3.4).

    Args:
        response: (B, 1, n, n) score maps.
        target: (n, n) true map of zeros and ones.
        kind: `balanced` gives positives and negatives the same total weight, `mean` is eq. 3.4.
    """
    if kind == "balanced":
        positive = target > 0.5
        weight = torch.where(positive, 0.5 / positive.sum(), 0.5 / (~positive).sum())
    elif kind == "mean":
        weight = torch.full_like(target, 1 / target.numel())
    else:
        raise ValueError(f"kind: expected balanced or mean, got {kind!r}")
    each = F.binary_cross_entropy_with_logits(
        response.float(), target.expand_as(response), reduction="none"
    )
    return (each * weight).sum(dim=(-2, -1)).mean()
