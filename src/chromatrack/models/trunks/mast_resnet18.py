"""ResNet-18 as CorrFlow and MAST have it: no pooling, stride 4, 64 channels at the end."""

from __future__ import annotations

from chromatrack.models.resnet import CHANNELS, ResNet
from chromatrack.models.trunks import scaled


def build(*, in_channels: int, width: float, padding: str) -> ResNet:
    """Stages of 64, 128, 256 and 256 channels, then a convolution of 3x3 to what is compared."""
    return ResNet(
        in_channels=in_channels,
        channels=scaled(CHANNELS, width),
        padding=padding,
        pooled=False,
        narrowed=scaled((64,), width)[0],
    )
