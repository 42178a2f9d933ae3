"""`chromatrack evaluate otb|davis`: score results that exist as files."""

from __future__ import annotations

import argparse
from pathlib import Path


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand `evaluate` with one command per benchmark."""
    parser = subcommands.add_parser(
        "evaluate",
        help="score results against a benchmark's annotations",
        description="Score the results of a tracker or of a segmentation that exist as files.",
    )
    benchmarks = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    _register_otb(benchmarks)
    _register_davis(benchmarks)


def _register_otb(benchmarks: argparse._SubParsersAction) -> None:
    parser = benchmarks.add_parser(
        "otb",
        help="success and precision of boxes",
        description="Success AUC and precision at 20 pixels of boxes, as the got10k toolkit "
        "computes them: mean over targets, the first frame counts.",
    )
    _add_folders(
        parser,
        annotations="NAME.txt files of x,y,w,h (1-based, any separator), or the OTB layout",
        results="NAME.txt files of x,y,w,h (1-based, any separator), one line per frame",
    )
    parser.add_argument(
        "--attributes", metavar="DIR", type=Path, help="attribute vectors, for scores per attribute"
    )
    parser.add_argument(
        "--names", metavar="FILE", type=Path, help="score only these targets, one name per line"
    )
    parser.add_argument("--tracker", metavar="NAME", help="name of the tracker, for the output")
    parser.set_defaults(run=_otb)


def _register_davis(benchmarks: argparse._SubParsersAction) -> None:
    parser = benchmarks.add_parser(
        "davis",
        help="region similarity J and contour accuracy F of masks",
        description="J and F of indexed masks, as the official evaluation of DAVIS-2017 "
        "(semi-supervised) computes them.",
    )
    _add_folders(
        parser,
        annotations="NAME/*.png indexed masks, or the root of DAVIS-2017 (its val list)",
        results="NAME/*.png indexed masks with the same file names",
    )
    parser.set_defaults(run=_davis)


def _add_folders(parser: argparse.ArgumentParser, *, annotations: str, results: str) -> None:
    for option, text in (("--annotations", annotations), ("--results", results)):
        parser.add_argument(option, metavar="DIR", type=Path, required=True, help=text)
    parser.add_argument(
        "--output", metavar="FILE.json", type=Path, required=True, help="scores to write"
    )
    parser.add_argument(
        "--subset", action="store_true", help="score the sequences that have results, not all"
    )
    parser.add_argument(
        "--frames-limit",
        metavar="N",
        type=_frames_limit,
        help="score only the first N frames of each sequence",
    )


def _frames_limit(text: str) -> int:
    if not text.isdecimal() or int(text) < 3:
        raise argparse.ArgumentTypeError(f"expected a whole number of 3 or more, got {text!r}")
    return int(text)


def _otb(options: argparse.Namespace) -> None:
    from chromatrack.data.otb import read_names
    from chromatrack.stages.evaluate_otb import evaluate_otb

    scores = evaluate_otb(
        options.annotations,
        options.results,
        options.output,
        attributes=options.attributes,
        names=read_names(options.names) if options.names is not None else None,
        tracker_name=options.tracker,
        frames_limit=options.frames_limit,
        subset=options.subset,
    )
    keys = ("success_auc", "precision_20")
    _print_row(f"{scores['targets']} targets, {scores['frames']} frames", keys)
    for name, entry in scores["per_sequence"].items():
        _print_row(name, [f"{entry[key]:.3f}" for key in keys])
    for name, entry in scores["per_attribute"].items():
        _print_row(f"{name} ({entry['sequences']} targets)", [f"{entry[key]:.3f}" for key in keys])
    _print_row("mean", [f"{scores[key]:.3f}" for key in keys])


def _davis(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluate_davis import evaluate_davis

    scores = evaluate_davis(
        options.annotations,
        options.results,
        options.output,
        subset=options.subset,
        frames_limit=options.frames_limit,
    )
    keys = ("J_mean", "F_mean")
    _print_row(f"{scores['objects']} objects, {scores['frames']} frames", (*keys, "J_and_F"))
    for name, entry in scores["per_object"].items():
        _print_row(name, [f"{entry[key]:.3f}" for key in keys])
    _print_row("mean", [f"{scores[key]:.3f}" for key in (*keys, "J_and_F")])


def _print_row(name: str, cells) -> None:
    print(f"{name:<32}" + "".join(f"{cell:>14}" for cell in cells))
