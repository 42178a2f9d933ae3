"""Subcommands of the combined network: statistics of score maps, composing, fine-tuning."""

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
    alpha_value,
    compute_settings,
    seed_value,
    stage_settings,
    with_cadence,
)


@dataclass(frozen=True)
class FusedTraining:
    """The settings that a fine-tuned network depends on."""

    fusion: s.FusionSettings = field(default_factory=s.FusionSettings)
    auxiliary: s.AuxiliarySettings = field(default_factory=s.AuxiliarySettings)
    siamfc: s.SiamFCSettings = field(default_factory=s.SiamFCSettings)
    fine_tune: s.FineTuneSettings = field(default_factory=s.FineTuneSettings)


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    statistics = add_stage(
        subcommands,
        "response-statistics",
        _statistics,
        help="mean and deviation of the score maps of each branch (eq. 4.1)",
    )
    _add_branches(statistics)
    _add_crops(statistics)
    add_paths(statistics, output="JSON to write")
    add_settings(statistics, "fusion, auxiliary, siamfc")
    add_compute(statistics)

    compose = add_stage(
        subcommands, "compose", _compose, help="put two trained branches together (exp. 1 and 4)"
    )
    _add_branches(compose)
    add_paths(compose, statistics="score-map statistics (JSON)", output="checkpoint to write")
    compose.add_argument("--alpha", type=alpha_value, default=0.5)
    compose.add_argument("--seed", type=seed_value, default=0)
    add_settings(compose, "fusion, auxiliary")

    tune = add_stage(
        subcommands, "fine-tune", _fine_tune, help="train both branches together (exp. 2, 3, 5)"
    )
    _add_branches(tune)
    _add_crops(tune)
    add_paths(tune, statistics="score-map statistics (JSON)", output="checkpoint to write")
    tune.add_argument("--alpha", type=alpha_value, required=True, help="0 to 1, or learned")
    add_settings(tune, "fusion, auxiliary, siamfc, fine_tune")
    add_cadence(tune)
    add_compute(tune)


def _add_crops(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--crops", required=True, nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seed", type=seed_value, default=0)


def _add_branches(parser: argparse.ArgumentParser) -> None:
    add_paths(
        parser,
        siamfc="SiamFC checkpoint",
        auxiliary="checkpoint of the other branch: a colorization network, or another SiamFC",
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
    from chromatrack.stages.fusion.statistics import response_statistics

    settings = _fused_training(options)
    response_statistics(
        options.siamfc,
        options.auxiliary,
        options.crops,
        options.output,
        seed=options.seed,
        settings=settings.fusion,
        branch=settings.auxiliary,
        pairs=settings.siamfc,
        compute=compute_settings(options),
    )


def _compose(options: argparse.Namespace) -> None:
    from chromatrack.stages.fusion.compose import compose

    settings = _fused_training(options)
    compose(
        options.siamfc,
        options.auxiliary,
        options.statistics,
        options.output,
        alpha=options.alpha,
        seed=options.seed,
        settings=settings.fusion,
        branch=settings.auxiliary,
    )


def _fine_tune(options: argparse.Namespace) -> None:
    from chromatrack.stages.fusion.fine_tune import fine_tune

    settings = _fused_training(options)
    fine_tune(
        options.siamfc,
        options.auxiliary,
        options.statistics,
        options.crops,
        options.output,
        alpha=options.alpha,
        seed=options.seed,
        settings=settings.fusion,
        branch=settings.auxiliary,
        training=with_cadence(options, settings.fine_tune.applied_to(settings.siamfc)),
        compute=compute_settings(options),
    )
