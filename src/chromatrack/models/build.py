"""The one place where networks are put together out of numbers and names."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from chromatrack.models import alexnet, resnet
from chromatrack.models.alexnet import AlexNet
from chromatrack.models.colorizer import Colorizer
from chromatrack.models.fused import ColorizationBranch, FusedTracker
from chromatrack.models.head import SpatioTemporalHead
from chromatrack.models.resnet import ResNet
from chromatrack.models.siamfc import SiamFC


def scaled(channels: tuple[int, ...], width: float) -> tuple[int, ...]:
    """Channel counts times `width`, rounded to multiples of 8; 16 at least.

    With 8 channels the backward pass of a channels-last 1x1 convolution of stride 2 crashes the
    process (PyTorch 2.15 on a CPU).
    """
    return tuple(max(16, 8 * round(count * width / 8)) for count in channels)


# To add a trunk: one file in this folder, one line here, its name in `settings.Trunk`.
TRUNKS: dict[str, Callable[[float], nn.Module]] = {
    "resnet18": lambda width: ResNet(channels=scaled(resnet.CHANNELS, width)),
    "alexnet": lambda width: AlexNet(
        in_channels=1, channels=scaled(alexnet.CHANNELS["as_run"], width)
    ),
}


def build_siamfc(*, width: float = 1.0, channels: str = "as_run") -> SiamFC:
    """SiamFC with the modified AlexNet."""
    return SiamFC(backbone=AlexNet(channels=scaled(alexnet.CHANNELS[channels], width)))


def build_colorizer(
    *, trunk: str, width: float = 1.0, embedding: int = 64, positions: str = "linspace"
) -> Colorizer:
    """The colorization network with the trunk of that name."""
    body = TRUNKS[trunk](width)
    head = SpatioTemporalHead(
        in_channels=body.out_channels,
        channels=scaled((256,), width)[0],
        embedding=embedding,
        position_kind=positions,
    )
    return Colorizer(trunk=body, head=head)


def build_fused(
    *,
    siamfc: dict,
    colorizer: dict,
    alpha: float | None,
    part: str,
    normalize: bool,
    statistics: tuple[tuple[float, float], tuple[float, float]],
) -> FusedTracker:
    """The combined network out of the descriptions of its two halves."""
    return FusedTracker(
        siamfc=build_siamfc(**siamfc),
        colorization=ColorizationBranch(colorizer=build_colorizer(**colorizer), part=part),
        alpha=alpha,
        normalize=normalize,
        statistics=statistics,
    )
