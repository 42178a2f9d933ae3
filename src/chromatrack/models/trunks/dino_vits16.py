"""ViT-S/16 as DINO has it: a trunk that is no ResNet."""

from __future__ import annotations

from chromatrack.models.vit import VisionTransformer

HEADS = 6
INSIDE = 64


def build(*, in_channels: int, width: float, padding: str) -> VisionTransformer:
    """384 channels, 12 blocks; `padding` changes nothing, there are no convolutions to pad."""
    inside = max(8, 8 * round(INSIDE * width / 8))
    return VisionTransformer(in_channels=in_channels, channels=HEADS * inside, heads=HEADS)
