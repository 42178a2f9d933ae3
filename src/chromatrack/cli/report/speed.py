"""`chromatrack speed`: how fast the trackers of a run are."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import (
    add_compute,
    add_settings,
    compute_settings,
    count_value,
    whole_run,
)


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = subcommands.add_parser(
        "speed",
        help="time the trackers of a run",
        description="Time the baseline, a tracker of each experiment, classical trackers and own "
        "classes on the first sequence of the main benchmark, in turn, with one thread. Nothing "
        "else should be running.",
    )
    parser.set_defaults(run=_run)
    add_settings(parser, "all of them")
    add_compute(parser)
    parser.add_argument(
        "--output",
        metavar="FILE.csv",
        type=Path,
        required=True,
        help="table to write; FILE.tex is written beside it",
    )
    parser.add_argument(
        "--frames", metavar="N", type=count_value, default=60, help="first frames (default: 60)"
    )
    parser.add_argument(
        "--rounds", metavar="N", type=count_value, default=5, help="of all trackers (default: 5)"
    )


def _run(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.speed import write_speed

    table = write_speed(
        whole_run(options),
        options.output,
        frames=options.frames,
        rounds=options.rounds,
        compute=compute_settings(options),
    )
    for tracker, _, speed, lowest, highest, *_ in table.rows:
        print(f"{tracker}: {speed:.1f} frames/s ({lowest:.1f} to {highest:.1f})")
    print(f"{table.title}: {options.output}")
