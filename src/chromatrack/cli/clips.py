"""Subcommands from the clip list to clips."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import (
    add_settings,
    compute_settings,
    count_value,
    laid_over,
    stage_settings,
)
from chromatrack.plan.layout import clip_settings
from chromatrack.settings import ClipSettings


def register(subcommands) -> None:
    """Add `shards`, `fetch` and `kinetics status`."""
    shards = subcommands.add_parser(
        "shards",
        help="split a clip list into shards",
        description="Split a Kinetics clip list, or the sequences of GOT-10k, into small lists, "
        "one per job of `fetch`. Shards whose clips have not changed are left alone.",
    )
    listed = shards.add_mutually_exclusive_group(required=True)
    listed.add_argument(
        "clip_list",
        metavar="LIST",
        type=Path,
        nargs="?",
        help="clip list (CSV, or the JSON of the official downloads)",
    )
    listed.add_argument(
        "--got10k",
        metavar="DIR",
        type=Path,
        help="folder of sequences with list.txt instead, each sequence one clip (for a source of "
        "kind got10k)",
    )
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
    fetch.add_argument(
        "--gate",
        metavar="FILE",
        type=Path,
        help="state of the back-off; calls that name the same file wait and stop together "
        "(default: gate.json in --clips)",
    )
    fetch.add_argument(
        "--retry-failed", action="store_true", help="try permanent failures again too"
    )
    fetch.add_argument(
        "--manners",
        metavar="JSON",
        default="{}",
        help="retries, back_off and source (rate_limit, sleep, timeout, index) of clips, apart "
        "from the settings, as they do not change the clips",
    )
    fetch.add_argument(
        "--compute",
        metavar="JSON",
        default="{}",
        help='{"retry_failed": true} is --retry-failed, as the workflow passes it',
    )
    add_settings(fetch, "clips")
    fetch.set_defaults(run=_fetch)
    _register_status(subcommands)


def _register_status(subcommands) -> None:
    kinetics = subcommands.add_parser(
        "kinetics",
        help="how far fetching is",
        description="What is known of the clips of a run.",
    )
    questions = kinetics.add_subparsers(dest="question", metavar="QUESTION", required=True)
    status = questions.add_parser(
        "status",
        help="clips done, failed and left, and why",
        description="Progress, rate and time left, failures by reason, and missing clips per "
        "class of a run; while it goes on, too.",
    )
    status.add_argument("run_folder", metavar="RUN_FOLDER", type=Path, help="such as results/demo")
    status.add_argument(
        "--classes",
        metavar="N",
        type=count_value,
        default=10,
        help="classes to list (default: %(default)s)",
    )
    status.add_argument("--csv", metavar="FILE", type=Path, help="write all classes to this file")
    status.set_defaults(run=_status, writes=("csv",))


def _shards(options: argparse.Namespace) -> None:
    from chromatrack.stages.clips.shards import make_shards

    count = make_shards(
        options.got10k or options.clip_list,
        options.output,
        shard_size=options.shard_size,
        is_got10k=options.got10k is not None,
    )
    print(f"{count} shards in {options.output}")


def _fetch(options: argparse.Namespace) -> None:
    from chromatrack.stages.clips.fetch import fetch_shard

    settings = stage_settings(options, ClipSettings, clip_settings)
    manners = settings.manners()
    settings = laid_over(settings, options.manners, option="--manners", keys=manners)
    fetch_shard(
        options.shard,
        options.clips,
        options.ledger,
        settings=settings,
        gate=options.gate,
        retry_failed=options.retry_failed or compute_settings(options).retry_failed,
    )


def _status(options: argparse.Namespace) -> None:
    from chromatrack.stages.clips.status import as_text, kinetics_status, write_classes

    status = kinetics_status(options.run_folder)
    print(as_text(status, classes=options.classes))
    if options.csv is not None:
        write_classes(options.csv, status.classes)
