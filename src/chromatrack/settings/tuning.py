"""The search for settings of the tracker (docs/tune.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chromatrack.settings.checks import require


@dataclass(frozen=True)
class TuneSettings:
    """Window, scales and alpha, searched on GOT-10k val."""

    SEARCHED: ClassVar = ("seed", "max_frames")
    """What says which setting is tried next; more trials go on from those that are there."""

    trials: int = 0
    """Settings of the tracker that are tried; 0: it stays as configured."""
    seed: int = 0
    """Of what is drawn."""
    max_frames: int | None = 100
    """Cut each sequence to its first frames; null: whole."""
    result: str | None = None
    """What an earlier search wrote, where the tracker's settings come from it: the report tells."""

    def __post_init__(self) -> None:
        require(self.trials >= 0, f"trials: expected 0 or more, got {self.trials}")
        require(self.seed >= 0, f"seed: expected 0 or more, got {self.seed}")
        require(
            self.max_frames is None or self.max_frames >= 2,
            f"max_frames: expected 2 or more, or null, got {self.max_frames}",
        )
