"""All plots of a run, and an index of them for the page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromatrack import published
from chromatrack.files import write_json, write_text
from chromatrack.reporting import plots
from chromatrack.reporting.curves import curve_figures
from chromatrack.reporting.learning import grouped, read_curve
from chromatrack.reporting.manifest import BASELINE_LABEL, Evaluated, Manifest
from chromatrack.reporting.scores import (
    Mean,
    alpha_text,
    experiments_of,
    mean_over_seeds,
    read_evaluation,
)
from chromatrack.settings.experiments import BASELINE, UNTRAINED

INDEX = "figures.json"


def make_figures(manifest: Manifest, output: str | Path) -> list[dict[str, str]]:
    """Write the plots as SVG and PNG, attributes.csv, and the index figures.json, into a folder.

    The curves of the summary's benchmark per experiment, its score over alpha, the curves of the
    other benchmarks, and one plot per group of learning curves. Lines are means over seeds.

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
            first = read_evaluation(manifest.rows[0].evaluation)
            _summary_figures(means, first, manifest.heading, manifest.experiments, keep)
            write_text(output / "attributes.csv", _attributes_csv(means, manifest.heading))
        summarized = {row.evaluation for row in manifest.rows}
        for evaluated in manifest.evaluations:
            if not summarized & set(evaluated.trackers.values()):
                _benchmark_figures(evaluated, manifest, keep)
        for group, paths in grouped(manifest.curves).items():
            curves = {name: read_curve(path) for name, path in paths.items()}
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


def _summary_figures(
    means: list[Mean], first: Mapping[str, Any], heading: str, kinds: Mapping[str, str], keep
) -> None:
    seeds = max(mean.seeds for mean in means)
    averaged = f" Each line is the mean over {seeds} seeds." if seeds > 1 else ""
    beside = [mean for mean in means if mean.experiment in (BASELINE, *UNTRAINED)]
    names = experiments_of(means)
    declared = first["measures"][means[0].first]
    measure = declared["title"]
    if names:
        thesis = first["benchmark"] == published.BENCHMARK
        told = (
            "The dashed lines are the thesis's published numbers on OTB2015, for reference only: "
            "other data, other training."
        )
        keep(
            plots.alpha_plot(means, f"{measure} by α\n{heading}", measure=measure, thesis=thesis),
            "alpha",
            f"{measure} by α",
            "α = 0 is the SiamFC branch alone, α = 1 the colorization branch alone. "
            + (told if thesis else "")
            + averaged,
        )
    for name in names or [BASELINE]:
        lines = beside + [mean for mean in means if mean.experiment == name != BASELINE]
        what = _described(name, kinds)
        for key in first["headline"]:
            drawn = [c for c in first["curves"].values() if c["measure"] == key]
            for curve in drawn:
                keep(
                    plots.curve_plot(
                        lines,
                        curve["key"],
                        f"{curve['title']} ({first['protocol'].upper()}), {what}\n{heading}",
                    ),
                    f"{curve['key']}_{_file_name(name)}",
                    f"{curve['title']}, {what}",
                    f"{curve['y'].capitalize()} over {curve['x']}; in brackets: {curve['legend']}."
                    + averaged,
                )


def _benchmark_figures(evaluated: Evaluated, manifest: Manifest, keep) -> None:
    scores = {title: read_evaluation(path) for title, path in evaluated.trackers.items()}
    if not scores:
        return
    one = next(iter(scores.values()))
    where = f"{one['title']} ({one['protocol'].upper()})"
    for key, figure in curve_figures(scores, f"{where}\n{manifest.extent(one)}"):
        curve = one["curves"][key]
        keep(
            figure,
            f"{evaluated.benchmark}_{evaluated.protocol}_{key}",
            f"{where}: {curve['title']}",
            f"{curve['y'].capitalize()} over {curve['x']}; in brackets: {curve['legend']}.",
        )


def _described(name: str, kinds: Mapping[str, str]) -> str:
    if name == BASELINE:
        return BASELINE_LABEL
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
            [heading, mean.tracker or mean.experiment, alpha, f"{mean.score:.6f}"]
            + ["" if score is None else f"{score:.6f}" for score in scores]
        )
    return rows.getvalue()


def _file_name(text: str) -> str:
    """A file name out of a name that may hold anything."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "unnamed"
