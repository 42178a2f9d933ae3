"""What a stage tells the engine about a training, besides how to compute a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class FitPlan:
    """What `fit` does besides calling the task.

    Attributes:
        steps: optimiser steps in all.
        samples: samples of a step, of all processes together.
        checkpoint_every: steps between states in work/.
        folder: gets metrics.csv, speed.json, tensorboard/ and checkpoints/. Its folder work/ holds
            last.pt and the growing metrics.csv; it is no output of a rule, so that a workflow that
            removes the outputs of a killed job leaves it alone.
        identity: digest of everything that determines the result; a state of another identity is
            not continued.
        workers: background processes that load batches.
        device: where the network is.
        what: name of the bar.
        seed: of random numbers within a step.
        precision: see `Precision`.
        clip_norm: longest gradient of a step, over all weights; None: whatever it is.
    """

    steps: int
    samples: int
    checkpoint_every: int
    folder: Path
    identity: str
    workers: int
    device: torch.device
    what: str
    seed: int = 0
    precision: int | str = 32
    clip_norm: float | None = None

    @property
    def work_dir(self) -> Path:
        """Folder of what is needed to continue."""
        return self.folder / "work"


@dataclass(frozen=True)
class Validation:
    """The loss on samples that are not trained on.

    Attributes:
        every: steps between validations; there is one more after the last step.
        batches: how many.
        load_batch: 0 to batches - 1 -> batch of CPU tensors.
    """

    every: int
    batches: int
    load_batch: Callable[[int], Any]


@dataclass(frozen=True)
class Keeping:
    """Networks that are kept besides the last: as files in checkpoints/ of the plan's folder.

    Attributes:
        save: writes the network that is trained to a path.
        at: whether the network after so many steps is kept, as step-0001000.pt.
    """

    save: Callable[[Path], None]
    at: Callable[[int], bool]
