"""Plots of the curves that a benchmark declares, for any trackers; nothing here reads a file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from chromatrack.reporting.plots import frame, new_figure

LINES = ("-", "--", "-.", ":")
"""After ten colours the next kind of line begins."""


def curve_figures(
    evaluations: Mapping[str, Mapping[str, Any]], title: str
) -> Iterator[tuple[str, Figure]]:
    """A figure per curve, its key before it; call inside `plots.style()`.

    Args:
        evaluations: tracker -> its scores.json. A tracker keeps its colour from plot to plot;
            legends are sorted by the measure that sums the curve up.
    """
    styles = {
        name: {"color": matplotlib.colormaps["tab10"](i % 10), "linestyle": LINES[i // 10 % 4]}
        for i, name in enumerate(evaluations)
    }
    keys = dict.fromkeys(key for one in evaluations.values() for key in one["curves"])
    for key in keys:
        drawn = {name: one for name, one in evaluations.items() if key in one["curves"]}
        curve = next(iter(drawn.values()))["curves"][key]
        measure = curve["measure"]
        sign = -1 if next(iter(drawn.values()))["measures"][measure]["better"] == "higher" else 1
        numbers = {name: drawn[name].get(measure) for name in drawn}
        figure, axes = new_figure()
        for name in sorted(
            drawn, key=lambda name: math.inf if numbers[name] is None else sign * numbers[name]
        ):
            axes.plot(
                curve["thresholds"],
                drawn[name]["curves"][key]["values"],
                label=f"{name} [{'–' if numbers[name] is None else f'{numbers[name]:.3f}'}]",
                **styles[name],
            )
        axes.set(xlabel=curve["x"], ylabel=curve["y"], ylim=(0, 1))
        axes.set(xlim=(0, curve["thresholds"][-1]))
        if curve["mark"] is not None:
            axes.axvline(curve["mark"], color="0.6", linewidth=0.8, linestyle=":")
        frame(figure, title, legend=curve["legend"])
        yield key, figure
