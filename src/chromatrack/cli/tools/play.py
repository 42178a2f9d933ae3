"""`chromatrack play`: results of any trackers, drawn over the video that they are of."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import add_stage, counted
from chromatrack.cli.tools.track import add_part, end_told, frames_wanted
from chromatrack.errors import raise_each


def register(subcommands) -> None:
    """Add the subcommand."""
    play = add_stage(subcommands, "play", _play, help="draw results of any trackers over a video")
    play.add_argument("input", type=Path, help="a video, or a folder of numbered images")
    play.add_argument(
        "results",
        type=Path,
        nargs="+",
        metavar="boxes.csv",
        help="of a tracker: .csv or .json as of track, or .txt as OTB has it",
    )
    play.add_argument(
        "--output",
        action="append",
        required=True,
        type=Path,
        metavar="out.mp4",
        help="a video (.mp4), or one page to play it on (.html); may be given again",
    )
    play.add_argument("--tracker", metavar="NAME", nargs="+", help="names, else of the files")
    add_part(play, "number of the first frame, from 0")


def _play(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.play import play

    played = play(
        options.input,
        options.results,
        options.output,
        names=options.tracker,
        start=options.start,
        max_frames=frames_wanted(options),
    )
    if played.files:
        shown = counted(played.frames, "frame")
        print(f"{shown} in {', '.join(map(str, played.files))}{end_told(options, played.frames)}")
    raise_each(played.failed)
