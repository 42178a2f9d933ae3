"""`chromatrack import-weights`: public weights as a checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import add_stage

# Of `stages.tools.foreign_weights.KINDS`, which would import torch for every command.
FORMATS = (
    "auto", "siamfc-pytorch", "torchvision", "moco", "timecycle", "crw", "vfs", "dul", "uvc",
    "dino", "dino-training", "mast", "corrflow",
)  # fmt: skip


def register(subcommands) -> None:
    """Add the subcommand."""
    weights = add_stage(
        subcommands, "import-weights", _import_weights, help="public weights as a checkpoint"
    )
    weights.add_argument(
        "kind",
        choices=FORMATS,
        metavar="FORMAT",
        help=f"whose weights: {', '.join(FORMATS)}; auto goes by the names in the file",
    )
    weights.add_argument("weights", type=Path, metavar="FILE.pth")
    weights.add_argument("--output", required=True, type=Path, metavar="CHECKPOINT")
    weights.add_argument(
        "--layer",
        choices=["layer2", "layer3", "layer4"],
        help="where the trunk ends (where its authors take the features)",
    )
    weights.add_argument(
        "--padding", choices=["zeros", "reflect"], help="of the convolutions (as its authors have)"
    )


def _import_weights(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.foreign_weights import import_weights

    told = import_weights(
        options.kind,
        options.weights,
        options.output,
        layer=options.layer,
        padding=options.padding,
    )
    print("\n".join((*told, f"checkpoint in {options.output}")))
