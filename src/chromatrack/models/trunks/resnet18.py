"""ResNet-18 of thesis Table 3.3."""

from __future__ import annotations

from chromatrack.models.resnet import CHANNELS, ResNet
from chromatrack.models.trunks import scaled


def build(*, in_channels: int, width: float, padding: str) -> ResNet:
    """Two residual blocks in each of the four stages."""
    return ResNet(in_channels=in_channels, channels=scaled(CHANNELS, width), padding=padding)
