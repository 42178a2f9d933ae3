"""Subcommands from the clip list to clips."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import add_settings, stage_settings
from chromatrack.settings import ClipSettings


def register(subcommands) -> None:
    """Add `shards` and `fetch`."""
    shards = subcommands.add_parser(
        "shards",
        help="split a clip list into shards",
        description="Split a Kinetics clip list into small lists, one per job of `fetch`. Shards "
        "whose clips have not changed are left alone.",
    )
    shards.add_argument("clip_list", metavar="LIST", type=Path, help="clip list (CSV)")
    shards.add_argument(
        "--output", metavar="DIR", type=Path, required=True, help="folder for shard-0000.csv, ..."
    )
    shards.add_argument(
        "--shard-size",
        metavar="N",
        type=int,
        default=ClipSettings.shard_size,
        help="clips per shard (default: %(default)s)",
    )
    shards.set_defaults(run=_shards)

    fetch = subcommands.add_parser(
        "fetch",
        help="download and cut the clips of one shard",
        description="Download the videos of one shard, cut each clip frame-exactly, and write a "
        "ledger with one row per clip. A clip that cannot be had is a row with a reason; calling "
        "again continues and tries passing failures again.",
    )
    fetch.add_argument("--shard", metavar="FILE", type=Path, required=True, help="clip list (CSV)")
    fetch.add_argument(
        "--clips", metavar="DIR", type=Path, required=True, help="folder for <clip_id>.mp4"
    )
    fetch.add_argument(
        "--ledger", metavar="FILE", type=Path, required=True, help="ledger to write (CSV)"
    )
    add_settings(fetch, "clips")
    fetch.set_defaults(run=_fetch)


def _shards(options: argparse.Namespace) -> None:
    from chromatrack.stages.shards import make_shards

    count = make_shards(options.clip_list, options.output, shard_size=options.shard_size)
    print(f"{count} shards in {options.output}")


def _fetch(options: argparse.Namespace) -> None:
    from chromatrack.stages.fetch import fetch_shard

    settings = stage_settings(options, ClipSettings, lambda everything: everything.clips)
    fetch_shard(options.shard, options.clips, options.ledger, settings=settings)
