"""`chromatrack propagate` and `colorize`: the downstream tasks on a video of the user's."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_compute,
    add_settings,
    add_stage,
    box_value,
    compute_settings,
    count_value,
    counted,
    stage_settings,
)


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    carry = add_stage(
        subcommands,
        "propagate",
        _propagate,
        help="carry a mask, points or a box from the first frame of a video through all of it",
    )
    carry.add_argument("input", type=Path, help="a video, or a folder of numbered images")
    what = carry.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--mask", type=Path, metavar="PNG", help="indexed PNG: 0 background, 255 void"
    )
    what.add_argument(
        "--points", type=Path, metavar="CSV", help="columns point, x, y (0-based pixels)"
    )
    what.add_argument(
        "--box", type=box_value, metavar="x,y,w,h", help="left, top, width, height (0-based pixels)"
    )
    carry.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="PATH",
        help="folder of indexed PNGs for a mask, a CSV for points and for a box",
    )
    carry.add_argument(
        "--method",
        choices=["soft", "whole-frame", "thesis"],
        default="soft",
        help="as configured, the same without a radius, or as the thesis did it",
    )
    _add_network(carry)

    colorize = add_stage(
        subcommands,
        "colorize",
        _colorize,
        help="colour a grey video from its first frame: grey, coloured and truth side by side",
    )
    colorize.add_argument(
        "input",
        type=Path,
        help="a video, a folder of numbered images, or the root of DAVIS-2017 (its first sequence)",
    )
    colorize.add_argument("--output", required=True, type=Path, metavar="out.mp4")
    colorize.add_argument("--max-frames", type=count_value, help="stop after so many frames")
    _add_network(colorize)


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", required=True, type=Path, metavar="FILE")
    add_settings(parser, "propagation")
    add_compute(parser)


def _propagator(options: argparse.Namespace, method: str):
    from chromatrack.machine.compute import prepare
    from chromatrack.tracking.propagator import load_propagator

    return load_propagator(
        options.checkpoint,
        method=method,
        settings=stage_settings(
            options, s.PropagationSettings, lambda everything: everything.propagation
        ),
        device=prepare(compute_settings(options)),
    )


def _propagate(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools import downstream

    propagator = _propagator(options, options.method)
    if options.mask is not None:
        stage, given, what = downstream.propagate_mask, options.mask, ("mask", "masks")
    elif options.points is not None:
        stage, given = downstream.propagate_points, options.points
        what = ("frame of points", "frames of points")
    else:
        stage, given, what = downstream.propagate_box, options.box, ("box", "boxes")
    count = stage(propagator, options.input, given, options.output)
    print(f"{counted(count, *what)} in {options.output}")


def _colorize(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.colorize import colorize

    count = colorize(
        _propagator(options, "soft"), options.input, options.output, max_frames=options.max_frames
    )
    print(f"{counted(count, 'frame')} in {options.output}")
