"""The colorization network: embeddings of the frames of a sample (thesis 3.2.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from chromatrack.models.similarity import directions


class Colorizer(nn.Module):
    """Trunk on every frame, then the 3-D head over the frames of a sample (thesis 3.2.3).

    Args:
        trunk: (B, 1, H, W) -> (B, C, h, w) with attributes `out_channels`, `stride`, `margin`.
        head: (B, T, C, h, w) -> (B, T, E, h, w).
        dropout: of input channels while training, or None.
        temperature: divides the inner products of eq. 3.11, in training and afterwards.
        by_direction: embeddings are compared by `similarity.directions`.
    """

    def __init__(
        self,
        *,
        trunk: nn.Module,
        head: nn.Module,
        dropout: nn.Module | None = None,
        temperature: float = 1.0,
        by_direction: bool = False,
    ):
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.dropout = dropout
        self.temperature = temperature
        self.by_direction = by_direction

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, 1, H, W) normalised L (or 3 channels) -> embeddings (B, T, E, h, w)."""
        batch, count = frames.shape[:2]
        if self.dropout is not None:
            frames = self.dropout(frames)
        features = self.trunk(frames.flatten(0, 1))
        return self.embedded(features.unflatten(0, (batch, count)))

    def embedded(self, features: Tensor) -> Tensor:
        """(B, T, C, h, w) output of the trunk -> (B, T, E, h, w), of which products are taken."""
        embeddings = self.head(features)
        return directions(embeddings) if self.by_direction else embeddings


class ChannelDropout(nn.Module):
    """Leaves out channels of colour input while training, so that copying them does not suffice.

    As in CorrFlow (Lai and Xie 2019) and MAST (Lai et al. 2020): each channel is zero with the
    given probability, the same ones in all frames of a sample; one is always left, and what is left
    is scaled up, so that the sum keeps its size.
    """

    def __init__(self, probability: float):
        super().__init__()
        if not 0 <= probability < 1:
            raise ValueError(f"channel_dropout: expected 0 to less than 1, got {probability}")
        self.probability = probability

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, C, H, W) -> the same shape."""
        if not self.training:
            return frames
        batch, _, channels = frames.shape[:3]
        chance = torch.rand(batch, channels, device=frames.device)
        kept = chance >= self.probability
        kept |= chance == chance.amax(dim=1, keepdim=True)
        scale = kept * (channels / kept.sum(dim=1, keepdim=True))
        return frames * scale.to(frames.dtype)[:, None, :, None, None]
