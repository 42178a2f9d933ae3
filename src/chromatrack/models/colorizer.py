"""Colorization by pointing: embeddings, their similarity, and the copying of labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Colorizer(nn.Module):
    """Trunk on every frame, then the 3-D head over the frames of a sample (thesis 3.2.3).

    Args:
        trunk: (B, 1, H, W) -> (B, C, h, w) with attributes `out_channels`, `stride`, `margin`.
        head: (B, T, C, h, w) -> (B, T, E, h, w).
    """

    def __init__(self, *, trunk: nn.Module, head: nn.Module):
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, 1, H, W) normalised L -> embeddings (B, T, E, h, w)."""
        batch, count = frames.shape[:2]
        features = self.trunk(frames.flatten(0, 1))
        return self.head(features.unflatten(0, (batch, count)))


def affinity(reference: Tensor, target: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Similarity of every target position to every reference position (eq. 3.11).

    Args:
        reference: (B, R, E, h, w) embeddings of the reference frames.
        target: (B, E, h, w) embedding of the target frame.

    Returns:
        (B, h * w, R * h * w); rows sum to one.
    """
    keys = reference.transpose(1, 2).flatten(2)  # (B, E, R * h * w)
    queries = target.flatten(2).transpose(1, 2)  # (B, h * w, E)
    return torch.softmax(queries @ keys / temperature, dim=-1)


def copy_labels(weights: Tensor, labels: Tensor) -> Tensor:
    """Mix the labels of the references with the affinity as weights (eq. 3.12).

    Args:
        weights: (B, h * w, R * h * w), rows sum to one.
        labels: (B, R, K, h, w) distribution over K labels at each position.

    Returns:
        (B, K, h, w) distribution over the labels of the target.
    """
    height, width = labels.shape[-2:]
    values = labels.permute(0, 1, 3, 4, 2).flatten(1, 3)  # (B, R * h * w, K)
    return (weights @ values).transpose(1, 2).unflatten(2, (height, width)).contiguous()
