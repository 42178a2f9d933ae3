"""The subcommand that writes networks for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import add_settings, add_stage, stage_settings


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    export = add_stage(
        subcommands, "export", _export, help="the network of a tracker as one ONNX file"
    )
    export.add_argument("checkpoint", type=Path, metavar="CHECKPOINT")
    export.add_argument("--format", choices=["onnx"], default="onnx", help="of the file")
    export.add_argument(
        "--output",
        type=Path,
        metavar="FILE.onnx",
        help="the file to write; without it, beside the checkpoint, by its name",
    )
    add_settings(export, "tracker")


def _export(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.export import export

    settings = stage_settings(options, s.TrackerSettings, lambda everything: everything.tracker)
    output = export(options.checkpoint, options.output, settings=settings)
    print(f"{output.stat().st_size / 1e6:.1f} MB in {output}")
