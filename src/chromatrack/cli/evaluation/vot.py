"""Subcommands around vot-toolkit."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from chromatrack.cli.common import (
    add_challenge,
    add_paths,
    add_stage,
    compute_settings,
    count_value,
)
from chromatrack.cli.trackers import (
    add_tracker,
    add_which,
    check_read,
    class_options,
    tracker_options,
)


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
    served.add_argument(
        "--folder", type=Path, metavar="DIR", help="where a tracker's files are; without it, here"
    )


def _add_tracker(parser: argparse.ArgumentParser) -> None:
    add_which(parser, checkpoint="of SiamFC or combined", required=True)
    parser.add_argument("--name", help="of the tracker; without it, that of its file or class")
    add_tracker(parser)


def _add_sequences(parser: argparse.ArgumentParser) -> None:
    add_paths(parser, root="folder of VOT sequences with list.txt")
    parser.add_argument("--max-frames", type=count_value, help="cut each sequence")
    add_challenge(parser)


def _tracker(options: argparse.Namespace):
    from chromatrack.stages.evaluation.vot_official import of_checkpoint, of_name

    check_read(options)
    if options.tracker is not None:
        told = class_options(options.option)
        return of_name(options.tracker, told, name=_name(options))
    return of_checkpoint(options.checkpoint, name=_name(options), **tracker_options(options))


def _name(options: argparse.Namespace) -> str:
    if options.name or options.checkpoint:
        return options.name or options.checkpoint.stem
    return options.tracker.rpartition(":")[2]


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
        if options.tracker is not None:
            from chromatrack.stages.evaluation.openers import named

            tracker = named(options.tracker, class_options(options.option))
            return tracker.opener(compute_settings(options))()
        from chromatrack.machine.compute import prepare
        from chromatrack.tracking.load import load_tracker

        told = tracker_options(options)
        device = prepare(told.pop("compute"))
        return load_tracker(options.checkpoint, device=device, **told)

    check_read(options)
    if options.folder is not None:
        os.chdir(options.folder)
    serve(open_tracker, name=_name(options))
