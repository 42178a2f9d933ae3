"""What is read of scores.json, as `benchmark.report` makes it, target by target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chromatrack.evaluation.measures import Measure


def unit_key(unit: str) -> str:
    """The key under which what each target has by itself stands: per_sequence, per_object."""
    return f"per_{unit}"


def per_unit(scores: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Target -> the measures that it has by itself, and `frames`; empty where they are not told."""
    return scores.get(unit_key(scores["unit"]), {})


def own_measures(scores: Mapping[str, Any]) -> list[Measure]:
    """The measures that each target has by itself, as declared; the first one is compared.

    Raises:
        ValueError: what stands there is no measure as it is declared.
    """
    one = next(iter(per_unit(scores).values()), {})
    return [Measure.from_declared(told) for key, told in scores["measures"].items() if key in one]
