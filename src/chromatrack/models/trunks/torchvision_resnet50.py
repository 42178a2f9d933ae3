"""ResNet-50 as torchvision defines it, but of stride 8: for public weights."""

from __future__ import annotations

from chromatrack.models.resnet import ResNet
from chromatrack.models.trunks import scaled

INSIDE = (64, 128, 256, 512)


def build(*, in_channels: int, width: float, padding: str) -> ResNet:
    """Bottlenecks, which give four times as many channels as they have inside."""
    return ResNet(
        in_channels=in_channels,
        channels=tuple(4 * inside for inside in scaled(INSIDE, width)),
        blocks=(3, 4, 6, 3),
        bottleneck=True,
        padding=padding,
    )
