"""The tables of the thesis, ours beside its own: a table is one function here, and a name below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chromatrack.reporting.thesis_tables import architectures, challenges, controls, otb2015
from chromatrack.reporting.thesis_tables.source import Source
from chromatrack.reporting.thesis_tables.table import ThesisTable

TABLES: dict[str, Callable[[Source], ThesisTable]] = {
    "table-3.1": architectures.alexnet,
    "table-3.3": architectures.colorizer,
    "table-5.2": challenges.davis,
    "table-5.3": partial(otb2015.by_alpha, number="5.3", experiment="2"),
    "table-5.4": partial(otb2015.by_alpha, number="5.4", experiment="3"),
    "table-5.5": partial(otb2015.by_alpha, number="5.5", experiment="4"),
    "table-5.6": partial(otb2015.by_alpha, number="5.6", experiment="5"),
    "table-5.7": otb2015.attributes,
    "table-5.8": architectures.methods,
    "table-5.9": otb2015.trackers,
    "table-5.10": partial(challenges.vot, number="5.10", edition="VOT2016"),
    "table-5.11": partial(challenges.vot, number="5.11", edition="VOT2018"),
    "controls": controls.controls,
}
"""Name, as of its files -> the function that makes it."""
