"""Losses: pure functions of tensors."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from chromatrack.models.similarity import (
    copied_labels,
    log_likelihood,
    predict_labels,
    seen_cells,
)
from chromatrack.patches import STRIDE

UNSEEN = -math.log(1e-7)
"""`nll` of a position whose label no reference cell in sight has, where eq. 3.14 is infinite."""


def label_loss(
    embeddings: Tensor,
    labels: Tensor,
    *,
    colours: int,
    kind: str = "nll",
    temperature: float = 1.0,
    window: int | None = None,
) -> Tensor:
    """Loss of the labels that the last frame copies from the others, averaged over its positions.

    Args:
        embeddings: (B, T, E, h, w) of a sample, of any floating type.
        labels: (B, T, g, g) true labels, int64; the central h x w cells count.
        colours: number of labels.
        kind: `nll` is eq. 3.14, -log of the copied probability of the true label;
            `double_softmax` takes the softmax of the copied distribution once more, as the
            thesis's code did, and cannot fall below ln(1 + (K - 1) / e).
        temperature, window: see `models.similarity.affinity`.
    """
    if kind == "nll":
        labels = seen_cells(labels, embeddings)
        logs, possible = log_likelihood(
            embeddings[:, :-1], embeddings[:, -1], labels[:, :-1], labels[:, -1],
            colours=colours, temperature=temperature, window=window,
        )  # fmt: skip
        return torch.where(possible, -logs, UNSEEN).mean()
    if kind == "double_softmax":
        predicted, truth = predict_labels(
            embeddings, labels, colours=colours, temperature=temperature, window=window
        )
        return F.cross_entropy(predicted, truth)
    raise ValueError(f"kind: expected nll or double_softmax, got {kind!r}")


def chroma_loss(
    embeddings: Tensor, chroma: Tensor, *, temperature: float = 1.0, window: int | None = None
) -> Tensor:
    """Huber loss of the a and b that the last frame copies, averaged over its positions.

    Args:
        embeddings: (B, T, E, h, w) of a sample, of any floating type.
        chroma: (B, T, 2, g, g) a and b of the cells, a unit of 1 for ten levels of 8 bits; the
            central h x w cells count.
        temperature, window: see `models.similarity.affinity`.
    """
    chroma = seen_cells(chroma, embeddings)
    copied = copied_labels(
        embeddings[:, :-1], embeddings[:, -1], chroma[:, :-1], temperature=temperature,
        window=window,
    )  # fmt: skip
    return F.smooth_l1_loss(copied, chroma[:, -1])


def double_softmax_floor(colours: int) -> float:
    """The lowest value that `double_softmax` can reach with `colours` labels."""
    return float(torch.log1p((colours - 1) * torch.exp(torch.tensor(-1.0, dtype=torch.float64))))


def target_map(
    size: int,
    *,
    stride: int = STRIDE,
    radius: float = 16.0,
    distance: str = "l1",
    offsets_yx: Tensor | None = None,
) -> Tensor:
    """(size, size) true score map: 1 within `radius` pixels of the centre, else 0 (eq. 3.2).

    Args:
        offsets_yx: (B, 2) pixels by which the targets lie off the centre; the result is then
            (B, size, size).
        stride: total stride of the network (k of eq. 3.2), in pixels per cell.
        distance: `l1` is the diamond of Figure 3.2, `l2` the Euclidean distance of the text.
    """
    device = None if offsets_yx is None else offsets_yx.device
    axis = torch.arange(size, dtype=torch.float32, device=device) - (size - 1) / 2
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    if offsets_yx is not None:
        cells = (offsets_yx / stride)[:, :, None, None]
        rows, columns = rows - cells[:, 0], columns - cells[:, 1]
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
        target: (n, n) true map of zeros and ones, or (B, n, n), one for each.
        kind: `balanced` gives positives and negatives the same total weight, `mean` is eq. 3.4.
    """
    if target.dim() == 3:
        target = target[:, None]
    if kind == "balanced":
        positive = target > 0.5
        count = positive.sum(dim=(-2, -1), keepdim=True)
        rest = (~positive).sum(dim=(-2, -1), keepdim=True)
        weight = torch.where(positive, 0.5 / count, 0.5 / rest)
    elif kind == "mean":
        weight = torch.full_like(target, 1 / (target.shape[-1] * target.shape[-2]))
    else:
        raise ValueError(f"kind: expected balanced or mean, got {kind!r}")
    each = F.binary_cross_entropy_with_logits(
        response.float(), target.expand_as(response), reduction="none"
    )
    return (each * weight).sum(dim=(-2, -1)).mean()
