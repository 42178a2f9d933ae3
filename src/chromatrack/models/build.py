"""The one place where networks are put together out of numbers and names."""

from __future__ import annotations

import importlib
import math

import torch
from torch import nn

from chromatrack.models import alexnet, trunks
from chromatrack.models.alexnet import AlexNet
from chromatrack.models.auxiliary import DEPTHS, AuxiliaryBranch
from chromatrack.models.colorizer import ChannelDropout, Colorizer
from chromatrack.models.fused import FusedTracker
from chromatrack.models.head import EmbeddingHead
from chromatrack.models.siamfc import SiamFC
from chromatrack.models.trunks import scaled

INPUT_CHANNELS = {"luma": 1, "lab": 3, "rgb": 3, "luma_thrice": 3}
"""`luma_thrice`: L in three channels, for networks made for colour that were trained on grey."""


def build_trunk(
    name: str,
    *,
    in_channels: int = 1,
    width: float = 1.0,
    padding: str = "zeros",
    layer: str = "layer4",
) -> nn.Module:
    """The trunk of that name: the file in `models/trunks/` that is called so.

    Args:
        layer: where it ends, of trunks that can be cut.
    """
    if name not in trunks.NAMES:
        raise ValueError(f"trunk: expected one of {', '.join(trunks.NAMES)}, got {name!r}")
    if padding not in ("zeros", "reflect"):
        raise ValueError(f"padding: expected zeros or reflect, got {padding!r}")
    module = importlib.import_module(f"{trunks.__name__}.{name}")
    trunk = module.build(in_channels=in_channels, width=width, padding=padding)
    if layer == "layer4":
        return trunk
    if layer not in ("layer2", "layer3") or not hasattr(trunk, "cut"):
        raise ValueError(f"layer: expected layer2 to layer4, and a trunk that can be cut; got "
                         f"{layer!r} of {name}")  # fmt: skip
    trunk.cut(DEPTHS[layer])
    return trunk


def build_siamfc(*, width: float = 1.0, channels: str = "as_run") -> SiamFC:
    """SiamFC with the modified AlexNet."""
    return SiamFC(backbone=AlexNet(channels=scaled(alexnet.CHANNELS[channels], width)))


def build_colorizer(
    *,
    trunk: str,
    width: float = 1.0,
    embedding: int = 64,
    positions: str = "linspace",
    head: str = "3d",
    padding: str = "zeros",
    input: str = "luma",
    layer: str = "layer4",
    channel_dropout: float = 0.0,
    temperature: float = 1.0,
    directions: bool = False,
) -> Colorizer:
    """The colorization network; see `ColorizationSettings` for the meaning of the arguments.

    Args:
        layer: where the trunk ends; public weights are used up to one.
    """
    channels = INPUT_CHANNELS[input]
    body = build_trunk(trunk, in_channels=channels, width=width, padding=padding, layer=layer)
    # Without a head the embedding is what the trunk gives.
    top = (
        nn.Identity()
        if head == "none"
        else EmbeddingHead(
            in_channels=body.out_channels,
            channels=scaled((256,), width)[0],
            embedding=embedding,
            position_kind=positions,
            kind=head,
        )
    )
    return Colorizer(
        trunk=body,
        head=top,
        dropout=ChannelDropout(channel_dropout) if channel_dropout else None,
        temperature=temperature,
        by_direction=directions,
    )


def root_of_embedding(*, trunk: str, width: float, embedding: int, head: str) -> float:
    """Square root of the channels that inner products are taken over, as in attention."""
    if head != "none":
        return math.sqrt(embedding)
    with torch.device("meta"):  # nothing is drawn: the network that is built next has its seed
        return math.sqrt(build_trunk(trunk, width=width).out_channels)


def build_auxiliary(
    *, kind: str, network: dict, layer: str = "layer4", border: str = "padded", probe: bool = False
) -> AuxiliaryBranch:
    """The second branch out of the description of a colorization network or a SiamFC."""
    build = {"colorization": build_colorizer, "siamfc": build_siamfc}[kind]
    return AuxiliaryBranch.of(build(**network), layer=layer, border=border, probe=probe)


def build_fused(
    *,
    siamfc: dict,
    auxiliary: dict,
    alpha: float | None,
    normalize: bool,
    statistics: tuple[tuple[float, float], tuple[float, float]],
) -> FusedTracker:
    """The combined network out of the descriptions of its two halves."""
    return FusedTracker(
        siamfc=build_siamfc(**siamfc),
        auxiliary=build_auxiliary(**auxiliary),
        alpha=alpha,
        normalize=normalize,
        statistics=statistics,
    )
