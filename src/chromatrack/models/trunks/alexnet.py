"""The AlexNet of SiamFC as a trunk of colorization (D12)."""

from __future__ import annotations

from chromatrack.models.alexnet import CHANNELS, AlexNet
from chromatrack.models.trunks import scaled


def build(*, in_channels: int, width: float, padding: str) -> AlexNet:
    """As the tracker's; it has no padding, so `padding` changes nothing."""
    return AlexNet(in_channels=in_channels, channels=scaled(CHANNELS["as_run"], width))
