"""Subcommands around vot-toolkit."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import (
    add_challenge,
    add_paths,
    add_stage,
    add_tracker,
    count_value,
    tracker_options,
)
from chromatrack.errors import InputError


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    official = add_stage(
        subcommands,
        "vot-official",
        _official,
        help="let vot-toolkit run and score a tracker on VOT sequences",
    )
    _add_tracker(official)
    _add_sequences(official)
    add_paths(official, output="JSON to write; the workspace is the folder named like it")
    official.add_argument(
        "--toolkit", type=Path, metavar="PYTHON", help="Python that has vot-toolkit"
    )

    workspace = add_stage(
        subcommands, "vot-workspace", _workspace, help="make a workspace of vot-toolkit"
    )
    _add_tracker(workspace)
    _add_sequences(workspace)
    add_paths(workspace, output="folder of the workspace")

    served = add_stage(
        subcommands,
        "vot-tracker",
        _serve,
        help="speak TraX with vot-toolkit, which starts this by itself",
    )
    _add_tracker(served)


def _add_tracker(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--checkpoint", type=Path, metavar="PATH", help="checkpoint of a tracker")
    which.add_argument("--classical", metavar="NAME", help="tracker of OpenCV, such as kcf")
    parser.add_argument("--name", help="name of the tracker; without it, that of its file")
    add_tracker(parser)


def _add_sequences(parser: argparse.ArgumentParser) -> None:
    add_paths(parser, root="folder of VOT sequences with list.txt")
    parser.add_argument("--max-frames", type=count_value, help="cut each sequence")
    add_challenge(parser)


def _tracker(options: argparse.Namespace):
    from chromatrack.stages.evaluation.vot_official import classical, siamese

    if options.classical is not None:
        for key in ("alpha", "random_auxiliary"):
            if getattr(options, key) is not None:
                option = "--" + key.replace("_", "-")
                raise InputError(f"{option}: belongs to a checkpoint, not to --classical")
        return classical(options.classical)
    name = options.name or options.checkpoint.stem
    return siamese(name, options.checkpoint, **tracker_options(options))


def _official(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.vot_official import vot_official

    result = vot_official(
        _tracker(options),
        options.root,
        options.output,
        challenge=options.challenge,
        max_frames=options.max_frames,
        toolkit=options.toolkit,
    )
    for key in ("accuracy", "robustness_toolkit", "eao"):
        print(f"{key:<20}{_shown(result[key]):>10}   ours {_shown(result['ours'][key])}")


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _workspace(options: argparse.Namespace) -> None:
    from chromatrack.data.vot_workspace import identifier
    from chromatrack.stages.evaluation.vot_official import make_workspace

    tracker = _tracker(options)
    make_workspace(
        tracker,
        options.root,
        options.output,
        challenge=options.challenge,
        max_frames=options.max_frames,
    )
    name = identifier(tracker.name)
    for command in ("evaluate", "analysis"):
        print(f"python -m vot {command} --workspace {options.output} {name}")


def _serve(options: argparse.Namespace) -> None:
    from chromatrack.tracking.trax_server import serve

    def open_tracker():
        # Here, not above: torch takes its time, and the toolkit waits for the greeting.
        if options.classical is not None:
            from chromatrack.tracking.classical import open_classical

            return open_classical(options.classical)
        from chromatrack.tracking.load import load_tracker
        from chromatrack.training.compute import prepare

        given = tracker_options(options)
        device = prepare(given.pop("compute"))
        return load_tracker(options.checkpoint, device=device, **given)

    serve(open_tracker, name=options.name or options.classical or options.checkpoint.stem)
