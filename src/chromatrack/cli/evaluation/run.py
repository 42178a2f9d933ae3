"""`chromatrack run`: a tracker, or a way to propagate masks, over a benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from chromatrack import settings as s
from chromatrack.cli.benchmark import (
    add_benchmark,
    add_protocol,
    add_selection,
    selection_of,
)
from chromatrack.cli.common import (
    add_paths,
    add_stage,
    alpha_values,
    compute_settings,
    count_value,
    given,
    stage_settings,
)
from chromatrack.cli.trackers import (
    READ_OF,
    add_tracker,
    add_which,
    check_read,
    class_options,
    tracker_options,
)
from chromatrack.errors import InputError
from chromatrack.evaluation import sets

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Selection

METHODS = ("soft", "whole-frame", "thesis", "identity")

NOT_READ_BY = {"thesis": ("settings",), "identity": ("settings", "checkpoint")}
"""The thesis's way has nothing to set, and the first mask repeated has no network either."""


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    run = add_stage(subcommands, "run", _run, help="run a tracker over a benchmark")
    add_benchmark(run)
    which = add_which(
        run,
        checkpoint="of SiamFC, combined, or of a colorization network (masks); or exported (.onnx)",
    )
    which.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="results that exist, to be scored like the others",
    )
    run.add_argument("--of", metavar="NAME", help="whose results, in a folder of several trackers'")
    add_paths(
        run,
        root="folder of the benchmark, as it is published",
        output="run.json to write; boxes/ or masks beside it",
    )
    run.add_argument("--max-frames", type=count_value, help="cut each sequence")
    add_selection(run)
    add_protocol(run)
    run.add_argument(
        "--alphas",
        type=alpha_values,
        metavar="A,B,...",
        help="several alphas in one go; {alpha} in the folder of --output is replaced by each",
    )
    run.set_defaults(writes=("together",))
    run.add_argument(
        "--together",
        type=Path,
        metavar="FILE",
        help="with --alphas: write this in the place of each run.json",
    )
    run.add_argument(
        "--method", choices=METHODS, help="of masks: as configured, the same without a radius, "
        "as the thesis did it, or the first mask repeated"
    )  # fmt: skip
    add_tracker(run)


def _run(options: argparse.Namespace) -> None:
    benchmark = sets.get(options.benchmark)
    selection = selection_of(options, options.root, max_frames=options.max_frames)
    protocol = options.protocol or benchmark.protocols[0]
    benchmark.check_protocol(protocol)
    if benchmark.gives == "masks":
        _run_masks(options, selection)
        return
    if options.method is not None:
        raise InputError(f"--method: {benchmark.name} is of boxes, not of masks")
    check_read(options)
    if options.together is not None and options.alphas is None:
        raise InputError("--together: expected --alphas beside it")
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

    if options.alpha is not None:
        raise InputError("--alphas: expected no --alpha beside it")
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
        return named(options.tracker, class_options(options.option))
    told = tracker_options(options)
    return FromCheckpoint(
        options.checkpoint, told["settings"], told["alpha"], told["random_auxiliary"]
    )


def _output_of_each(options: argparse.Namespace) -> dict[float, Path]:
    if "{alpha}" not in str(options.output.parent):
        raise InputError(
            f"--output {options.output}: with --alphas, expected {{alpha}} in the folder's name"
        )
    return {a: Path(str(options.output).replace("{alpha}", str(a))) for a in options.alphas}


def _run_masks(options: argparse.Namespace, selection: Selection) -> None:
    of_boxes = {key for keys in READ_OF.values() for key in keys} - {"settings"}
    for option in given(options, "tracker", "results", *sorted(of_boxes)):
        raise InputError(f"{option}: {options.benchmark} is of masks, not of boxes")
    method = options.method or METHODS[0]
    for option in given(options, *NOT_READ_BY.get(method, ())):
        raise InputError(f"{option}: is not read by --method {method}")
    from chromatrack.stages.evaluation.propagate import propagate

    propagate(
        options.checkpoint,
        selection,
        options.output,
        method=method,
        settings=stage_settings(
            options, s.PropagationSettings, lambda everything: everything.propagation
        ),
        compute=compute_settings(options),
    )
