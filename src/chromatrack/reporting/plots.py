"""The plots: matplotlib figures out of scores; nothing here reads a file.

Files come out the same for the same numbers: no dates, a fixed salt for the ids of the SVG, and no
interpretation of "$" in labels, which come from outside.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from chromatrack import published
from chromatrack.files import write_text
from chromatrack.reporting.manifest import BASELINE_LABEL
from chromatrack.reporting.scores import Mean, experiments_of
from chromatrack.settings.experiments import BASELINE
from chromatrack.streams import whole_stream

STYLE = {
    "svg.hashsalt": "chromatrack",
    "text.parse_math": False,
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
NAMED, IN_COLUMN = 45, 15
"""Lines that a legend names at most, and in one column of it."""
AXES = 4.2
"""Inches of width that are left beside a legend, at least."""
LEARNED_AT = 1.12
"""Place of "learned" on the axis of alphas."""


def new_figure(width: float = 6.8, height: float = 4.2) -> tuple[Figure, Axes]:
    """A figure (inches) with one pair of axes; call inside `style()`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def style():
    """The context in which figures are made and saved."""
    return matplotlib.rc_context(STYLE)


def save(figure: Figure, path_without_suffix: Path) -> None:
    """Write PATH.svg and PATH.png, whole, without dates."""
    with whole_stream(path_without_suffix.with_name(path_without_suffix.name + ".png")) as sink:
        figure.savefig(sink, dpi=150, format="png", metadata={"Software": None})
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    write_text(path_without_suffix.with_name(path_without_suffix.name + ".svg"), text.getvalue())


def curve_plot(means: Sequence[Mean], key: str, title: str) -> Figure:
    """One curve of several trackers, ordered by the measure that sums it up, which stands in the
    legend (thesis Figures 5.10 to 5.14)."""
    figure, axes = new_figure()
    others = [mean for mean in means if mean.tracker is not None]
    colors = {mean: matplotlib.colormaps["tab10"](i % 10) for i, mean in enumerate(others)}
    measure = means[0].curves[key]["measure"]
    for mean in sorted(means, key=lambda mean: -mean.values[measure]):
        curve = mean.curves[key]
        if mean in colors:
            line = {"color": colors[mean], "linestyle": ":", "linewidth": 1.2}
        else:
            line = _line_of(mean)
        label = f"{mean.label} [{mean.values[measure]:.3f}]"
        axes.plot(curve["thresholds"], curve["values"], label=label, **line)
    axes.set(xlabel=curve["x"], ylabel=curve["y"], ylim=(0, 1), xlim=(0, curve["thresholds"][-1]))
    if curve["mark"] is not None:
        axes.axvline(curve["mark"], color="0.6", linewidth=0.8, linestyle=":")
    frame(figure, title, legend=curve["legend"])
    return figure


def _line_of(mean: Mean) -> dict:
    if mean.experiment == BASELINE:
        return {"color": "black", "linestyle": (0, (5, 2)), "zorder": 3}
    if isinstance(mean.alpha, float):
        return {"color": matplotlib.colormaps["viridis"](0.93 * mean.alpha)}
    return {"color": "tab:red", "linestyle": "-."}


def alpha_plot(means: Sequence[Mean], title: str, *, measure: str, thesis: bool = True) -> Figure:
    """The score over alpha, a line per experiment.

    Args:
        measure: name of the score.
        thesis: draw the thesis's OTB2015 numbers beside them.
    """
    figure, axes = new_figure(7.6, 4.4)
    for index, name in enumerate(experiments_of(means)):
        color = matplotlib.colormaps["tab10"](index % 10)
        own = [mean for mean in means if mean.experiment == name]
        line = [mean for mean in own if isinstance(mean.alpha, float)]
        axes.plot(
            [mean.alpha for mean in line], [mean.score for mean in line], "o-",
            color=color, markersize=4.5, label=f"experiment {name}",
        )  # fmt: skip
        learned = [mean.score for mean in own if mean.alpha == "learned"]
        axes.plot([LEARNED_AT] * len(learned), learned, "D", color=color, markersize=5)
        reference = published.OTB2015_SUCCESS.get(name, {}) if thesis else {}
        axes.plot(
            list(reference), list(reference.values()), "s--", color=color, markersize=4,
            markerfacecolor="white", linewidth=0.9, alpha=0.65,
            label=f"experiment {name}, thesis" if reference else None,
        )  # fmt: skip
    for mean in means:
        if mean.experiment == BASELINE:
            axes.axhline(mean.score, color="black", linewidth=1.2, label=BASELINE_LABEL)
    if thesis:
        axes.axhline(
            published.BASELINE_SUCCESS, color="black", linewidth=0.9, linestyle="--", alpha=0.65,
            label=f"{BASELINE_LABEL}, thesis",
        )  # fmt: skip
    _alpha_axis(axes, any(mean.alpha == "learned" for mean in means))
    axes.set_ylabel(measure)
    axes.set_ylim(bottom=0)
    frame(figure, title, legend="dashed: published,\non OTB2015" if thesis else None)
    return figure


def frame(figure: Figure, title: str, legend: str | None = None) -> None:
    """Title over the whole width, broken where it is long; legend to the right of the axes."""
    lines = [line for part in title.splitlines() for line in textwrap.wrap(part, 88)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10.5)
    axes = figure.axes[0]
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return
    if len(labels) > NAMED:
        more = f"first {NAMED} of {len(labels)}"
        legend = f"{legend}; {more}" if legend else more
    handles, labels = handles[:NAMED], [_short(one) for one in labels[:NAMED]]
    made = axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0,
        title=legend, alignment="left", ncols=-(-len(labels) // IN_COLUMN),
    )  # fmt: skip
    # As wide as it needs to be for the axes to have room.
    wide, high = figure.get_size_inches()
    needed = made.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi
    figure.set_size_inches(max(wide, AXES + needed), high)


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"


def _alpha_axis(axes: Axes, learned: bool) -> None:
    ticks = [tick / 10 for tick in range(0, 11, 2)]
    labels = [f"{tick:.1f}" for tick in ticks]
    if learned:
        ticks, labels = [*ticks, LEARNED_AT], [*labels, "learned"]
    axes.set_xticks(ticks, labels)
    axes.set_xlabel("α, weight of the colorization branch")


def learning_plot(
    curves: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]], title: str
) -> Figure:
    """Losses over steps.

    Args:
        curves: line -> column ("loss", "validation_loss") -> (steps, values). A long column is
            drawn as its running mean over its noisy self.
    """
    figure, axes = new_figure()
    for index, (name, columns) in enumerate(curves.items()):
        color = matplotlib.colormaps["tab10"](index % 10)
        for column, (steps, values) in columns.items():
            training = column == "loss"
            label = name if training else f"{name}, {column.replace('_', ' ')}"
            window = max(1, len(values) // 40)
            if window > 1:
                axes.plot(steps, values, color=color, linewidth=0.5, alpha=0.3)
                steps, values = _running_mean(steps, window), _running_mean(values, window)
            axes.plot(
                steps, values, color=color, label=label, linestyle="-" if training else "--",
                marker="o" if len(values) == 1 else None, markersize=3,
            )  # fmt: skip
    axes.set(xlabel="step", ylabel="loss")
    frame(figure, title)
    return figure


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    return np.convolve(values, np.ones(window) / window, mode="valid")
