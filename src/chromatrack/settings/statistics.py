"""How the trackers of a run are compared (docs/statistics.md)."""

from __future__ import annotations

from dataclasses import dataclass

from chromatrack.settings.checks import positive, require


@dataclass(frozen=True)
class StatisticsSettings:
    """Intervals, tests and verdicts on the experiments of a run."""

    margin: float = 0.005
    """Difference that counts, in units of the measure: a smaller gain is none."""
    draws: int = 10_000
    """Of the bootstrap and of the permutations."""
    seed: int = 0
    """Of everything that is drawn."""

    def __post_init__(self) -> None:
        positive(self, "margin")
        require(self.draws >= 100, f"draws: expected 100 or more, got {self.draws}")
        require(self.seed >= 0, f"seed: expected 0 or more, got {self.seed}")
