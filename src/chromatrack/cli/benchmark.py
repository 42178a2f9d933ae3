"""Options of the commands that work on a benchmark, and of those that score results on it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromatrack.errors import InputError
from chromatrack.evaluation import sets

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Benchmark, Selection


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """BENCHMARK, by name."""
    parser.add_argument(
        "benchmark",
        choices=sets.NAMES,
        metavar="BENCHMARK",
        help=f"one of {', '.join(sets.NAMES)}",
    )


def add_selection(parser: argparse._ActionsContainer) -> None:
    """Which sequences of it."""
    parser.add_argument(
        "--names",
        metavar="LIST",
        help="only these: a published list (otb2013, tb50, otb2015, ...) or a file of names",
    )
    parser.add_argument(
        "--edition", help="of a benchmark that has several, such as vot2018; without it, the usual"
    )


def add_protocol(parser: argparse._ActionsContainer) -> None:
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


def add_scoring(
    parser: argparse._ActionsContainer,
    *,
    required: bool = True,
    attributes: bool = True,
    subset: str = "score the targets that have results, not all",
) -> None:
    """How folders of results are scored; `asked_scoring` reads it.

    Args:
        required: whether the command does nothing without annotations.
        attributes: whether it has scores per attribute.
        subset: what it does with targets that have no results, for its help.
    """
    parser.add_argument(
        "--annotations",
        metavar="DIR",
        type=Path,
        required=required,
        help="the benchmark's folder as it is published; of otb, NAME.txt files of x,y,w,h do, too",
    )
    parser.add_argument(
        "--tracker", metavar="NAME", nargs="+", help="names of the trackers; else of their folders"
    )
    parser.add_argument("--subset", action="store_true", help=subset)
    parser.add_argument(
        "--frames-limit",
        metavar="N",
        type=frames_limit,
        help="score only the first N frames of each sequence",
    )
    if attributes:
        parser.add_argument(
            "--attributes",
            metavar="DIR",
            type=Path,
            help="attribute vectors, for scores per attribute, where not beside the annotations",
        )
    else:
        parser.set_defaults(attributes=None)
    parser.add_argument(
        "--convention",
        choices=["got10k", "matlab"],
        help="whose rules count where toolkits differ (boxes in one pass); without it, got10k's",
    )
    add_selection(parser)
    add_protocol(parser)


SCORING = (
    "annotations", "tracker", "subset", "frames_limit", "attributes", "convention", "names",
    "edition", "protocol",
)  # fmt: skip
"""What `add_scoring` adds."""


def add_comparison(parser: argparse._ActionsContainer) -> None:
    """On which benchmark, and with whom, trackers are compared."""
    parser.add_argument(
        "--benchmark",
        choices=sets.NAMES,
        metavar="BENCHMARK",
        default="otb",
        help=f"one of {', '.join(sets.NAMES)}; without it, otb",
    )
    parser.add_argument(
        "--baseline",
        metavar="NAME",
        help="tracker that the others are compared with; else the first",
    )


def frames_limit(text: str) -> int:
    """A number of frames of which something can be said: 3 or more."""
    if not text.isdecimal() or int(text) < 3:
        raise argparse.ArgumentTypeError(f"expected a whole number of 3 or more, got {text!r}")
    return int(text)


def asked_scoring(
    options: argparse.Namespace, benchmark: Benchmark, *further: str
) -> tuple[Selection, dict[str, Any]]:
    """The sequences that `add_scoring` asks for, and the options of `evaluate`.

    Args:
        further: options of the command beside `--convention` that only some benchmarks have.

    Raises:
        InputError: the benchmark has not an option that was given.
    """
    asked = {"protocol": options.protocol, "subset": options.subset}
    for name in ("convention", *further):
        value = getattr(options, name)
        if value is not None and name not in benchmark.score_options:
            raise _no_option(benchmark, name)
        asked |= {name: value} if value is not None else {}
    if options.attributes is not None and not benchmark.has_attributes:
        raise _no_option(benchmark, "attributes")
    selection = selection_of(
        options,
        options.annotations,
        attributes=options.attributes,
        max_frames=options.frames_limit,
    )
    return selection, asked


def _no_option(benchmark: Benchmark, name: str) -> InputError:
    return InputError(f"--{name.replace('_', '-')}: {benchmark.name} has no such option")
