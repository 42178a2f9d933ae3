"""What a benchmark measures, declared once: tables, plots and the page print by it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

Better = Literal["higher", "lower"]

LARGEST = 2**53
"""No score is larger. Sums of such numbers are finite, and whole ones fit into 64 bits."""


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
    def from_declared(cls, told: Any) -> Measure:
        """What `declared` gave; a value beside it is left out.

        Raises:
            ValueError: says which part is not what it gives.
        """
        told = told if isinstance(told, dict) else {}
        _check(told, {"key": str, "title": str, "unit": str, "digits": int, "scale": float})
        span = told.get("range")
        if not (isinstance(span, list) and len(span) == 2 and all(map(_is_end, span))):
            raise ValueError("expected 'range' with its two ends")
        if told.get("better") not in get_args(Better):
            raise ValueError("expected 'better' to be 'higher' or 'lower'")
        if not 0 <= told["digits"] <= 15 or not told["scale"]:
            raise ValueError("expected 'digits' of 0 to 15 and a 'scale' that is not 0")
        known = {part.name for part in fields(cls)}
        return cls(
            **{key: value for key, value in told.items() if key in known}, low=span[0], high=span[1]
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


def check_curve(told: dict[str, Any], measures: Container[str]) -> None:
    """That a curve is as `Curve.declared` gives it.

    Args:
        measures: keys of those that there are.

    Raises:
        ValueError: says which part is not.
    """
    _check(told, {"title": str, "x": str, "y": str, "measure": str, "legend": str})
    parts = [told.get(part) for part in ("thresholds", "values")]
    usable = all(isinstance(part, list) and part and all(map(is_number, part)) for part in parts)
    if not usable or len(parts[0]) != len(parts[1]):
        raise ValueError("expected a value at each threshold")
    if told["measure"] not in measures:
        raise ValueError(f"expected 'measure' to be one of those, got {told['measure']!r:.60}")
    if "mark" not in told or not _is_end(told["mark"]):
        raise ValueError("expected 'mark' to be a threshold or null")


def _check(told: dict[str, Any], kinds: dict[str, type]) -> None:
    said = {str: "text", int: "a whole number", float: "a number"}
    for key, kind in kinds.items():
        value = told.get(key)
        wanted = is_number(value) if kind is float else isinstance(value, kind)
        if not wanted or isinstance(value, bool):
            raise ValueError(f"expected {key!r} with {said[kind]}")


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a number that a score can be."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -LARGEST <= value <= LARGEST
    )


def _is_end(value: Any) -> bool:
    return value is None or is_number(value)
