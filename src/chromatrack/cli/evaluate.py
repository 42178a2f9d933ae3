"""`chromatrack evaluate otb|got10k|davis`: score results that exist as files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError

OTB_KEYS = ("success_auc", "precision_20")


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand `evaluate` with one command per benchmark."""
    parser = subcommands.add_parser(
        "evaluate",
        help="score results against a benchmark's annotations",
        description="Score the results of a tracker or of a segmentation that exist as files.",
    )
    benchmarks = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    _register_otb(benchmarks)
    _register_got10k(benchmarks)
    _register_davis(benchmarks)


def _register_otb(benchmarks: argparse._SubParsersAction) -> None:
    parser = benchmarks.add_parser(
        "otb",
        help="success and precision of boxes",
        description="Success AUC and precision at 20 pixels of boxes, as the got10k toolkit or as "
        "the benchmark's MATLAB toolkit computes them: mean over targets, the first frame counts. "
        "Several folders of results are scored alike and share their plots (docs/otb.md).",
    )
    _add_annotations(
        parser, "NAME.txt files of x,y,w,h (1-based, any separator), or the OTB layout"
    )
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=Path,
        nargs="+",
        required=True,
        help="NAME.txt files of x,y,w,h (1-based, any separator), one line per frame; a folder "
        "for each tracker",
    )
    parser.add_argument("--output", metavar="FILE.json", type=Path, help="scores to write")
    parser.add_argument("--plot", metavar="DIR", type=Path, help="folder of plots to write")
    parser.add_argument(
        "--per-frame", metavar="FILE.csv", type=Path, help="overlap and errors of every frame"
    )
    _add_cut(parser)
    parser.add_argument(
        "--attributes", metavar="DIR", type=Path, help="attribute vectors, for scores per attribute"
    )
    parser.add_argument(
        "--names",
        metavar="LIST",
        type=Path,
        help="score only these: otb2013, tb50, otb2015, or a file with one name per line",
    )
    parser.add_argument("--protocol", choices=["ope", "tre", "sre"], default="ope")
    parser.add_argument(
        "--convention",
        choices=["got10k", "matlab"],
        default="got10k",
        help="whose rules count where toolkits differ",
    )
    parser.add_argument(
        "--tracker", metavar="NAME", nargs="+", help="names of the trackers; else of their folders"
    )
    parser.set_defaults(run=_otb)


def _register_davis(benchmarks: argparse._SubParsersAction) -> None:
    parser = benchmarks.add_parser(
        "davis",
        help="region similarity J and contour accuracy F of masks",
        description="J and F of indexed masks, as the official evaluation of DAVIS-2017 "
        "(semi-supervised) computes them.",
    )
    _add_annotations(parser, "NAME/*.png indexed masks, or the root of DAVIS-2017 (its val list)")
    _add_result(parser, "NAME/*.png indexed masks with the same file names")
    _add_cut(parser)
    parser.set_defaults(run=_davis)


def _register_got10k(benchmarks: argparse._SubParsersAction) -> None:
    parser = benchmarks.add_parser(
        "got10k",
        help="AO, SR0.5 and SR0.75 of boxes",
        description="Average overlap and success rates of boxes on GOT-10k val, as the got10k "
        "toolkit computes them: over all visible frames but the first of each sequence.",
    )
    _add_annotations(parser, "list.txt, and NAME/ with groundtruth.txt, cover.label, meta_info.ini")
    _add_result(parser, "NAME/NAME_001.txt as the toolkit writes them, or NAME.txt")
    parser.add_argument(
        "--subset", action="store_true", help="score the sequences that have results, not all"
    )
    parser.add_argument("--tracker", metavar="NAME", help="name of the tracker, for the output")
    parser.set_defaults(run=_got10k)


def _add_annotations(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--annotations", metavar="DIR", type=Path, required=True, help=text)


def _add_result(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--results", metavar="DIR", type=Path, required=True, help=text)
    parser.add_argument(
        "--output", metavar="FILE.json", type=Path, required=True, help="scores to write"
    )


def _add_cut(parser: argparse.ArgumentParser) -> None:
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

    if options.output is None and options.plot is None and options.per_frame is None:
        raise InputError("expected --output, --plot or --per-frame: nothing would be written")
    single = len(options.results) == 1
    if options.per_frame is not None and not single:
        raise InputError("--per-frame: expected one folder of results")
    common = {
        "attributes": options.attributes,
        "names": read_names(options.names) if options.names is not None else None,
        "frames_limit": options.frames_limit,
        "subset": options.subset,
        "protocol": options.protocol,
        "convention": options.convention,
    }
    evaluations = (_otb_single if single else _otb_several)(options, common)
    if options.plot is not None:
        from chromatrack.stages.evaluation.compare_otb import plot_otb

        plot_otb(evaluations, options.plot)


def _otb_single(options: argparse.Namespace, common: dict[str, Any]) -> dict[str, dict]:
    """One tracker: its JSON, and its targets and attributes as a table."""
    from chromatrack.stages.evaluation.compare_otb import folder_names
    from chromatrack.stages.evaluation.evaluate_otb import evaluate_otb

    if options.tracker is not None and len(options.tracker) != 1:
        raise InputError(f"--tracker: expected one name, got {len(options.tracker)}")
    name = options.tracker[0] if options.tracker else None
    scores = evaluate_otb(
        options.annotations,
        options.results[0],
        options.output,
        tracker_name=name,
        per_frame=options.per_frame,
        **common,
    )
    _print_row(f"{scores['targets']} targets, {scores['frames']} frames", OTB_KEYS)
    for target, entry in scores["per_sequence"].items():
        _print_row(target, _otb_cells(entry))
    for attribute, entry in scores["per_attribute"].items():
        _print_row(f"{attribute} ({entry['sequences']} targets)", _otb_cells(entry))
    _print_row("mean", _otb_cells(scores))
    return {name or folder_names(options.results)[0]: scores}


def _otb_several(options: argparse.Namespace, common: dict[str, Any]) -> dict[str, dict]:
    """Several trackers: one JSON, and a line for each, the best one first."""
    from chromatrack.stages.evaluation.compare_otb import compare_otb

    evaluations = compare_otb(
        options.annotations,
        options.results,
        options.output,
        tracker_names=options.tracker,
        **common,
    )
    _print_row("tracker", (*OTB_KEYS, "targets"))
    for name in sorted(evaluations, key=lambda name: -evaluations[name]["success_auc"]):
        _print_row(name, (*_otb_cells(evaluations[name]), evaluations[name]["targets"]))
    return evaluations


def _otb_cells(entry: dict[str, float]) -> list[str]:
    return [f"{entry[key]:.3f}" for key in OTB_KEYS]


def _got10k(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.evaluate_got10k import evaluate_got10k

    scores = evaluate_got10k(
        options.annotations,
        options.results,
        options.output,
        tracker_name=options.tracker,
        subset=options.subset,
    )
    keys = ("average_overlap", "success_rate_50", "success_rate_75")
    _print_row(
        f"{scores['sequences']} sequences, {scores['frames']} frames", ("AO", "SR0.5", "SR0.75")
    )
    for name, entry in scores["per_sequence"].items():
        _print_row(name, [f"{entry[key]:.3f}" for key in keys])
    _print_row("all frames", [f"{scores[key]:.3f}" for key in keys])


def _davis(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.evaluate_davis import evaluate_davis

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
