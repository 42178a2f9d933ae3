"""Success and precision plots of any trackers on OTB; nothing here reads a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from chromatrack.metrics.otb import (
    NORMALIZED_THRESHOLDS,
    PRECISION_PIXELS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
)
from chromatrack.reporting.plots import frame, new_figure


class _Plot(NamedTuple):
    """One plot: keys of its curve and its score in an evaluation, thresholds, names of the axes."""

    curve: str
    score: str
    thresholds: np.ndarray
    x: str
    y: str
    legend: str


PLOTS = {
    "success": _Plot(
        "success_curve", "success_auc", SUCCESS_THRESHOLDS,
        "overlap threshold", "success rate", "success AUC",
    ),
    "precision": _Plot(
        "precision_curve", "precision_20", PRECISION_THRESHOLDS,
        "centre error threshold (pixels)", "precision", f"at {PRECISION_PIXELS} pixels",
    ),
    "normalized_precision": _Plot(
        "normalized_precision_curve", "normalized_precision_auc", NORMALIZED_THRESHOLDS,
        "centre error threshold (target sizes)", "normalised precision", "AUC",
    ),
}  # fmt: skip
LINES = ("-", "--", "-.", ":")
"""After ten colours the next kind of line begins."""


def otb_figures(
    evaluations: Mapping[str, Mapping[str, Any]], title: str
) -> Iterator[tuple[str, Figure]]:
    """A figure per measure, its name before it; call inside `plots.style()`.

    Args:
        evaluations: tracker -> what `evaluate_otb` returns. A tracker keeps its colour from
            plot to plot; legends are sorted by the score that stands in them.
    """
    styles = {
        name: {"color": matplotlib.colormaps["tab10"](i % 10), "linestyle": LINES[i // 10 % 4]}
        for i, name in enumerate(evaluations)
    }
    for measure, plot in PLOTS.items():
        figure, axes = new_figure()
        for name in sorted(evaluations, key=lambda name: -evaluations[name][plot.score]):
            score = evaluations[name][plot.score]
            curve = evaluations[name][plot.curve]
            axes.plot(plot.thresholds, curve, label=f"{name} [{score:.3f}]", **styles[name])
        axes.set(xlabel=plot.x, ylabel=plot.y, ylim=(0, 1), xlim=(0, plot.thresholds[-1]))
        if measure == "precision":
            axes.axvline(PRECISION_PIXELS, color="0.6", linewidth=0.8, linestyle=":")
        frame(figure, title, legend=plot.legend)
        yield measure, figure
