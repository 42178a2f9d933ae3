"""The last stages: the summary table, the plots and the page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from chromatrack.cli.common import add_settings, add_stage, stage_settings, whole_run
from chromatrack.errors import InputError
from chromatrack.reporting.thesis_tables import TABLES
from chromatrack.settings import StatisticsSettings

if TYPE_CHECKING:
    from chromatrack.reporting.manifest import Manifest


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add `manifest`, and `statistics`, `summary`, `figures`, `page` and `table`, which read it."""
    parser = add_stage(
        subcommands, "manifest", _manifest, help="list the files that the report of a run shows"
    )
    add_settings(parser, "all of them")
    parser.add_argument("--output", metavar="manifest.json", type=Path, required=True)
    statistics = _register(
        subcommands, "statistics", _statistics,
        help="compare the experiments of a run with the baseline",
        description="Compare the trackers of a run with the baseline, target by target: intervals, "
        "tests, three ways to choose alpha, controls, and a verdict on each experiment.",
        output=("FILE.json", "statistics to write"),
    )  # fmt: skip
    add_settings(statistics, "statistics")
    summary = _register(
        subcommands, "summary", _summary,
        help="write the table of all trackers",
        description="Write the table of all trackers as CSV: scores and differences to the "
        "baseline, with their intervals.",
        output=("FILE.csv", "table to write"),
    )  # fmt: skip
    summary.add_argument(
        "--statistics", metavar="FILE.json", type=Path, required=True, help="those of the run"
    )
    _register(
        subcommands, "figures", _figures,
        help="draw the plots",
        description="Draw success and precision plots, success AUC by alpha and learning curves, "
        "as SVG and PNG, with an index figures.json.",
        output=("DIR", "folder to write into"),
    )  # fmt: skip
    _register(
        subcommands, "page", _page,
        help="write the page of results",
        description="Write one self-contained HTML page with the tables, plots and pictures.",
        output=("FILE.html", "page to write"),
    )  # fmt: skip
    parser = _register(
        subcommands, "table", _table,
        help="write a table of the thesis",
        description="Write a table of the thesis as CSV, and as LaTeX beside it: its numbers, and "
        "those of the run.",
        output=("FILE.csv", "table to write; FILE.tex is written beside it"),
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", choices=TABLES, help=", ".join(TABLES))
    parser.add_argument(
        "--statistics",
        metavar="FILE.json",
        type=Path,
        help="statistics.json of the run: intervals, and how alpha was chosen",
    )


def _manifest(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.manifest import write_manifest

    write_manifest(whole_run(options), options.output)


def _register(
    subcommands, name: str, run, *, help: str, description: str, output
) -> argparse.ArgumentParser:
    parser = subcommands.add_parser(name, help=help, description=description)
    parser.add_argument(
        "--manifest",
        metavar="FILE.json",
        type=Path,
        required=True,
        help="what to show; its keys are described in chromatrack.reporting.manifest",
    )
    metavar, text = output
    parser.add_argument("--output", metavar=metavar, type=Path, required=True, help=text)
    parser.set_defaults(run=run)
    return parser


def _manifest_of(options: argparse.Namespace) -> Manifest:
    """The manifest that is to be shown, of which nothing is written over."""
    from chromatrack.reporting.manifest import read_manifest

    manifest = read_manifest(options.manifest)
    output = options.output.resolve()
    if any(path.resolve() == output for path in manifest.scores()):
        raise InputError(
            f"{options.output}: is one of the scores that are read, expected another name to write"
        )
    return manifest


def _statistics(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.verdicts import rule_of, run_statistics

    manifest = _manifest_of(options)
    settings = rule_of(manifest)
    if options.settings is not None or options.config is not None:
        settings = stage_settings(options, StatisticsSettings, lambda whole: whole.statistics)
    said = run_statistics(
        manifest, options.output, margin=settings.margin, draws=settings.draws, seed=settings.seed
    )
    told = (said["headline"], *(one["sentence"] for one in said["experiments"].values()))
    print("\n".join([text for text in told if text]))
    print(f"{manifest.heading}: {options.output}")


def _summary(options: argparse.Namespace) -> None:
    from chromatrack.files import read_json, write_text
    from chromatrack.stages.report.summary import AFTER, BEFORE, BESIDE, summarize

    manifest = _manifest_of(options)
    if not manifest.rows:
        write_text(options.output, ",".join((*BEFORE, *BESIDE, *AFTER)) + "\n")
        print(f"{manifest.heading}: no tracker was scored here")
        return
    table = summarize(manifest, read_json(options.statistics), options.output)
    left_out = ["data_set", "weights", "configuration"]
    print(table.drop(columns=left_out).to_string(index=False, na_rep="-", float_format="%.3f"))
    print(f"{manifest.heading}: {options.output}")


def _figures(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.figures import make_figures

    manifest = _manifest_of(options)
    index = make_figures(manifest, options.output)
    print(f"{len(index)} plots: {options.output}")


def _page(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.page import make_page

    make_page(_manifest_of(options), options.output)
    print(f"page: {options.output}")


def _table(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.thesis_tables import write_table

    table = write_table(options.name, options.manifest, options.statistics, options.output)
    print(f"{table.title}, {len(table.rows)} rows: {options.output}")
