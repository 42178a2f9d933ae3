"""The figures of the label analysis as files, and the list of them for the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from chromatrack.labels.analysis import palette, to_cells
from chromatrack.labels.kmeans import label_table, look_up
from chromatrack.labels.over_clips import BOOTSTRAP_CLIPS, Estimate, Variant
from chromatrack.reporting import label_plots, plots
from chromatrack.settings import AnalysisSettings, LabelSettings

SAMPLE = 4
"""Frames of a label figure: three references and the target, as in Figure 3.12."""
REACH = 70.0
"""How saturated labels are drawn, in 8-bit levels."""


class FigureFolder:
    """Draws figures into a folder, numbered: clip ids come from outside and name no file.

    Attributes:
        index: title, caption, svg and png (file names in the folder) of what was drawn.
        centroids: clip, mode, colours (k), points (a, b in 8-bit levels) and the colours that they
            stand for, of each panel of the centroids' figures.
    """

    def __init__(self, folder: Path, labels: LabelSettings, settings: AnalysisSettings):
        self.index: list[dict[str, str]] = []
        self.centroids: list[dict[str, Any]] = []
        self._folder = folder
        self._labels = labels
        self._settings = settings
        self._clips = 0

    @property
    def wants_clips(self) -> bool:
        """Whether fewer clips have figures than are to have them."""
        return self._clips < self._settings.figures

    def draw_centroids(
        self,
        clip_id: str,
        histograms: Mapping[str, np.ndarray],
        centroids: Mapping[Variant, np.ndarray],
    ) -> None:
        """Draw Figures 5.4 to 5.6 of a clip: see `label_plots.centroids_figure`."""
        title = f"Centroids in the AB plane: clip {clip_id}"
        self.centroids += [
            {
                "clip": clip_id,
                "mode": mode,
                "colours": colours,
                "points": points.round(2).tolist(),
                "colors": [f"#{bytes(color).hex()}" for color in palette(points)],
            }
            for (mode, colours), points in centroids.items()
        ]
        with plots.style():
            self._keep(
                label_plots.centroids_figure(histograms, centroids, title),
                f"centroids-{self._clips}",
                title,
                "One panel per equalisation and number of clusters k. Grey: how many pixels have "
                "a colour (logarithmic); dots: centroids, in the colour that they stand for. a "
                "and b in 8-bit levels, the same range in all panels.",
            )

    def draw_labels(
        self,
        clip_id: str,
        rgb: np.ndarray,
        lab: Mapping[str, np.ndarray],
        centroids: Mapping[Variant, np.ndarray],
    ) -> None:
        """Draw Figure 3.12 of a clip, with the variant that the run trains on if it is there.

        Args:
            rgb: (N, size, size, 3) kept frames before equalisation.
            lab: mode -> (N, size, size, 3) Lab after equalisation.
        """
        mode = self._labels.equalization if self._labels.equalization in lab else next(iter(lab))
        counts = self._settings.colours
        colours = self._labels.colours if self._labels.colours in counts else counts[0]
        # The middle of a clip: titles and black frames stand at its ends.
        first = max(0, (len(rgb) - SAMPLE) // 2)
        sample = slice(first, first + SAMPLE)
        points = centroids[mode, colours]
        table, paint = label_table(points), palette(points, reach=REACH)
        ab = lab[mode][sample, ..., 1:]
        size, cells = self._labels.size, self._labels.label_size
        rows = {"frame": list(rgb[sample])}
        if mode != "none":
            rows[f"equalised: {mode}"] = [
                cv2.cvtColor(frame, cv2.COLOR_LAB2RGB) for frame in lab[mode][sample]
            ]
        rows |= {
            f"labels {size}x{size}": list(paint[look_up(table, ab)]),
            f"labels {cells}x{cells}": list(paint[look_up(table, to_cells(ab, cells))]),
        }
        title = f"Colour labels, k = {colours}: clip {clip_id}"
        with plots.style():
            self._keep(
                label_plots.labels_figure(rows, title),
                f"labels-{self._clips}",
                title,
                f"Consecutive kept frames (every {self._labels.frame_stride}th) from the middle of "
                "the clip: references and, last, the target. A label has the hue of its centroid, "
                "at one lightness and more saturated.",
            )
        self._clips += 1

    def draw_trade_off(
        self, estimates: Mapping[Variant, Mapping[str, Estimate]], *, clips: int
    ) -> None:
        """Draw the distance of centroids against the labels that flip; first in the index."""
        size, cells = self._labels.size, self._labels.label_size
        panels = {
            "flips_pixels": f"labels that flip at {size}x{size} (%)",
            "flips_cells": f"labels that flip at {cells}x{cells} (%)",
        }
        title = f"Distance of centroids against consistency of labels (clips: {clips})"
        if clips >= BOOTSTRAP_CLIPS:
            bars = "bars: 95 % bootstrap intervals over clips"
        else:
            bars = f"fewer than {BOOTSTRAP_CLIPS} clips have no confidence intervals"
        with plots.style():
            self._keep(
                label_plots.trade_off_figure(estimates, panels, title),
                "trade-off",
                title,
                "To the right: centroids further apart; down: fewer labels of still regions that "
                f"change from one kept frame to the next. Means over clips; {bars}.",
            )
        # The page shows what the clips have in common before any single one.
        self.index.insert(0, self.index.pop())

    def _keep(self, figure, name: str, title: str, caption: str) -> None:
        plots.save(figure, self._folder / name)
        self.index.append(
            {"title": title, "caption": caption, "svg": f"{name}.svg", "png": f"{name}.png"}
        )
