"""Tools for people: on their own videos and weights, and on their machine."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_settings,
    add_stage,
    count_value,
    stage_settings,
)

# Of `stages.tools.foreign_weights.KINDS`, which would import torch for every command.
FORMATS = (
    "auto", "siamfc-pytorch", "torchvision", "moco", "timecycle", "crw", "vfs", "dul", "uvc",
    "dino", "dino-training", "mast", "corrflow",
)  # fmt: skip


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    label = add_stage(subcommands, "label", _label, help="colour labels of one video")
    label.add_argument("video", type=Path)
    label.add_argument("--k", type=count_value, help="number of colours (8 unless configured)")
    label.add_argument("--output", required=True, type=Path, metavar="labels.h5")
    add_settings(label, "labels")

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

    doctor = add_stage(
        subcommands, "doctor", _doctor, help="what works on this machine, and what is missing"
    )
    doctor.add_argument(
        "--config",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="also look at the data of a configuration: config.yaml, and files laid over it",
    )
    doctor.add_argument(
        "--slurm",
        action="store_true",
        help="with --config: what its jobs ask for, beside what the partitions of Slurm give",
    )

    why = add_stage(
        subcommands, "why", _why, help="what Snakemake would run, and why, in one line per rule"
    )
    why.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="of snakemake: targets, --configfile and so on",
    )


def _why(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.why import why

    # `main` sets the first "--"; others are snakemake's.
    print("\n".join(why(options.arguments[options.arguments[:1] == ["--"] :])))


def _label(options: argparse.Namespace) -> None:
    from chromatrack.errors import InputError
    from chromatrack.stages.labels.labels import label_video

    settings = stage_settings(options, s.LabelSettings, lambda everything: everything.labels)
    if options.k is not None:
        try:
            settings = dataclasses.replace(settings, colours=options.k)
        except ValueError as error:
            raise InputError(f"--k: {error}") from None
    label_video(options.video, options.output, settings=settings)
    print(f"labels in {options.output}")


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


def _doctor(options: argparse.Namespace) -> None:
    from chromatrack.errors import InputError
    from chromatrack.stages.tools.doctor import report

    print(report())
    if options.config is None:
        if options.slurm:
            raise InputError("--slurm: needs --config, whose jobs it is about")
        return
    from chromatrack.stages.tools.check_run import check_run
    from chromatrack.stages.tools.check_slurm import check_slurm

    settings = s.load_config(options.config)
    if options.slurm:
        print("\n" + "\n".join(check_slurm(settings)))
    lines, ready = check_run(settings)
    print("\n" + "\n".join(lines))
    if not ready:
        raise InputError("the run cannot start; see the lines that begin with missing:")
