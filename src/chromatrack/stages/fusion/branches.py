"""The two branches of a combined network, from the checkpoints that they were trained as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chromatrack.checkpoints import Checkpoint, load_checkpoint
from chromatrack.errors import InputError
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.build import INPUT_CHANNELS
from chromatrack.models.inputs import COLOURS, InputScaling
from chromatrack.settings import AuxiliarySettings

MEANS = {
    "rgb_byte": "channel_mean_byte",
    "rgb_normalized": "channel_mean_thrice",
    "lab_l_thrice": "channel_mean_thrice",
}
"""What a network that is used to an input is shown in its place: the mean of R, G, B, as scaled."""


def load_siamfc(path: Path) -> Checkpoint:
    return load_checkpoint(path, kinds=("siamfc",))


def load_auxiliary(path: Path) -> Checkpoint:
    return load_checkpoint(path, kinds=("colorization", "siamfc"))


def branch_of(auxiliary: Checkpoint, settings: AuxiliarySettings) -> AuxiliaryBranch:
    """The branch with the weights of the checkpoint.

    Raises:
        InputError: its network has no such layer or border.
    """
    try:
        return AuxiliaryBranch.of(
            auxiliary.build(), layer=settings.layer, border=settings.border, probe=settings.probe
        )
    except ValueError as error:
        raise InputError(f"{auxiliary.path}: {error}") from None


def fused_scaling(
    siamfc: Checkpoint, auxiliary: Checkpoint, branch: AuxiliarySettings
) -> InputScaling:
    """RGB as the SiamFC checkpoint says, the rest as that of the auxiliary and the settings say.

    Raises:
        InputError: the network cannot see what the settings ask for.
    """
    if auxiliary.kind == "siamfc":
        kind, channels = f"rgb_{auxiliary.scaling.rgb}", 3
    else:
        kind = auxiliary.scaling.grey
        channels = INPUT_CHANNELS[auxiliary.network.get("input", "luma")]
    if branch.input == "colour" and kind not in COLOURS:
        raise InputError(f"{auxiliary.path}: is a network of grey frames; input: colour needs one "
                         "that was trained on colours")  # fmt: skip
    if branch.input == "channel_mean":
        kind = MEANS.get(kind, "channel_mean")
    return replace(
        auxiliary.scaling,
        rgb=siamfc.scaling.rgb,
        grey=kind,
        grey_channels=channels,
        equalization=branch.equalization,
    )
