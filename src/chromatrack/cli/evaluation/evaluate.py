"""`chromatrack evaluate` and `archive`: results that exist, scored, or packed for a server."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromatrack.cli.benchmark import (
    add_benchmark,
    add_scoring,
    add_selection,
    asked_scoring,
    selection_of,
)
from chromatrack.cli.common import add_paths, add_stage, counted
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.scores import per_unit

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Benchmark, Selection


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommands of this group."""
    _register_evaluate(subcommands)
    archive = add_stage(
        subcommands, "archive", _archive, help="pack results for the server of a benchmark"
    )
    add_benchmark(archive)
    add_paths(
        archive,
        root="folder of the benchmark with its frames, such as GOT-10k/test",
        results="results as for evaluate, with the seconds of each frame where a server wants them",
        output="zip file to write",
    )
    add_selection(archive)


def _register_evaluate(subcommands: argparse._SubParsersAction) -> None:
    parser = subcommands.add_parser(
        "evaluate",
        help="score results against a benchmark's annotations",
        description="Score the results of trackers, or of segmentations, that exist as files, as "
        "each benchmark's own toolkit does. Several folders of results are scored alike and share "
        "their plots (docs/evaluation.md).",
    )
    add_benchmark(parser)
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=Path,
        nargs="+",
        required=True,
        help="NAME.txt or .mat files of boxes, or NAME/*.png masks; a folder for each tracker",
    )
    parser.add_argument("--output", metavar="FILE.json", type=Path, help="scores to write")
    parser.set_defaults(writes=("per_frame",))
    parser.add_argument("--plot", metavar="DIR", type=Path, help="folder of plots to write")
    parser.add_argument(
        "--per-frame",
        metavar="FILE.csv",
        type=Path,
        help="overlap and errors of every frame (boxes)",
    )
    add_scoring(parser)
    parser.add_argument(
        "--of", metavar="NAME", help="whose results, in a folder of several trackers' .mat files"
    )
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    if options.output is None and options.plot is None and options.per_frame is None:
        raise InputError("expected --output, --plot or --per-frame: nothing would be written")
    single = len(options.results) == 1
    if options.per_frame is not None and not single:
        raise InputError("--per-frame: expected one folder of results")
    benchmark = sets.get(options.benchmark)
    selection, common = asked_scoring(options, benchmark, "per_frame", "of")
    if options.plot is not None and not benchmark.draws:
        raise InputError(f"--plot: {benchmark.name} has no curves to draw")
    evaluations, errors = (_one if single else _several)(benchmark, selection, options, common)
    if options.plot is not None:
        from chromatrack.stages.evaluation.several import draw_comparison

        draw_comparison(evaluations, options.plot)
    if errors:
        told = "; ".join(f"{name}: {error}" for name, error in errors.items())
        raise InputError(f"scored without {len(errors)} of {len(options.results)} trackers: {told}")


def _one(
    benchmark: Benchmark, selection: Selection, options: argparse.Namespace, common: dict[str, Any]
) -> tuple[dict[str, dict], dict[str, InputError]]:
    """One tracker: its JSON, and its targets and attributes as a table."""
    from chromatrack.stages.evaluation.evaluate import evaluate
    from chromatrack.stages.evaluation.several import folder_names

    if options.tracker is not None and len(options.tracker) != 1:
        raise InputError(f"--tracker: expected one name, got {len(options.tracker)}")
    name = options.tracker[0] if options.tracker else None
    scores = evaluate(
        benchmark, selection, options.results[0], options.output, tracker=name, **common
    )
    keys = _columns(benchmark)
    targets, frames = counted(scores["targets"], scores["unit"]), counted(scores["frames"], "frame")
    _print_row(f"{targets}, {frames}", keys)
    for target, entry in per_unit(scores).items():
        _print_row(target, _cells(entry, keys))
    for attribute, entry in scores["per_attribute"].items():
        _print_row(f"{attribute} ({counted(entry['sequences'], 'target')})", _cells(entry, keys))
    _print_row("all", _cells(scores, keys))
    return {name or folder_names(options.results)[0]: scores}, {}


def _several(
    benchmark: Benchmark, selection: Selection, options: argparse.Namespace, common: dict[str, Any]
) -> tuple[dict[str, dict], dict[str, InputError]]:
    """Several trackers: one JSON, and a line for each, the best one first."""
    from chromatrack.stages.evaluation.several import evaluate_several

    evaluations, errors = evaluate_several(
        benchmark, selection, options.results, options.output, names=options.tracker, **common
    )
    keys = _columns(benchmark)
    first = benchmark.measures[0]
    sign = -1 if first.better == "higher" else 1
    _print_row("tracker", (*keys, f"{benchmark.unit}s"))

    def rank(name: str) -> float:
        value = evaluations[name][first.key]
        return float("inf") if value is None else sign * value

    for name in sorted(evaluations, key=rank):
        entry = evaluations[name]
        _print_row(name, (*_cells(entry, keys), entry["targets"]))
    return evaluations, errors


def _columns(benchmark: Benchmark) -> tuple[str, ...]:
    """Keys, and heads, of the printed table: the headline, where the benchmark has one."""
    return benchmark.headline or tuple(measure.key for measure in benchmark.measures)


def _cells(entry: dict[str, float], keys: tuple[str, ...]) -> list[str]:
    values = [entry.get(key) for key in keys]
    return ["-" if value is None else f"{value:.3f}" for value in values]


def _print_row(name: str, cells) -> None:
    print(f"{name:<32}" + "".join(f"{cell:>18}" for cell in cells))


def _archive(options: argparse.Namespace) -> None:
    benchmark = sets.get(options.benchmark)
    from chromatrack.stages.evaluation.evaluate import results_folder

    results = results_folder(benchmark, options.results)
    count = benchmark.archive(selection_of(options, options.root), results, options.output)
    print(f"{options.output}: {counted(count, 'sequence')}", file=sys.stdout)
