"""The tracker of a checkpoint, as the stages open it and say what it was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from chromatrack.configuration import as_plain
from chromatrack.files import made_by
from chromatrack.settings import TrackerSettings
from chromatrack.tracking.contract import OpenTracker
from chromatrack.tracking.load import load_tracker, used_alpha


@dataclass(frozen=True)
class FromCheckpoint:
    """What `tracking.load.load_tracker` is told, but for the device.

    Attributes:
        checkpoint: of kind siamfc or fused.
        settings: of the tracker.
        alpha: weight of the colorization branch instead of the one in the checkpoint.
        random_auxiliary: seed of fresh weights for the colorization branch (D27b).
    """

    checkpoint: Path
    settings: TrackerSettings
    alpha: float | None = None
    random_auxiliary: int | None = None

    def opener(self, device: torch.device, **options: Any) -> OpenTracker:
        """Makes the tracker; pickles. `options` go before what is said here."""
        given = {
            "settings": self.settings,
            "alpha": self.alpha,
            "random_auxiliary": self.random_auxiliary,
        }
        return partial(load_tracker, self.checkpoint, device=device, **{**given, **options})

    def used_alpha(self) -> float | None:
        """The weight that it mixes with; None for SiamFC alone."""
        return used_alpha(self.checkpoint, self.alpha)

    def source(self, stage: str, **options: Any) -> dict[str, Any]:
        """What determines its boxes beside the sequences and `options` of the stage."""
        return made_by(
            stage, settings={**self.shown(), **options}, inputs={"checkpoint": self.checkpoint}
        )

    def shown(self) -> dict[str, Any]:
        """Its settings, as `made_by` takes them."""
        return {
            "tracker": as_plain(self.settings),
            "alpha": self.alpha,
            "random_auxiliary": self.random_auxiliary,
        }
