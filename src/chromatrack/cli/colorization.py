"""Subcommands of pretraining by colorization, and of the single-video test."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_cadence,
    add_compute,
    add_paths,
    add_settings,
    add_stage,
    compute_settings,
    count_value,
    seed_value,
    stage_settings,
    with_cadence,
)
from chromatrack.errors import InputError
from chromatrack.models.trunks import NAMES


@dataclass(frozen=True)
class SingleVideo:
    """The settings that the single-video test depends on."""

    labels: s.LabelSettings = field(default_factory=s.LabelSettings)
    colorization: s.ColorizationSettings = field(default_factory=s.ColorizationSettings)
    single_video: s.SingleVideoSettings = field(default_factory=s.SingleVideoSettings)


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    train = add_stage(
        subcommands, "train-colorization", _train, help="pretrain by colorization on label caches"
    )
    train.add_argument("--labels", required=True, nargs="+", type=Path, metavar="FILE")
    _add_statistics(train)
    add_paths(train, output="checkpoint to write")
    train.add_argument("--trunk", required=True, choices=NAMES)
    train.add_argument("--colours", type=count_value, default=8, help="labels in the cache")
    train.add_argument("--seed", type=seed_value, default=0)
    add_settings(train, "colorization")
    add_cadence(train)
    add_compute(train)

    initial = add_stage(
        subcommands,
        "init-colorization",
        _initial,
        help="a colorization network with random weights, for experiment 3",
    )
    _add_statistics(initial)
    add_paths(initial, output="checkpoint to write")
    initial.add_argument("--trunk", required=True, choices=NAMES)
    initial.add_argument("--seed", type=seed_value, default=0)
    add_settings(initial, "colorization")

    memorize = add_stage(
        subcommands, "memorize-clip", _memorize, help="train on one clip alone, as a check (5.3.3)"
    )
    source = memorize.add_mutually_exclusive_group(required=True)
    source.add_argument("--video", type=Path, metavar="PATH", help="the clip")
    source.add_argument(
        "--ledgers", nargs="+", type=Path, metavar="FILE", help="take single_video.clip of these"
    )
    memorize.add_argument(
        "--clips", type=Path, metavar="DIR", help="folder with a folder of clips per ledger"
    )
    add_paths(memorize, output="index to write (JSON); networks and figures go beside it")
    memorize.add_argument("--seed", type=seed_value, default=0)
    add_settings(memorize, "labels, colorization and single_video")
    add_cadence(memorize)
    add_compute(memorize)


def _add_statistics(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--statistics",
        type=Path,
        metavar="FILE",
        help="Lab statistics (JSON); wanted where colorization.normalization is measured",
    )


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
        settings=with_cadence(options, _colorization(options)),
        compute=compute_settings(options),
    )


def _initial(options: argparse.Namespace) -> None:
    from chromatrack.stages.colorization.initial import initial_colorization

    initial_colorization(
        options.statistics,
        options.output,
        trunk=options.trunk,
        seed=options.seed,
        settings=_colorization(options),
    )


def _memorize(options: argparse.Namespace) -> None:
    from chromatrack.stages.colorization.single_video import fetched_clip, memorize_clip

    if (options.ledgers is None) != (options.clips is None):
        raise InputError("--ledgers and --clips: expected both, or --video")
    settings = stage_settings(
        options,
        SingleVideo,
        lambda everything: SingleVideo(
            labels=everything.labels,
            colorization=everything.colorization,
            single_video=everything.single_video,
        ),
    )
    clip = settings.single_video.clip
    memorize_clip(
        options.video or fetched_clip(options.ledgers, options.clips, clip),
        options.output,
        labels=settings.labels,
        colorization=with_cadence(options, settings.colorization),
        settings=settings.single_video,
        seed=options.seed,
        compute=compute_settings(options),
    )
