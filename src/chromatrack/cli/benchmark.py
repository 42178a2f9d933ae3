"""Options of the commands that work on a benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromatrack.evaluation import sets

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Selection


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """BENCHMARK, by name."""
    parser.add_argument(
        "benchmark",
        choices=sets.NAMES,
        metavar="BENCHMARK",
        help=f"one of {', '.join(sets.NAMES)}",
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which sequences of it."""
    parser.add_argument(
        "--names",
        metavar="LIST",
        help="only these: a published list (otb2013, tb50, otb2015, ...) or a file of names",
    )
    parser.add_argument(
        "--edition", help="of a benchmark that has several, such as vot2018; without it, the usual"
    )


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """How trackers are run over it."""
    parser.add_argument(
        "--protocol",
        metavar="NAME",
        help="ope (one pass), tre (20 starts in time), sre (12 first boxes), restarted, "
        "propagated; without it, the benchmark's usual one",
    )


def selection_of(options: argparse.Namespace, root: Path, **more: Any) -> Selection:
    """The sequences of the benchmark in `root` that these options ask for."""
    from chromatrack.evaluation.benchmark import Selection

    return Selection(root=root, names=options.names, edition=options.edition, **more)
