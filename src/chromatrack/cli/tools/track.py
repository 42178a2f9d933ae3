"""`chromatrack track`: targets followed through a video of the user's."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromatrack.cli.common import (
    add_compute,
    add_settings,
    add_stage,
    alpha_values,
    box_value,
    compute_settings,
    counted,
    seed_value,
)
from chromatrack.cli.parser import path_value
from chromatrack.cli.trackers import add_which, check_read, class_options, tracker_settings
from chromatrack.data.text import folder_name
from chromatrack.errors import ChromatrackError, InputError, raise_each

if TYPE_CHECKING:
    import numpy as np

    from chromatrack.stages.tools.track_video import Tracked
    from chromatrack.tracking.seen import Followers


def register(subcommands) -> None:
    """Add the subcommand."""
    track = add_stage(
        subcommands, "track", _track, help="follow targets through a video, or a folder of frames"
    )
    track.add_argument(
        "input", type=Path, help="a video, a folder of numbered images, or camera:0 (camera:N)"
    )
    track.add_argument(
        "--box",
        action="append",
        default=[],
        type=_named_box,
        metavar="[NAME=]x,y,w,h",
        help="a target in the first frame: left, top, width, height in pixels, 0-based; again for "
        "each further one",
    )
    track.add_argument(
        "--select",
        nargs="?",
        const="",
        metavar="NAME.png",
        help="draw the box in a window (alone, it is told and that is all); with a name, write the "
        "first frame with a grid there, to read the numbers off",
    )
    add_which(track, checkpoint="of SiamFC or combined, or an exported network (.onnx)")
    track.add_argument(
        "--alpha",
        type=alpha_values,
        metavar="A[,B,...]",
        help="weight of the colorization branch; of several, each follows each target",
    )
    track.add_argument(
        "--output",
        action="append",
        default=[],
        type=Path,
        metavar="boxes.csv",
        help="what to write: .csv, .json, or .txt as OTB has it; may be given again",
    )
    track.add_argument(
        "--video", type=Path, metavar="out.mp4", help="write the video with boxes and scores"
    )
    track.add_argument(
        "--show-scores", type=Path, metavar="DIR", help="write a picture of the maps of each frame"
    )
    track.set_defaults(writes=("video",))
    add_part(track, "number of the frame that the boxes are of, from 0")
    add_settings(track, "tracker")
    add_compute(track)


def add_part(parser: argparse.ArgumentParser, first: str) -> None:
    """Add `--from` (its help) and `--to`; `frames_wanted` reads them."""
    parser.add_argument("--from", dest="start", type=seed_value, default=0, metavar="N", help=first)
    parser.add_argument("--to", type=seed_value, metavar="N", help="number of the last frame")


def _named_box(text: str) -> tuple[str, list[float]]:
    name, equals, box = text.rpartition("=")
    if "/" in name or "\\" in name:
        raise argparse.ArgumentTypeError(
            f"a name holds no slash, as files are named by it: {name!r}"
        )
    if equals:
        try:
            folder_name(name, "name of a target").encode()
        except (InputError, UnicodeEncodeError):
            raise argparse.ArgumentTypeError(
                f"expected a name before the = that can be one of a file, got {name!r:.80}"
            ) from None
    return name, box_value(box)


def _track(options: argparse.Namespace) -> None:
    from chromatrack.data.tracks import check_apart
    from chromatrack.video.footage import open_footage

    count = frames_wanted(options)
    if options.select:
        from chromatrack.stages.tools.select import write_grid

        path = path_value(options.select)
        _check_not_read(options, path)
        write_grid(open_footage(options.input, start=options.start).first, path)
        print(f"first frame with a grid in {path}")
        return
    if options.select is not None and not (_follower(options) or options.output):
        _drawn(open_footage(options.input, start=options.start).first)
        return
    _check(options)
    views = _views(options)
    followers = _followers(options)
    footage = open_footage(options.input, count, start=options.start)
    boxes = _boxes(options)
    if options.select is not None:
        boxes = {**boxes, str(len(boxes) + 1): _drawn(footage.first)}
    names = list(product(boxes, followers.labels))
    check_apart(options.output, names, [view.path for view in views])
    from chromatrack.stages.tools.track_video import track_video

    tracked = track_video(followers, footage, boxes, start=options.start, views=views)
    files, failed = _written(options, tracked)
    _say(options, tracked, files)
    failed = [*tracked.failed, *failed]
    if isinstance(tracked.stopped, KeyboardInterrupt):
        for error in failed:
            print(f"chromatrack track: {error}", file=sys.stderr)
    raise_each(failed if tracked.stopped is None else [tracked.stopped, *failed])


def _drawn(first: np.ndarray) -> list[float]:
    """The box that a person draws, which is told as an option, too."""
    from chromatrack.stages.tools.select import select_box

    box = select_box(first)
    print("--box " + ",".join(f"{value:g}" for value in box))
    return box


def _follower(options: argparse.Namespace) -> str | Path | None:
    return options.checkpoint or options.tracker


def frames_wanted(options: argparse.Namespace) -> int | None:
    """How many frames `--from` and `--to` leave at most; None: all."""
    if options.to is None:
        return None
    if options.to < options.start:
        raise InputError(f"--to {options.to}: expected a frame from --from ({options.start}) on")
    return options.to - options.start + 1


def end_told(options: argparse.Namespace, frames: int) -> str:
    """What is said where the video ends before `--to`."""
    last = options.start + frames - 1
    if options.to is None or last >= options.to:
        return ""
    return f"; {options.input} ends at frame {last}, before --to {options.to}"


def _check(options: argparse.Namespace) -> None:
    """What can be told before a network is read."""
    from chromatrack.data.tracks import check_output

    needed = {
        "--box x,y,w,h (or --select to draw it)": options.box or options.select is not None,
        "--checkpoint FILE (or --tracker NAME)": _follower(options),
        "--output boxes.csv (or .json, .txt)": options.output,
    }
    missing = [name for name, given in needed.items() if not given]
    if missing:
        raise InputError(f"expected {' and '.join(missing)}")
    check_read(options)
    for path in options.output:
        check_output(path)
    _check_not_read(options, *options.output, options.video)


def _check_not_read(options: argparse.Namespace, *written: Path | None) -> None:
    """The video is not written over, nor one of its frames, which no option names."""
    from chromatrack.data.frames import PICTURES

    def same(one: Path, other: Path | None) -> bool:
        return other is not None and one.exists() and other.exists() and one.samefile(other)

    for path in filter(None, written):
        if same(path, options.input):
            raise InputError(f"{path}: is the video itself, expected another name to write")
        if path.suffix.lower() in PICTURES and same(path.parent, options.input):
            raise InputError(f"{path}: would be one of the frames, expected another folder")


def _boxes(options: argparse.Namespace) -> dict[str, list[float]]:
    boxes: dict[str, list[float]] = {}
    for number, (name, box) in enumerate(options.box, start=1):
        name = name or str(number)
        if name in boxes:
            raise InputError(f"--box {name}=...: expected different names, got two of {name!r}")
        boxes[name] = box
    return boxes


def _views(options: argparse.Namespace) -> list:
    from chromatrack.stages.tools.track_views import ScoreView, VideoView

    views: list[Any] = [] if options.video is None else [VideoView(options.video)]
    if options.show_scores is not None:
        views.append(ScoreView(options.show_scores))
    return views


def _followers(options: argparse.Namespace) -> Followers:
    from chromatrack.stages.tools.followers import open_checkpoint, open_other

    compute = compute_settings(options)
    if options.tracker is not None:
        told = class_options(options.option)
        return open_other(options.tracker, compute=compute, options=told)
    return open_checkpoint(
        options.checkpoint,
        settings=tracker_settings(options),
        compute=compute,
        alphas=options.alpha,
    )


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """What JSON says of how the tracker was set."""
    if options.tracker is not None:
        return {"options": options.option}
    return {"alphas": options.alpha, **asdict(tracker_settings(options))}


def _written(
    options: argparse.Namespace, tracked: Tracked
) -> tuple[list[Path], list[BaseException]]:
    """The files that are there in the end, and what others failed with."""
    from chromatrack.data.tracks import write_tracks
    from chromatrack.stages.tools.track_video import about

    used = _settings(options)
    told = about(
        options.input, tracked, tracker=options.tracker, checkpoint=options.checkpoint,
        settings=used,
    )  # fmt: skip
    files, failed = [], []
    for path in options.output:
        try:
            files += write_tracks(path, tracked.tracks, about=told)
        except (ChromatrackError, OSError) as error:
            failed.append(error)
    return [*files, *tracked.shown], failed


def _say(options: argparse.Namespace, tracked: Tracked, files: list[Path]) -> None:
    """What was found, and where it is."""
    alphas = len(options.alpha or [None])
    targets = counted(len(tracked.tracks) // alphas, "target")
    found = f"{counted(tracked.frames, 'frame')}, {targets}"
    if alphas > 1:
        found += f" with {alphas} alphas"
    lost = sum(int(track.lost.any()) for track in tracked.tracks)
    speed = tracked.frames / max(tracked.seconds, 1e-9)
    if files:
        print(
            found
            + (f" ({lost} lost in some)" if lost else "")
            + f" in {', '.join(map(str, files))}; {speed:.1f} frames per second"
            + (end_told(options, tracked.frames) if tracked.stopped is None else "")
        )
    if files and tracked.stopped is not None:
        print("that is what was tracked before it stopped")
