"""The subcommand that makes the synthetic world."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import add_settings, stage_settings
from chromatrack.settings import WorldSettings


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
    add_settings(parser, "world")
    parser.set_defaults(run=_world)


def _world(options: argparse.Namespace) -> None:
    settings = stage_settings(options, WorldSettings, lambda every: every.world)
    from chromatrack.stages.world.world import make_world

    make_world(settings, options.output)
