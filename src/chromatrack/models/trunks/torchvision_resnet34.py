"""ResNet-34 as torchvision defines it, but of stride 8: for public weights."""

from __future__ import annotations

from chromatrack.models.resnet import ResNet
from chromatrack.models.trunks import scaled

CHANNELS = (64, 128, 256, 512)


def build(*, in_channels: int, width: float, padding: str) -> ResNet:
    """512 channels in the last stage; ResNet-18 of the thesis has 256."""
    return ResNet(
        in_channels=in_channels,
        channels=scaled(CHANNELS, width),
        blocks=(3, 4, 6, 3),
        padding=padding,
    )
