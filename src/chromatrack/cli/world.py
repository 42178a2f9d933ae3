"""The subcommand that makes the synthetic world."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import add_settings, stage_settings
from chromatrack.evaluation import sets
from chromatrack.settings import WorldSettings
from chromatrack.settings.world import READ_BY


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    parser = subcommands.add_parser(
        "world",
        help="make the synthetic data that the demo runs on",
        description=(
            "Make small videos of textured objects that move over photographs, with exact boxes, "
            "rotated boxes and masks, in the formats of Kinetics, GOT-10k, OTB, VOT and "
            "DAVIS-2017. The same settings give the same files, byte for byte."
        ),
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder of the world"
    )
    parser.add_argument(
        "--part",
        choices=READ_BY,
        metavar="NAME",
        help=f"one part of it alone, into its folder in DIR: {', '.join(READ_BY)}",
    )
    parser.add_argument(
        "--benchmark",
        choices=sets.NAMES,
        metavar="NAME",
        help="a few of its sequences in the layout of this benchmark instead, such as uav123",
    )
    add_settings(parser, "world")
    parser.set_defaults(run=_world)


def _world(options: argparse.Namespace) -> None:
    settings = stage_settings(options, WorldSettings, lambda every: every.world)
    if options.benchmark is not None:
        from chromatrack.stages.world.benchmark import write_benchmark_world

        write_benchmark_world(options.benchmark, settings, options.output)
        return
    from chromatrack.stages.world.world import make_part, make_world

    if options.part is not None:
        make_part(settings, options.part, options.output)
        return
    make_world(settings, options.output)
