"""`chromatrack evaluate`, for results that exist, and the stages that run trackers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_paths,
    add_stage,
    add_tracker,
    alpha_values,
    compute_settings,
    count_value,
    stage_settings,
    tracker_options,
)
from chromatrack.errors import InputError
from chromatrack.evaluation import sets

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Benchmark, Selection

METHODS = ("soft", "thesis", "identity")


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommands of this group."""
    _register_evaluate(subcommands)
    _register_run(subcommands)
    archive = add_stage(
        subcommands, "archive", _archive, help="pack results for the server of a benchmark"
    )
    _add_benchmark(archive)
    add_paths(
        archive,
        root="folder of the benchmark with its frames, such as GOT-10k/test",
        results="results as for evaluate, with the seconds of each frame where a server wants them",
        output="zip file to write",
    )
    _add_selection(archive)


def _add_benchmark(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "benchmark",
        choices=sets.NAMES,
        metavar="BENCHMARK",
        help=f"one of {', '.join(sets.NAMES)}",
    )


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--names",
        metavar="LIST",
        help="only these: a published list (otb2013, tb50, otb2015, ...) or a file of names",
    )
    parser.add_argument(
        "--edition", help="of a benchmark that has several, such as vot2018; without it, the usual"
    )


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--protocol",
        metavar="NAME",
        help="ope (one pass), tre (20 starts in time), sre (12 first boxes), restarted, "
        "propagated; without it, the benchmark's usual one",
    )


def _register_evaluate(subcommands: argparse._SubParsersAction) -> None:
    parser = subcommands.add_parser(
        "evaluate",
        help="score results against a benchmark's annotations",
        description="Score the results of trackers, or of segmentations, that exist as files, as "
        "each benchmark's own toolkit does. Several folders of results are scored alike and share "
        "their plots (docs/evaluation.md).",
    )
    _add_benchmark(parser)
    parser.add_argument(
        "--annotations",
        metavar="DIR",
        type=Path,
        required=True,
        help="the benchmark's folder as it is published; of otb, NAME.txt files of x,y,w,h do, too",
    )
    parser.add_argument(
        "--results",
        metavar="DIR",
        type=Path,
        nargs="+",
        required=True,
        help="NAME.txt or .mat files of boxes, or NAME/*.png masks; a folder for each tracker",
    )
    parser.add_argument("--output", metavar="FILE.json", type=Path, help="scores to write")
    parser.add_argument("--plot", metavar="DIR", type=Path, help="folder of plots to write")
    parser.add_argument(
        "--per-frame",
        metavar="FILE.csv",
        type=Path,
        help="overlap and errors of every frame (boxes)",
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
    parser.add_argument(
        "--attributes",
        metavar="DIR",
        type=Path,
        help="attribute vectors, for scores per attribute, where not beside the annotations",
    )
    _add_selection(parser)
    _add_protocol(parser)
    parser.add_argument(
        "--convention",
        choices=["got10k", "matlab"],
        help="whose rules count where toolkits differ (boxes in one pass); without it, got10k's",
    )
    parser.add_argument(
        "--tracker", metavar="NAME", nargs="+", help="names of the trackers; else of their folders"
    )
    parser.add_argument(
        "--of", metavar="NAME", help="whose results, in a folder of several trackers' .mat files"
    )
    parser.set_defaults(run=_evaluate)


def _frames_limit(text: str) -> int:
    if not text.isdecimal() or int(text) < 3:
        raise argparse.ArgumentTypeError(f"expected a whole number of 3 or more, got {text!r}")
    return int(text)


def _register_run(subcommands: argparse._SubParsersAction) -> None:
    run = add_stage(subcommands, "run", _run, help="run a tracker over a benchmark")
    _add_benchmark(run)
    which = run.add_mutually_exclusive_group()
    which.add_argument("--checkpoint", type=Path, metavar="PATH", help="of SiamFC, combined, or of "
                       "a colorization network (masks)")  # fmt: skip
    which.add_argument(
        "--tracker",
        metavar="NAME",
        help="meanshift, camshift, klt, mosse, kcf, csrt, or module:Class with init and update",
    )
    which.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="results that exist, to be scored like the others",
    )
    run.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="argument of the class (YAML); may be given again",
    )
    run.add_argument("--of", metavar="NAME", help="whose results, in a folder of several trackers'")
    add_paths(
        run,
        root="folder of the benchmark, as it is published",
        output="run.json to write; boxes/ or masks beside it",
    )
    run.add_argument("--max-frames", type=count_value, help="cut each sequence")
    _add_selection(run)
    _add_protocol(run)
    run.add_argument(
        "--alphas",
        type=alpha_values,
        metavar="A,B,...",
        help="several alphas in one go; {alpha} in the folder of --output is replaced by each",
    )
    run.add_argument(
        "--together",
        type=Path,
        metavar="FILE",
        help="with --alphas: write this in the place of each run.json",
    )
    run.add_argument(
        "--method", choices=METHODS, help="of masks: as configured, as the thesis did it, or the "
        "first mask repeated"
    )  # fmt: skip
    add_tracker(run)


def _selection(options: argparse.Namespace, root: Path, **more: Any) -> Selection:
    from chromatrack.evaluation.benchmark import Selection

    return Selection(root=root, names=options.names, edition=options.edition, **more)


# Scoring


def _evaluate(options: argparse.Namespace) -> None:
    if options.output is None and options.plot is None and options.per_frame is None:
        raise InputError("expected --output, --plot or --per-frame: nothing would be written")
    single = len(options.results) == 1
    if options.per_frame is not None and not single:
        raise InputError("--per-frame: expected one folder of results")
    benchmark = sets.get(options.benchmark)
    selection = _selection(
        options,
        options.annotations,
        attributes=options.attributes,
        max_frames=options.frames_limit,
    )
    common = {"protocol": options.protocol, "subset": options.subset}
    common |= _asked(options, benchmark, ("convention", "per_frame", "of"))
    evaluations, errors = (_one if single else _several)(benchmark, selection, options, common)
    if options.plot is not None:
        from chromatrack.stages.evaluation.compare import draw_comparison

        draw_comparison(evaluations, options.plot)
    if errors:
        told = "; ".join(f"{name}: {error}" for name, error in errors.items())
        raise InputError(f"scored without {len(errors)} of {len(options.results)} trackers: {told}")


def _asked(
    options: argparse.Namespace, benchmark: Benchmark, names: tuple[str, ...]
) -> dict[str, Any]:
    """Options that only some benchmarks have."""
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    for name in given:
        if name not in benchmark.score_options:
            raise InputError(f"--{name.replace('_', '-')}: {benchmark.name} has no such option")
    return given


def _one(
    benchmark: Benchmark, selection: Selection, options: argparse.Namespace, common: dict[str, Any]
) -> tuple[dict[str, dict], dict[str, InputError]]:
    """One tracker: its JSON, and its targets and attributes as a table."""
    from chromatrack.stages.evaluation.compare import folder_names
    from chromatrack.stages.evaluation.evaluate import evaluate

    if options.tracker is not None and len(options.tracker) != 1:
        raise InputError(f"--tracker: expected one name, got {len(options.tracker)}")
    name = options.tracker[0] if options.tracker else None
    scores = evaluate(
        benchmark, selection, options.results[0], options.output, tracker=name, **common
    )
    heads, keys = _columns(benchmark)
    _print_row(f"{scores['targets']} {scores['unit']}s, {scores['frames']} frames", heads)
    for target, entry in scores[f"per_{scores['unit']}"].items():
        _print_row(target, _cells(entry, keys))
    for attribute, entry in scores["per_attribute"].items():
        _print_row(f"{attribute} ({entry['sequences']} targets)", _cells(entry, keys))
    _print_row("all", _cells(scores, keys))
    return {name or folder_names(options.results)[0]: scores}, {}


def _several(
    benchmark: Benchmark, selection: Selection, options: argparse.Namespace, common: dict[str, Any]
) -> tuple[dict[str, dict], dict[str, InputError]]:
    """Several trackers: one JSON, and a line for each, the best one first."""
    from chromatrack.stages.evaluation.compare import compare

    evaluations, errors = compare(
        benchmark, selection, options.results, options.output, names=options.tracker, **common
    )
    heads, keys = _columns(benchmark)
    first = benchmark.measures[0]
    sign = -1 if first.better == "higher" else 1
    _print_row("tracker", (*heads, f"{benchmark.unit}s"))

    def rank(name: str) -> float:
        value = evaluations[name][first.key]
        return float("inf") if value is None else sign * value

    for name in sorted(evaluations, key=rank):
        entry = evaluations[name]
        _print_row(name, (*_cells(entry, keys), entry["targets"]))
    return evaluations, errors


def _columns(benchmark: Benchmark) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the printed table has: keys of the headline, which are heads, too."""
    keys = benchmark.headline or tuple(measure.key for measure in benchmark.measures)
    return keys, keys


def _cells(entry: dict[str, float], keys: tuple[str, ...]) -> list[str]:
    values = [entry.get(key) for key in keys]
    return ["-" if value is None else f"{value:.3f}" for value in values]


def _print_row(name: str, cells) -> None:
    print(f"{name:<32}" + "".join(f"{cell:>18}" for cell in cells))


# Running


def _run(options: argparse.Namespace) -> None:
    benchmark = sets.get(options.benchmark)
    selection = _selection(options, options.root, max_frames=options.max_frames)
    protocol = options.protocol or benchmark.protocols[0]
    benchmark.check_protocol(protocol)
    if benchmark.gives == "masks":
        _run_masks(options, selection)
        return
    if options.method is not None:
        raise InputError(f"--method: {benchmark.name} is of boxes, not of masks")
    if options.results is not None:
        from chromatrack.stages.evaluation.adopt import adopt_results

        adopt_results(
            benchmark, selection, options.results, options.output, protocol=protocol, of=options.of
        )
        return
    compute = compute_settings(options)
    if options.alphas is None:
        from chromatrack.stages.evaluation.run import track

        tracker = _opener(options)
        track(benchmark, selection, tracker, options.output, protocol=protocol, compute=compute)
        return
    from chromatrack.stages.evaluation.run import track_alphas

    if options.alpha is not None or options.checkpoint is None:
        raise InputError("--alphas: expected --checkpoint beside it, and no --alpha")
    track_alphas(
        benchmark,
        selection,
        _opener(options),
        _output_of_each(options),
        protocol=protocol,
        compute=compute,
        together=options.together,
    )


def _opener(options: argparse.Namespace):
    from chromatrack.stages.evaluation.openers import FromCheckpoint, named

    if options.tracker is not None:
        for key in ("alpha", "random_auxiliary"):
            if getattr(options, key) is not None:
                option = "--" + key.replace("_", "-")
                raise InputError(f"{option}: belongs to a checkpoint, not to --tracker")
        return named(options.tracker, _class_options(options.option))
    if options.checkpoint is None:
        raise InputError("expected --checkpoint, --tracker or --results")
    given = tracker_options(options)
    return FromCheckpoint(
        options.checkpoint, given["settings"], given["alpha"], given["random_auxiliary"]
    )


def _class_options(pairs: list[str]) -> dict[str, Any]:
    import yaml

    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise InputError(f"--option {pair}: expected KEY=VALUE")
        found[key] = yaml.safe_load(value)
    return found


def _output_of_each(options: argparse.Namespace) -> dict[float, Path]:
    if "{alpha}" not in str(options.output.parent):
        raise InputError(
            f"--output {options.output}: with --alphas, expected {{alpha}} in the folder's name"
        )
    return {a: Path(str(options.output).replace("{alpha}", str(a))) for a in options.alphas}


def _run_masks(options: argparse.Namespace, selection: Selection) -> None:
    for key in ("tracker", "results", "alphas", "alpha", "random_auxiliary"):
        if getattr(options, key) is not None:
            option = "--" + key.replace("_", "-")
            raise InputError(f"{option}: {options.benchmark} is of masks, not of boxes")
    from chromatrack.stages.evaluation.propagate import propagate

    propagate(
        options.checkpoint,
        selection,
        options.output,
        method=options.method or "soft",
        settings=stage_settings(
            options, s.PropagationSettings, lambda everything: everything.propagation
        ),
        compute=compute_settings(options),
    )


def _archive(options: argparse.Namespace) -> None:
    benchmark = sets.get(options.benchmark)
    count = benchmark.archive(_selection(options, options.root), options.results, options.output)
    print(f"{options.output}: {count} sequences", file=sys.stdout)
