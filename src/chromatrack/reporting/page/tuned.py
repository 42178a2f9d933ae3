"""Settings of trackers that were searched: how many were tried, and which was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.reporting.tables import NOTHING, Line, Table, number

SETTINGS = {
    "window_influence": "window",
    "scale_step": "step",
    "scale_penalty": "penalty",
    "scale_rate": "rate",
    "alpha": "α",
}
"""Setting -> head of its column."""


def tuned(found: Mapping[str, Path]) -> Table:
    """A row for each search.

    Args:
        found: tracker -> what `chromatrack tune` wrote.

    Raises:
        InputError: a file is missing, or is none of these.
    """
    lines, said = [], set()
    for name, path in found.items():
        told = read_json(path)
        try:
            values, before = told["values"], told["configured"]["average_overlap"]
            after = told["average_overlap"]
            said.add(f"{told['sequences']} sequences of {told['benchmark']}")
            cells = [
                name, str(told["tried"]), number(before), number(after),
                number(after - before, sign=True),
                *(f"{values[key]:g}" if key in values else NOTHING for key in SETTINGS),
            ]  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{path}: expected what `chromatrack tune` writes") from None
        lines.append(Line(tuple(cells)))
    return Table(
        ("tracker", "settings tried", "AO as configured", "AO chosen", "gain",
         *SETTINGS.values()),
        tuple(lines),
        f"Settings of the tracker, searched on {'; '.join(sorted(said))}. The chosen one is the "
        "best of those tried, so its AO there is too good by what chance adds: the gain is to be "
        "measured on a test set, once. Results on this page have the configured settings.",
    )  # fmt: skip
