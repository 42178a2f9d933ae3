"""ResNet-34 of thesis section 5.3.4, with the strides and channels of its ResNet-18."""

from __future__ import annotations

from chromatrack.models.resnet import CHANNELS, ResNet
from chromatrack.models.trunks import scaled


def build(*, in_channels: int, width: float, padding: str) -> ResNet:
    """Three, four, six and three residual blocks in the four stages."""
    return ResNet(
        in_channels=in_channels,
        channels=scaled(CHANNELS, width),
        blocks=(3, 4, 6, 3),
        padding=padding,
    )
