"""All plots of a run, and an index of them for the page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from chromatrack.errors import InputError
from chromatrack.files import write_json, write_text
from chromatrack.reporting import plots, published
from chromatrack.reporting.manifest import BASELINE, CLASSICAL, Manifest
from chromatrack.reporting.scores import Mean, alpha_text, experiments_of, mean_over_seeds

INDEX = "figures.json"


def make_figures(manifest: Manifest, output: str | Path) -> list[dict[str, str]]:
    """Write the plots as SVG and PNG, attributes.csv, and the index figures.json, into a folder.

    Success and precision per experiment, success AUC over alpha, and one plot per group of
    learning curves. Lines are means over seeds.

    Returns:
        The index: title, caption and svg (file name in the folder) of each plot.
    """
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    index = []
    with plots.style():

        def keep(figure, name: str, title: str, caption: str) -> None:
            plots.save(figure, output / name)
            index.append({"title": title, "caption": caption, "svg": f"{name}.svg"})

        if manifest.rows:
            means = mean_over_seeds(manifest.rows)
            _otb_figures(means, manifest.heading, manifest.experiments, keep)
            write_text(output / "attributes.csv", _attributes_csv(means, manifest.heading))
        for group, paths in _grouped(manifest.curves).items():
            curves = {name: _read_curve(path) for name, path in paths.items()}
            title = f"Learning curves: {group}"
            trunks = " All trunks on the same data: thesis Figure 5.9." * (group == "Colorization")
            keep(
                plots.learning_plot(curves, f"{title}\n{manifest.title}"),
                f"learning_{_file_name(group)}",
                title,
                "Training loss by step; where there are many steps, the running mean over the "
                "values themselves. Dashed: other losses of the same training." + trunks,
            )
    write_json(output / INDEX, index)
    return index


def _otb_figures(means: list[Mean], heading: str, kinds: Mapping[str, str], keep) -> None:
    seeds = max(mean.seeds for mean in means)
    averaged = f" Each line is the mean over {seeds} seeds." if seeds > 1 else ""
    beside = [mean for mean in means if mean.experiment in (BASELINE, CLASSICAL)]
    names = experiments_of(means)
    if names:
        keep(
            plots.alpha_plot(means, f"Success AUC by α\n{heading}"),
            "alpha",
            "Success AUC by α",
            "α = 0 is the SiamFC branch alone, α = 1 the colorization branch alone. The dashed "
            "lines are the thesis's published numbers on OTB2015, for reference only: other data, "
            "other training." + averaged,
        )
    for name in names or [BASELINE]:
        lines = beside + [mean for mean in means if mean.experiment == name != BASELINE]
        what = _described(name, kinds)
        keep(
            plots.success_plot(lines, f"Success (OPE), {what}\n{heading}"),
            f"success_{_file_name(name)}",
            f"Success, {what}",
            "Share of frames whose overlap with the ground truth exceeds a threshold; in brackets "
            "the area under the curve." + averaged,
        )
        keep(
            plots.precision_plot(lines, f"Precision (OPE), {what}\n{heading}"),
            f"precision_{_file_name(name)}",
            f"Precision, {what}",
            "Share of frames whose centre lies within a distance of the true one; in brackets the "
            "value at 20 pixels." + averaged,
        )


def _described(name: str, kinds: Mapping[str, str]) -> str:
    if name == BASELINE:
        return "SiamFC baseline"
    about = kinds.get(name)
    return f"experiment {name} ({about})" if about else f"experiment {name}"


def _attributes_csv(means: list[Mean], heading: str) -> str:
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(["data_set", "experiment", "alpha", "all", *published.ATTRIBUTES])
    for mean in means:
        scores = [mean.attributes.get(name) for name in published.ATTRIBUTES]
        alpha = "" if mean.alpha is None else alpha_text(mean.alpha)
        writer.writerow(
            [heading, mean.tracker or mean.experiment, alpha, f"{mean.success_auc:.6f}"]
            + ["" if score is None else f"{score:.6f}" for score in scores]
        )
    return rows.getvalue()


def _grouped(curves: dict[str, Path]) -> dict[str, dict[str, Path]]:
    """Curves by what stands before the first "/" of their name."""
    groups: dict[str, dict[str, Path]] = {}
    for name, path in curves.items():
        group, _, line = name.partition("/")
        groups.setdefault(group, {})[line or group] = path
    return groups


def _read_curve(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each column with "loss" in its name over the column step, where it has a number."""
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise InputError(f"{path}: expected a CSV with the columns step and loss") from None
    losses = [column for column in table.columns if "loss" in column]
    if "step" not in table.columns or not losses:
        raise InputError(f"{path}: expected the columns step and loss, got {list(table.columns)}")
    curves = {}
    for column in losses:
        numbers = table[["step", column]].apply(pd.to_numeric, errors="coerce")
        numbers = numbers.replace([np.inf, -np.inf], np.nan).dropna()
        if len(numbers):
            curves[column] = (numbers["step"].to_numpy(), numbers[column].to_numpy())
    return curves


def _file_name(text: str) -> str:
    """A file name out of a name that may hold anything."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "unnamed"
