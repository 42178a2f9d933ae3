"""The subcommand that shows the networks."""

from __future__ import annotations

import argparse

from chromatrack.cli.common import add_stage


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    describe = add_stage(
        subcommands,
        "describe",
        _describe,
        help="layers, output sizes and parameters of the networks (Tables 3.1 and 3.3)",
    )
    describe.add_argument(
        "--trunk",
        action="append",
        metavar="NAME",
        help="this trunk alone",
    )


def _describe(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.describe import describe

    print(describe(options.trunk))
