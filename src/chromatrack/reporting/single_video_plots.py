"""Figures 5.7 and 5.8 of the thesis: one clip while it is memorised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PIXELS = 160
"""Side of a drawn label map, in pixels."""
COLOURS = {"nll": "tab:blue", "double_softmax": "tab:orange"}


def progress_figure(rows: Mapping[str, Sequence[np.ndarray]], title: str) -> Figure:
    """Predicted labels after some steps, a column per target frame (Figure 5.7).

    Args:
        rows: name of the row -> (H, W, 3) uint8 RGB per target frame; small maps become blocks.
    """
    count = len(next(iter(rows.values())))
    figure = Figure(figsize=(max(6.2, 1.3 * count + 0.6), 1.3 * len(rows) + 0.5))
    figure.set_layout_engine("constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), count, squeeze=False)
    for line, (name, images) in zip(grid, rows.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            factor = max(1, PIXELS // len(image))
            axes.imshow(image.repeat(factor, 0).repeat(factor, 1), interpolation="none")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            axes.grid(False)
        line[0].set_ylabel(name, fontsize=8.5)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    return figure


def curves_figure(
    curves: Mapping[int, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    floors: Mapping[int, float],
    title: str,
) -> Figure:
    """Loss over steps, a panel per k and a line per loss, with the floor (Figure 5.8).

    Args:
        curves: k -> kind of loss -> steps and values.
        floors: k -> the lowest value that `double_softmax` can reach.
    """
    figure = Figure(figsize=(3.6 * max(2, len(curves)), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(curves), squeeze=False, sharey=True)[0]
    for axes, (colours, lines) in zip(panels, curves.items(), strict=True):
        for kind, (steps, values) in lines.items():
            axes.plot(steps, values, color=COLOURS[kind], linewidth=1.2, label=kind)
        floor = floors[colours]
        axes.axhline(
            floor, color="0.3", linewidth=0.9, linestyle="--",
            label=f"floor of double_softmax: {floor:.3f}",
        )  # fmt: skip
        axes.set(title=f"k = {colours}", xlabel="step")
        axes.legend(fontsize=8)
    panels[0].set_ylabel("loss")
    panels[0].set_ylim(bottom=0)  # of all panels, once all lines are drawn
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    return figure
