"""Figures of the analysis of colour labels (thesis Figures 3.12, 5.4, 5.5, 5.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromatrack.labels.analysis import centroid_distances, palette
from chromatrack.labels.over_clips import Estimate

MARKERS = "osD^vP*X"
"""One per number of colours, in turn."""
PIXELS = 256
"""Side of a picture in a figure, at least."""


def centroids_figure(
    histograms: Mapping[str, np.ndarray],
    centroids: Mapping[tuple[str, int], np.ndarray],
    title: str,
) -> Figure:
    """Centroids of one clip over the density of its colours, a row per k, a column per mode.

    Args:
        histograms: mode -> (65536,) counts, index 256 a + b.
        centroids: (mode, k) -> (k', 2) a, b in 8-bit levels.
    """
    modes = list(histograms)
    counts = list(dict.fromkeys(colours for _, colours in centroids))
    figure, grid = _grid(len(counts), len(modes), 1.9 * len(modes) + 0.6, 2.15 * len(counts) + 0.6)
    limits = _limits(histograms.values(), centroids.values())
    for row, colours in enumerate(counts):
        for column, mode in enumerate(modes):
            axes, points = grid[row, column], centroids[mode, colours]
            _density(axes, histograms[mode])
            axes.scatter(
                points[:, 0], points[:, 1], s=46, c=palette(points) / 255, edgecolors="black",
                linewidths=0.9, zorder=3,
            )  # fmt: skip
            smallest = centroid_distances(points)[0]
            told = "one colour" if np.isnan(smallest) else f"smallest distance {smallest:.1f}"
            axes.set_title(f"{mode}, k = {colours}\n{told}", fontsize=8.5)
            axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
            axes.tick_params(labelsize=7.5)
            if row == len(counts) - 1:
                axes.set_xlabel("a")
            if column == 0:
                axes.set_ylabel("b")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    return figure


def _limits(histograms, centroids) -> tuple[tuple[float, float], tuple[float, float]]:
    """Range of a and of b that holds the centroids and, but for outliers, the colours.

    The same for all panels, so that distances can be compared by eye.
    """
    shares = sum(counts / counts.sum() for counts in histograms).reshape(256, 256)
    points = np.concatenate(list(centroids))
    limits = []
    for axis in (0, 1):
        mass = np.cumsum(shares.sum(axis=1 - axis))
        first, last = np.searchsorted(mass, [0.002 * mass[-1], 0.998 * mass[-1]])
        low, high = min(first, points[:, axis].min()), max(last, points[:, axis].max())
        limits.append((low - 6.0, high + 6.0))
    return limits[0], limits[1]


def _density(axes: Axes, histogram: np.ndarray) -> None:
    density = np.log1p(histogram.reshape(256, 256).T.astype(np.float64))
    axes.imshow(
        density, cmap="Greys", origin="lower", extent=(-0.5, 255.5, -0.5, 255.5),
        vmax=1.6 * density.max(), interpolation="nearest",
    )  # fmt: skip


def labels_figure(rows: Mapping[str, Sequence[np.ndarray]], title: str) -> Figure:
    """Frames above and labels below, a column per frame, the last one the target (Figure 3.12).

    Args:
        rows: name of the row -> (H, W, 3) uint8 RGB per frame; small maps are drawn as blocks.
    """
    count = len(next(iter(rows.values())))
    figure, grid = _grid(len(rows), count, 1.75 * count + 0.4, 1.75 * len(rows) + 0.5)
    for row, (name, images) in enumerate(rows.items()):
        for column, image in enumerate(images):
            axes = grid[row, column]
            # Enlarged here, as blocks: a browser would blur a small picture inside an SVG.
            factor = max(1, PIXELS // len(image))
            axes.imshow(image.repeat(factor, 0).repeat(factor, 1), interpolation="none")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if row == 0:
                last = column == count - 1
                axes.set_title("target" if last else f"reference {column + 1}", fontsize=9)
            if column == 0:
                axes.set_ylabel(name, fontsize=8.5)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    return figure


def trade_off_figure(
    points: Mapping[tuple[str, int], Mapping[str, Estimate]],
    panels: Mapping[str, str],
    title: str,
) -> Figure:
    """Smallest distance of centroids against labels that flip, a dot per mode and k.

    Args:
        points: (mode, k) -> measure -> estimate; `smallest_distance` and the keys of `panels`.
        panels: measure on the vertical axis -> its label; a panel each.
    """
    figure, grid = _grid(1, len(panels), 4.3 * len(panels) + 1.7, 3.7)
    modes = list(dict.fromkeys(mode for mode, _ in points))
    counts = list(dict.fromkeys(colours for _, colours in points))
    colors = {mode: matplotlib.colormaps["tab10"](i % 10) for i, mode in enumerate(modes)}
    markers = {colours: MARKERS[i % len(MARKERS)] for i, colours in enumerate(counts)}
    for axes, (measure, label) in zip(grid[0], panels.items(), strict=True):
        for (mode, colours), estimates in points.items():
            x, y = estimates["smallest_distance"], estimates[measure]
            axes.errorbar(
                x.value, y.value, xerr=_bars(x), yerr=_bars(y), marker=markers[colours],
                color=colors[mode], markersize=6.5, markeredgecolor="black",
                markeredgewidth=0.6, elinewidth=0.9, linestyle="none",
            )  # fmt: skip
        axes.set(xlabel="smallest distance of two centroids (8-bit levels)", ylabel=label)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
    handles = [
        Line2D([], [], color=color, marker="o", linestyle="none", label=mode)
        for mode, color in colors.items()
    ] + [
        Line2D([], [], color="0.4", marker=marker, linestyle="none", label=f"k = {colours}")
        for colours, marker in markers.items()
    ]
    figure.legend(handles=handles, loc="outside right upper")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    return figure


def _bars(estimate: Estimate) -> list[list[float]] | None:
    """How far the interval goes below and above the value; None where there is none."""
    if not np.isfinite(estimate.low):
        return None
    # A percentile interval of skewed values may leave the mean outside: no negative bars.
    return [[max(estimate.value - estimate.low, 0)], [max(estimate.high - estimate.value, 0)]]


def _grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """A figure (inches) with (rows, columns) axes; call inside `plots.style()`."""
    # Wide enough for the title, which names the clip.
    figure = Figure(figsize=(max(width, 6.2), height), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.07, w_pad=0.05)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)
