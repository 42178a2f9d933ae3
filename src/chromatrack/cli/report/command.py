"""`chromatrack report`: the page of finished runs, or of any folders of results."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.benchmark import SCORING, add_comparison, add_scoring, asked_scoring
from chromatrack.cli.common import given
from chromatrack.errors import InputError
from chromatrack.evaluation import sets


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = subcommands.add_parser(
        "report",
        help="make the page of finished runs, or of folders of results",
        description="Make one page of finished runs, wherever they were copied to: runs that "
        "differ in their seeds alone are joined, others stand one below the other. With "
        "--annotations, of folders of results, the others beside the first.",
    )
    parser.add_argument(
        "runs",
        metavar="RUN",
        type=Path,
        nargs="*",
        help="folders of runs, such as results/demo, or their manifests",
    )
    parser.add_argument("--apart", action="store_true", help="join no runs")
    parser.add_argument(
        "--output",
        metavar="FILE.html",
        type=Path,
        default=Path("report.html"),
        help="page to write; without it, report.html. What is counted anew is written beside it",
    )
    parser.add_argument(
        "--replace", action="store_true", help="also where FILE.html is the page of a run itself"
    )
    _add_results(parser)
    parser.set_defaults(run=_report)


def _add_results(parser: argparse.ArgumentParser) -> None:
    """Options of folders of results, as `compare` has them."""
    group = parser.add_argument_group("folders of results")
    group.add_argument(
        "--results", metavar="DIR", type=Path, nargs="+", help="folders of results, one per tracker"
    )
    add_comparison(group)
    add_scoring(group, required=False)


def _report(options: argparse.Namespace) -> None:
    if bool(options.runs) == bool(options.results):
        raise InputError("expected either folders of runs, or --annotations DIR --results DIR ...")
    told = (_of_runs if options.runs else _of_results)(options)
    print("\n".join([*told, f"page: {options.output}"]))


def _of_runs(options: argparse.Namespace) -> list[str]:
    for option in given(options, "baseline", *SCORING):
        raise InputError(f"{option}: belongs to --results, not to finished runs")
    from chromatrack.stages.report.runs import report_runs

    return report_runs(
        options.runs, options.output, apart=options.apart, replace_page=options.replace
    )


def _of_results(options: argparse.Namespace) -> list[str]:
    from chromatrack.stages.report.folders import Folders, report_results

    if options.annotations is None:
        raise InputError("--results: expected --annotations DIR beside it")
    if options.apart:
        raise InputError("--apart: belongs to finished runs, not to --results")
    benchmark = sets.get(options.benchmark)
    selection, asked = asked_scoring(options, benchmark)
    folders = Folders(
        benchmark,
        selection,
        options.results,
        names=options.tracker,
        baseline=options.baseline,
        options=asked,
    )
    return report_results(folders, options.output, replace_page=options.replace)
