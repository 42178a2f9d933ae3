"""Whether a network can be the auxiliary that an experiment asks for, before any job starts."""

from __future__ import annotations

from pathlib import Path

import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.errors import InputError
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.build import build_colorizer, build_siamfc
from chromatrack.settings import ExperimentSettings


def check_branch(experiment: ExperimentSettings, file: Path | None) -> None:
    """Build the branch of an experiment, without weights unless they come from a file.

    Raises:
        InputError: the network has no such layer, border or input.
    """
    if file is not None:
        loaded = load_checkpoint(file, kinds=("colorization", "siamfc"))
        network = loaded.build()
        colours = loaded.kind == "siamfc" or loaded.scaling.sees_colours
        if experiment.input == "colour" and not colours:
            raise InputError(f"input: colour: {file} is a network of grey frames")
    else:
        with torch.device("meta"):
            network = (
                build_siamfc() if experiment.of_siamfc else build_colorizer(trunk=experiment.trunk)
            )
    try:
        AuxiliaryBranch.of(
            network, layer=experiment.layer, border=experiment.border, probe=experiment.probe
        )
    except ValueError as error:
        raise InputError(str(error)) from None
