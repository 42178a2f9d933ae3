"""Where experiment 3 starts from: a colorization network that was not trained."""

from __future__ import annotations

from pathlib import Path

import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.files import made_by
from chromatrack.models.build import build_colorizer
from chromatrack.settings import ColorizationSettings
from chromatrack.stages.colorization.network import (
    description_of,
    input_scaling,
    statistics_read,
)


def initial_colorization(
    statistics: Path | None,
    output: Path,
    *,
    trunk: str,
    seed: int,
    settings: ColorizationSettings,
) -> None:
    """Write a checkpoint of random weights.

    It depends on the network and its input alone: on no key of the training.

    Args:
        statistics: Lab statistics, for `normalization: measured`; else not read.
    """
    torch.manual_seed(seed)
    description = description_of(trunk, settings)
    statistics = statistics_read(statistics, settings)
    save_checkpoint(
        output,
        kind="colorization",
        network=description,
        scaling=input_scaling(statistics, settings),
        module=build_colorizer(**description),
        made_by=made_by(
            "initial-colorization",
            settings={**description, "normalization": settings.normalization, "seed": seed},
            inputs={statistics.name: statistics} if statistics else {},
        ),
    )
