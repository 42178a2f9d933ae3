"""Subcommands that run trackers over benchmarks."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_challenge,
    add_compute,
    add_paths,
    add_settings,
    add_stage,
    add_tracker,
    alpha_values,
    compute_settings,
    count_value,
    stage_settings,
    tracker_options,
)
from chromatrack.errors import InputError


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    otb = add_stage(subcommands, "track-otb", _track_otb, help="run a tracker over OTB sequences")
    _add_run(otb, root="folder of OTB sequences", output="run.json to write; boxes/ beside it")
    otb.add_argument(
        "--names",
        type=Path,
        metavar="LIST",
        help="otb2013, tb50, otb2015, or a file of targets to track, one per line",
    )
    _add_protocol(otb)
    otb.add_argument(
        "--alphas",
        type=alpha_values,
        metavar="A,B,...",
        help="several alphas in one go; {alpha} in the folder of --output is replaced by each",
    )
    add_tracker(otb)

    vot = add_stage(
        subcommands, "track-vot", _track_vot, help="the supervised experiment of VOT on sequences"
    )
    _add_run(vot, root="folder of VOT sequences with list.txt", output="JSON to write")
    add_challenge(vot)
    add_tracker(vot)

    got10k = add_stage(
        subcommands, "track-got10k", _track_got10k, help="run a tracker over GOT-10k sequences"
    )
    _add_run(got10k, root="folder with list.txt", output="run.json to write; boxes/ beside it")
    add_tracker(got10k)

    classical = add_stage(
        subcommands,
        "track-classical",
        _track_classical,
        help="run a tracker of OpenCV over a benchmark, as a baseline",
    )
    classical.add_argument(
        "benchmark", choices=["otb", "got10k", "vot"], help="what --root holds; vot restarts"
    )
    classical.add_argument(
        "--tracker",
        required=True,
        metavar="NAME",
        help="meanshift, camshift, klt, mosse, kcf or csrt",
    )
    add_paths(classical, root="folder of sequences", output="JSON to write; boxes/ beside it")
    classical.add_argument("--max-frames", type=count_value, help="cut each sequence")
    classical.add_argument(
        "--names", type=Path, metavar="FILE", help="otb: targets to track, one per line"
    )
    _add_protocol(classical)
    add_challenge(classical)

    davis = add_stage(
        subcommands, "propagate-davis", _propagate_davis, help="propagate first masks through DAVIS"
    )
    davis.add_argument(
        "--checkpoint", type=Path, metavar="PATH", help="checkpoint; `identity` needs none"
    )
    add_paths(davis, root="root of DAVIS-2017", output="JSON to write; NAME/*.png beside it")
    davis.add_argument("--max-frames", type=count_value, help="cut each sequence")
    davis.add_argument(
        "--method",
        choices=["soft", "thesis", "identity"],
        default="soft",
        help="as configured, as the thesis did it, or the first mask repeated",
    )
    add_settings(davis, "propagation")
    add_compute(davis)


def _add_run(parser: argparse.ArgumentParser, *, root: str, output: str) -> None:
    add_paths(parser, checkpoint="checkpoint", root=root, output=output)
    parser.add_argument("--max-frames", type=count_value, help="cut each sequence")


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--protocol",
        choices=["ope", "tre", "sre"],
        default="ope",
        help="of OTB: one pass, 20 starts in time, or 12 first boxes (docs/otb.md)",
    )


def _tracker_options(options: argparse.Namespace) -> dict:
    return {**tracker_options(options), "max_frames": options.max_frames}


def _track_otb(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.track_alphas import track_alphas
    from chromatrack.stages.evaluation.track_otb import track_otb

    if options.alphas is not None:
        track_alphas(
            options.checkpoint,
            options.root,
            _output_of_each(options),
            names=options.names,
            protocol=options.protocol,
            **{key: value for key, value in _tracker_options(options).items() if key != "alpha"},
        )
        return
    track_otb(
        options.checkpoint,
        options.root,
        options.output,
        names=options.names,
        protocol=options.protocol,
        **_tracker_options(options),
    )


def _output_of_each(options: argparse.Namespace) -> dict[float, Path]:
    if options.alpha is not None:
        raise InputError("--alphas: cannot be given together with --alpha")
    if "{alpha}" not in str(options.output.parent):
        raise InputError(
            f"--output {options.output}: with --alphas, expected {{alpha}} in the folder's name"
        )
    return {a: Path(str(options.output).replace("{alpha}", str(a))) for a in options.alphas}


def _track_vot(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.track_vot import track_vot

    track_vot(
        options.checkpoint,
        options.root,
        options.output,
        challenge=options.challenge,
        **_tracker_options(options),
    )


def _track_got10k(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.one_pass import track_got10k

    track_got10k(options.checkpoint, options.root, options.output, **_tracker_options(options))


def _track_classical(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.one_pass import track_classical
    from chromatrack.stages.evaluation.track_vot import track_vot_classical

    if options.names is not None and options.benchmark != "otb":
        raise InputError(f"--names: expected with otb alone, got it with {options.benchmark}")
    if options.protocol != "ope" and options.benchmark != "otb":
        raise InputError(f"--protocol: expected with otb alone, got it with {options.benchmark}")
    if options.benchmark == "vot":
        track_vot_classical(
            options.tracker,
            options.root,
            options.output,
            max_frames=options.max_frames,
            challenge=options.challenge,
        )
        return
    track_classical(
        options.tracker,
        options.benchmark,
        options.root,
        options.output,
        names=options.names,
        max_frames=options.max_frames,
        protocol=options.protocol,
    )


def _propagate_davis(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.propagate import propagate_davis

    propagate_davis(
        options.checkpoint,
        options.root,
        options.output,
        method=options.method,
        settings=stage_settings(
            options, s.PropagationSettings, lambda everything: everything.propagation
        ),
        compute=compute_settings(options),
        max_frames=options.max_frames,
    )
