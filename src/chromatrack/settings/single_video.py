"""The check that one clip can be memorised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromatrack.settings.checks import positive, require
from chromatrack.settings.networks import Trunk


@dataclass(frozen=True)
class SingleVideoSettings:
    """One clip memorised, with several k and losses (thesis 5.3.3); the rest as `colorization`."""

    clip: str | None = None
    """Id of the clip; null takes the first one that was fetched."""
    trunk: Trunk = "resnet18"
    """Trunk that memorises it."""
    colours: tuple[int, ...] = (8, 16)
    """Numbers of labels k."""
    losses: tuple[Literal["nll", "double_softmax"], ...] = ("nll", "double_softmax")
    """Each k is memorised with each of them."""
    steps: int = 490
    """Optimiser steps of each training."""
    drop_at: int | None = None
    """Step after which the rate is divided by ten; null: all steps at the first rate."""
    show_at: tuple[int, ...] = (0, 10, 30)
    """Steps after which predictions are shown, beside the last (Figure 5.7)."""
    images: int = 6
    """Target frames that the figures show, spread over the clip."""

    def __post_init__(self) -> None:
        positive(self, "steps", "images")
        for name in ("colours", "losses"):
            values = getattr(self, name)
            require(len(values) > 0, f"{name}: expected at least one value")
            require(len(set(values)) == len(values), f"{name}: a value is given twice")
        for colours in self.colours:
            require(2 <= colours <= 255, f"colours: expected 2 to 255, got {colours}")
        require(
            self.drop_at is None or 0 < self.drop_at < self.steps,
            f"drop_at: expected 1 to less than steps ({self.steps}), or null, got {self.drop_at}",
        )
        for step in self.show_at:
            require(
                0 <= step < self.steps,
                f"show_at: expected 0 to less than steps ({self.steps}), got {step}",
            )
