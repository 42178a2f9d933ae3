"""The state of a training as a file: everything that the rest of it depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from chromatrack.checkpoints import check_whole, load_tensors
from chromatrack.errors import InputError
from chromatrack.streams import whole_stream
from chromatrack.training.precision import Precision


@dataclass
class Training:
    """A training in memory.

    Attributes:
        step: steps done.
        best: lowest validation loss so far.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    precision: Precision
    step: int = 0
    best: float = math.inf

    def save(self, path: Path, identity: str) -> None:
        """Write the state, whole or not at all."""
        with whole_stream(path) as sink:
            torch.save(
                {
                    "identity": identity,
                    "step": self.step,
                    "best": self.best,
                    "module": self.module.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "precision": self.precision.state(),
                },
                sink,
            )

    def resume(self, path: Path, identity: str) -> None:
        """Continue from the file, if it is there and of this training.

        Raises:
            InputError: its weights are those of another network.
        """
        if not path.exists():
            return
        try:
            state = load_tensors(path)
            check_whole(path)
        except InputError:
            return
        if not isinstance(state, dict) or state.get("identity") != identity:
            return
        try:
            self.module.load_state_dict(state["module"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError):
            raise InputError(
                f"{path}: the state of another network; remove it to train from the start"
            ) from None
        self.precision.restore(state["precision"])
        self.step, self.best = state["step"], state["best"]

    def is_finite(self) -> bool:
        """Whether every weight is a number."""
        checks = [p.detach().isfinite().all() for p in self.module.parameters()]
        return bool(torch.stack(checks).all())
