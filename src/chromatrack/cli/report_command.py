"""`chromatrack report`: the page of finished runs, or of any folders of results."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.benchmark import add_selection, selection_of
from chromatrack.cli.evaluate import frames_limit
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
        "runs", metavar="RUN", type=Path, nargs="*", help="folders of runs, such as results/demo"
    )
    parser.add_argument(
        "--annotations", metavar="DIR", type=Path, help="the benchmark's folder, for --results"
    )
    parser.add_argument(
        "--results", metavar="DIR", type=Path, nargs="+", help="folders of results, one per tracker"
    )
    parser.add_argument(
        "--tracker", metavar="NAME", nargs="+", help="names of the trackers; else of their folders"
    )
    parser.add_argument(
        "--benchmark",
        choices=sets.NAMES,
        metavar="BENCHMARK",
        default="otb",
        help=f"of --results: one of {', '.join(sets.NAMES)}; without it, otb",
    )
    parser.add_argument(
        "--subset", action="store_true", help="only the targets that have results, not all"
    )
    parser.add_argument(
        "--frames-limit", metavar="N", type=frames_limit, help="only the first N frames of each"
    )
    add_selection(parser)
    parser.add_argument(
        "--output",
        metavar="FILE.html",
        type=Path,
        default=Path("report.html"),
        help="page to write; without it, report.html",
    )
    parser.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.runs import report_results, report_runs

    if bool(options.runs) == bool(options.results):
        raise InputError("expected either folders of runs, or --annotations DIR --results DIR ...")
    if options.runs:
        told = report_runs(options.runs, options.output)
    else:
        if options.annotations is None:
            raise InputError("--results: expected --annotations DIR beside it")
        selection = selection_of(options, options.annotations, max_frames=options.frames_limit)
        told = report_results(
            sets.get(options.benchmark),
            selection,
            options.results,
            options.output,
            names=options.tracker,
            subset=options.subset,
        )
    print("\n".join([*told, f"page: {options.output}"]))
