"""Subcommands from clips to labels and to the pretrained colorization network."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_compute,
    add_paths,
    add_settings,
    add_stage,
    compute_settings,
    count_value,
    seed_value,
    stage_settings,
)
from chromatrack.models.trunks import NAMES


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    labels = add_stage(subcommands, "labels", _labels, help="colour labels of the clips of a shard")
    add_paths(
        labels,
        ledger="the shard's ledger",
        clips="folder of its clips",
        output="label cache to write (HDF5)",
    )
    add_settings(labels, "labels")

    statistics = add_stage(
        subcommands, "lab-statistics", _lab_statistics, help="mean and deviation of L, a, b"
    )
    statistics.add_argument("--labels", required=True, nargs="+", type=Path, metavar="FILE")
    add_paths(statistics, output="JSON to write")

    train = add_stage(
        subcommands, "train-colorization", _train, help="pretrain by colorization on label caches"
    )
    train.add_argument("--labels", required=True, nargs="+", type=Path, metavar="FILE")
    add_paths(train, statistics="Lab statistics (JSON)", output="checkpoint to write")
    train.add_argument("--trunk", required=True, choices=NAMES)
    train.add_argument("--colours", type=count_value, default=8, help="labels in the cache")
    train.add_argument("--seed", type=seed_value, default=0)
    add_settings(train, "colorization")
    add_compute(train)

    initial = add_stage(
        subcommands,
        "init-colorization",
        _initial,
        help="a colorization network with random weights, for experiment 3",
    )
    add_paths(initial, statistics="Lab statistics (JSON)", output="checkpoint to write")
    initial.add_argument("--trunk", required=True, choices=NAMES)
    initial.add_argument("--seed", type=seed_value, default=0)
    add_settings(initial, "colorization")


def _labels(options: argparse.Namespace) -> None:
    from chromatrack.stages.labels.labels import label_shard

    settings = stage_settings(options, s.LabelSettings, lambda everything: everything.labels)
    label_shard(options.ledger, options.clips, options.output, settings=settings)


def _lab_statistics(options: argparse.Namespace) -> None:
    from chromatrack.stages.labels.lab_statistics import lab_statistics

    lab_statistics(options.labels, options.output)


def _colorization(options: argparse.Namespace) -> s.ColorizationSettings:
    return stage_settings(
        options, s.ColorizationSettings, lambda everything: everything.colorization
    )


def _train(options: argparse.Namespace) -> None:
    from chromatrack.stages.colorization.training import train_colorization

    train_colorization(
        options.labels,
        options.statistics,
        options.output,
        trunk=options.trunk,
        colours=options.colours,
        seed=options.seed,
        settings=_colorization(options),
        compute=compute_settings(options),
    )


def _initial(options: argparse.Namespace) -> None:
    from chromatrack.stages.colorization.training import initial_colorization

    initial_colorization(
        options.statistics,
        options.output,
        trunk=options.trunk,
        seed=options.seed,
        settings=_colorization(options),
    )
