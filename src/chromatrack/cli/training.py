"""Subcommands of the single-video test, of SiamFC training and of the combined network."""

from __future__ import annotations

import argparse
import typing
from dataclasses import dataclass, field
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_compute,
    add_paths,
    add_settings,
    add_stage,
    alpha_value,
    compute_settings,
    count_value,
    seed_value,
    stage_settings,
)
from chromatrack.errors import InputError


@dataclass(frozen=True)
class FusedTraining:
    """The settings that a fine-tuned network depends on."""

    fusion: s.FusionSettings = field(default_factory=s.FusionSettings)
    siamfc: s.SiamFCSettings = field(default_factory=s.SiamFCSettings)
    fine_tune: s.FineTuneSettings = field(default_factory=s.FineTuneSettings)


@dataclass(frozen=True)
class SingleVideo:
    """The settings that the single-video test depends on."""

    labels: s.LabelSettings = field(default_factory=s.LabelSettings)
    colorization: s.ColorizationSettings = field(default_factory=s.ColorizationSettings)
    single_video: s.SingleVideoSettings = field(default_factory=s.SingleVideoSettings)


def register(subcommands) -> None:
    """Add the subcommands of this group."""
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
    add_compute(memorize)

    lists = add_stage(
        subcommands, "crop-lists", _crop_lists, help="split the videos to train on into shards"
    )
    _add_sources(lists)
    add_paths(lists, output="folder for the lists")
    lists.add_argument("--shard-size", type=count_value, default=200, help="videos per shard")

    crops = add_stage(subcommands, "crops", _crops, help="cut out the targets of a shard")
    add_paths(
        crops,
        names="list of videos, as crop-lists writes it",
        output="crop shard to write (HDF5)",
    )
    _add_sources(crops)
    add_settings(crops, "crops")

    siamfc = add_stage(subcommands, "train-siamfc", _train_siamfc, help="train SiamFC on crops")
    _add_crops(siamfc)
    siamfc.add_argument(
        "--validation", type=Path, metavar="DIR", help="GOT-10k val: sequences to choose by"
    )
    add_paths(siamfc, output="checkpoint to write")
    add_settings(siamfc, "siamfc")
    add_compute(siamfc)

    statistics = add_stage(
        subcommands,
        "response-statistics",
        _statistics,
        help="mean and deviation of the score maps of each branch (eq. 4.1)",
    )
    _add_branches(statistics)
    _add_crops(statistics)
    add_paths(statistics, output="JSON to write")
    add_settings(statistics, "fusion, siamfc")
    add_compute(statistics)

    compose = add_stage(
        subcommands, "compose", _compose, help="put two trained branches together (exp. 1 and 4)"
    )
    _add_branches(compose)
    add_paths(compose, statistics="score-map statistics (JSON)", output="checkpoint to write")
    compose.add_argument("--alpha", type=alpha_value, default=0.5)
    compose.add_argument("--seed", type=seed_value, default=0)
    add_settings(compose, "fusion")

    tune = add_stage(
        subcommands, "fine-tune", _fine_tune, help="train both branches together (exp. 2, 3, 5)"
    )
    _add_branches(tune)
    _add_crops(tune)
    add_paths(tune, statistics="score-map statistics (JSON)", output="checkpoint to write")
    tune.add_argument("--alpha", type=alpha_value, required=True, help="0 to 1, or learned")
    add_settings(tune, "fusion, siamfc, fine_tune")
    add_compute(tune)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sources",
        required=True,
        nargs="+",
        type=_source_value,
        metavar="LAYOUT:DIR",
        help="folders of annotated videos: got10k (with list.txt), otb or vid (ImageNet-VID)",
    )


def _source_value(text: str) -> tuple[str, Path]:
    layout, colon, root = text.partition(":")
    if layout not in typing.get_args(s.TrackingLayout) or not colon or not root:
        raise argparse.ArgumentTypeError(f"expected got10k:DIR, otb:DIR or vid:DIR, got {text!r}")
    return layout, Path(root)


def _sets(options: argparse.Namespace) -> list:
    from chromatrack.data.training_sets import TrainingSet

    return [TrainingSet(layout, root) for layout, root in options.sources]


def _add_crops(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--crops", required=True, nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seed", type=seed_value, default=0)


def _add_branches(parser: argparse.ArgumentParser) -> None:
    add_paths(parser, siamfc="SiamFC checkpoint", colorization="colorization checkpoint")


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
        colorization=settings.colorization,
        settings=settings.single_video,
        seed=options.seed,
        compute=compute_settings(options),
    )


def _crop_lists(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.crops import make_crop_lists

    make_crop_lists(_sets(options), options.output, shard_size=options.shard_size)


def _crops(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.crops import crop_shard

    settings = stage_settings(options, s.CropSettings, lambda everything: everything.crops)
    crop_shard(_sets(options), options.names, options.output, settings=settings)


def _train_siamfc(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.training import train_siamfc

    train_siamfc(
        options.crops,
        options.output,
        seed=options.seed,
        settings=stage_settings(options, s.SiamFCSettings, lambda everything: everything.siamfc),
        compute=compute_settings(options),
        validation=options.validation,
    )


def _fused_training(options: argparse.Namespace) -> FusedTraining:
    return stage_settings(
        options,
        FusedTraining,
        lambda everything: FusedTraining(
            fusion=everything.fusion, siamfc=everything.siamfc, fine_tune=everything.fine_tune
        ),
    )


def _statistics(options: argparse.Namespace) -> None:
    from chromatrack.stages.fusion.fusion import response_statistics

    settings = _fused_training(options)
    response_statistics(
        options.siamfc,
        options.colorization,
        options.crops,
        options.output,
        seed=options.seed,
        settings=settings.fusion,
        pairs=settings.siamfc,
        compute=compute_settings(options),
    )


def _compose(options: argparse.Namespace) -> None:
    from chromatrack.stages.fusion.fusion import compose

    compose(
        options.siamfc,
        options.colorization,
        options.statistics,
        options.output,
        alpha=options.alpha,
        seed=options.seed,
        settings=stage_settings(options, s.FusionSettings, lambda everything: everything.fusion),
    )


def _fine_tune(options: argparse.Namespace) -> None:
    from chromatrack.stages.fusion.fusion import fine_tune

    settings = _fused_training(options)
    fine_tune(
        options.siamfc,
        options.colorization,
        options.statistics,
        options.crops,
        options.output,
        alpha=options.alpha,
        seed=options.seed,
        settings=settings.fusion,
        training=settings.fine_tune.applied_to(settings.siamfc),
        compute=compute_settings(options),
    )
