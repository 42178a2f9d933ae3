"""Checks that the dataclasses share."""

from __future__ import annotations

import math


def require(condition: bool, message: str) -> None:
    """Raise a ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def positive(settings: object, *names: str) -> None:
    """Each of these fields must be a number of more than zero."""
    for name in names:
        value = getattr(settings, name)
        require(0 < value < math.inf, f"{name}: expected more than 0, got {value}")


def within(settings: object, low: float, high: float, *names: str) -> None:
    """Each of these fields must be a number from `low` to `high`."""
    for name in names:
        value = getattr(settings, name)
        require(low <= value <= high, f"{name}: expected {low} to {high}, got {value}")
