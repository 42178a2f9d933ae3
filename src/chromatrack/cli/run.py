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
    add_tracker,
    alpha_values,
    class_options,
    compute_settings,
    count_value,
    stage_settings,
    tracker_options,
)
from chromatrack.errors import InputError
from chromatrack.evaluation import sets

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Selection

METHODS = ("soft", "whole-frame", "thesis", "identity")


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    run = add_stage(subcommands, "run", _run, help="run a tracker over a benchmark")
    add_benchmark(run)
    which = run.add_mutually_exclusive_group()
    which.add_argument("--checkpoint", type=Path, metavar="PATH", help="of SiamFC, combined, or of "
                       "a colorization network (masks); or exported (.onnx)")  # fmt: skip
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
        return named(options.tracker, class_options(options.option))
    if options.checkpoint is None:
        raise InputError("expected --checkpoint, --tracker or --results")
    given = tracker_options(options)
    return FromCheckpoint(
        options.checkpoint, given["settings"], given["alpha"], given["random_auxiliary"]
    )


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
