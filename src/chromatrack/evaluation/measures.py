"""What a benchmark measures, declared once: tables, plots and the page print by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measure:
    """One number that a benchmark gives a tracker.

    Attributes:
        key: its name in scores.json.
        title: head of its column.
        unit: of the value, in words: "share", "percent", "failures", "per 100 frames".
        better: which way is better.
        low, high: range of the value; None: no bound.
        digits: that tables print.
        scale: factor with which tables and plots print it (100 for percent).
    """

    key: str
    title: str
    unit: str = "share"
    better: Better = "higher"
    low: float | None = 0.0
    high: float | None = 1.0
    digits: int = 3
    scale: float = 1.0

    def declared(self) -> dict[str, Any]:
        """As scores.json holds it."""
        told = asdict(self)
        span = [told.pop("low"), told.pop("high")]
        return {**told, "range": span}

    @classmethod
    def from_declared(cls, told: dict[str, Any]) -> Measure:
        """What `declared` gave."""
        low, high = told["range"]
        return cls(
            **{key: value for key, value in told.items() if key != "range"}, low=low, high=high
        )


@dataclass(frozen=True)
class Curve:
    """A curve over thresholds that a benchmark gives a tracker.

    Attributes:
        key: its name in scores.json.
        title: of its plot.
        x, y: names of the axes.
        thresholds: places at which it is given.
        measure: key of the measure that sums it up, printed in legends.
        legend: what that number is.
        mark: threshold that the plot marks; None for none.
    """

    key: str
    title: str
    x: str
    y: str
    thresholds: tuple[float, ...]
    measure: str
    legend: str
    mark: float | None = None

    def declared(self, values: Sequence[float]) -> dict[str, Any]:
        """As scores.json holds it, with the values at the thresholds."""
        told = asdict(self)
        told["thresholds"] = list(self.thresholds)
        return {**told, "values": [float(value) for value in values]}
