"""Subcommands of SiamFC: its crops, its training, and the choice of the network."""

from __future__ import annotations

import argparse
import typing
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
from chromatrack.cli.parser import path_value


def register(subcommands) -> None:
    """Add the subcommands of this group."""
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
    siamfc.add_argument("--crops", required=True, nargs="+", type=Path, metavar="FILE")
    siamfc.add_argument("--seed", type=seed_value, default=0)
    add_paths(siamfc, output="checkpoint to write: the network after the last step")
    add_settings(siamfc, "siamfc")
    add_cadence(siamfc)
    add_compute(siamfc)

    validate = add_stage(
        subcommands,
        "validate-siamfc",
        _validate_siamfc,
        help="score the networks that a SiamFC training kept on GOT-10k val",
    )
    add_paths(
        validate,
        networks="folder checkpoints/ of the training",
        root="GOT-10k val: list.txt and sequences",
        output="scores to write (JSON)",
    )
    add_settings(validate, "siamfc")
    add_compute(validate)

    choose = add_stage(
        subcommands,
        "choose-siamfc",
        _choose_siamfc,
        help="choose one of the networks that a SiamFC training kept",
    )
    add_paths(
        choose,
        last="what train-siamfc wrote; checkpoints/ lies beside it",
        output="checkpoint to write; choice.json goes beside it",
    )
    choose.add_argument(
        "--validation", type=Path, metavar="FILE", help="scores, for siamfc.select: best_ao"
    )
    add_settings(choose, "siamfc")


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
    return layout, path_value(root)


def _sets(options: argparse.Namespace) -> list:
    from chromatrack.data.training_sets import TrainingSet

    return [TrainingSet(layout, root) for layout, root in options.sources]


def _crop_lists(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.crops import make_crop_lists

    make_crop_lists(_sets(options), options.output, shard_size=options.shard_size)


def _crops(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.crops import crop_shard

    settings = stage_settings(options, s.CropSettings, lambda everything: everything.crops)
    crop_shard(_sets(options), options.names, options.output, settings=settings)


def _siamfc(options: argparse.Namespace) -> s.SiamFCSettings:
    return stage_settings(options, s.SiamFCSettings, lambda everything: everything.siamfc)


def _train_siamfc(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.training import train_siamfc

    train_siamfc(
        options.crops,
        options.output,
        seed=options.seed,
        settings=with_cadence(options, _siamfc(options)),
        compute=compute_settings(options),
    )


def _validate_siamfc(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.validation import validate_siamfc

    validate_siamfc(
        options.networks,
        options.root,
        options.output,
        settings=_siamfc(options),
        compute=compute_settings(options),
    )


def _choose_siamfc(options: argparse.Namespace) -> None:
    from chromatrack.stages.siamfc.choice import choose_siamfc

    choose_siamfc(options.last, options.validation, options.output, settings=_siamfc(options))
