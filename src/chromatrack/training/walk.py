"""A second pretext on the same clips: a walk from patch to patch through time and back.

Contrastive random walks (Jabri, Owens and Efros 2020): the patches of a frame are nodes, and a step
goes to the patches of the next frame by the likeness of their embeddings. Who walks to a later
frame and back should arrive where he began; nothing else is asked, and no label is read.

Each patch goes through the trunk by itself, so that no cell can tell its place by the frame's edge.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chromatrack.models.colorizer import Colorizer

SIDE, STRIDE = 64, 32
"""Of the patches, in pixels: 7 x 7 of 256 x 256."""
TEMPERATURE = 0.07
DROPOUT = 0.1
"""Share of the steps that are forbidden while training, so that ways around are learned, too."""


class Walk(nn.Module):
    """What pretraining by walks does with a colorization network: it trains the trunk alone."""

    def __init__(self, model: Colorizer):
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, C, H, W) normalised -> (B, T, N, E) unit vectors of the N patches of a frame."""
        if self.model.dropout is not None:
            frames = self.model.dropout(frames)
        batch, count = frames.shape[:2]
        patches = patches_of(frames.flatten(0, 1))  # (B * T * N, C, side, side)
        trunk = self.model.trunk
        features = trunk(F.pad(patches, (trunk.margin,) * 4, mode="replicate"))
        embedded = F.normalize(features.mean(dim=(-2, -1)).float(), dim=-1)
        return embedded.unflatten(0, (batch, count, -1))


def patches_of(images: Tensor) -> Tensor:
    """(B, C, H, W) -> (B * N, C, 64, 64): patches every 32 pixels, row by row."""
    tiles = images.unfold(2, SIDE, STRIDE).unfold(3, SIDE, STRIDE)  # (B, C, rows, columns, s, s)
    return tiles.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)


def walk_loss(nodes: Tensor, *, dropout: float = 0.0) -> Tensor:
    """-log of the probability to be back at the start, mean over nodes and lengths of walk.

    Args:
        nodes: (B, T, N, E) unit vectors; walks go from the first frame to each later one and back.
        dropout: probability that a step is forbidden.
    """
    with torch.autocast(nodes.device.type, enabled=False):
        scores = nodes[:, :-1] @ nodes[:, 1:].transpose(-2, -1) / TEMPERATURE  # (B, T - 1, N, N)
        out, home, losses = None, None, []
        there, back = _steps(scores, dropout), _steps(scores.transpose(-2, -1), dropout)
        for forth, again in zip(there.unbind(1), back.unbind(1), strict=True):
            out = forth if out is None else out @ forth
            home = again if home is None else again @ home
            arrived = (out @ home).diagonal(dim1=-2, dim2=-1)  # (B, N)
            losses.append(-arrived.clamp_min(1e-20).log().mean())
        return torch.stack(losses).mean()


def _steps(scores: Tensor, dropout: float) -> Tensor:
    if dropout:
        forbidden = torch.rand_like(scores) < dropout
        # A node of which every step is forbidden keeps them all.
        forbidden &= ~forbidden.all(dim=-1, keepdim=True)
        scores = scores.masked_fill(forbidden, float("-inf"))
    return torch.softmax(scores, dim=-1)
