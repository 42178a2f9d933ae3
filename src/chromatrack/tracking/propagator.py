"""From a checkpoint to something that propagates labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from chromatrack.checkpoints import load_checkpoint
from chromatrack.models.colorizer import Colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import PropagationSettings
from chromatrack.tracking.propagation import propagate, view_of
from chromatrack.tracking.recipe import Recipe, recipe


@dataclass(frozen=True)
class Propagator:
    """A network and the way in which it carries labels."""

    model: Colorizer
    scaling: InputScaling
    recipe: Recipe
    device: torch.device

    def __call__(self, frames: Iterable[np.ndarray], labels: np.ndarray) -> Iterator[Tensor]:
        """Labels of each frame; see `propagation.propagate`."""
        return propagate(
            self.model, self.scaling, frames, labels, recipe=self.recipe, device=self.device
        )

    def cell(self, size: tuple[int, int]) -> float:
        """Side of a cell in pixels of frames of (height, width) `size`."""
        return view_of(size, self.model, self.recipe).cell


def load_propagator(
    checkpoint: Path, *, method: str, settings: PropagationSettings, device: torch.device
) -> Propagator:
    """The network of a checkpoint of kind colorization, on `device`."""
    loaded = load_checkpoint(checkpoint, kinds=("colorization",))
    return Propagator(loaded.build().to(device), loaded.scaling, recipe(method, settings), device)
