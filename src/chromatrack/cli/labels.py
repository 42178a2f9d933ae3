"""Subcommands from clips to labels, and the analysis of labels."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import add_paths, add_settings, add_stage, count_value, stage_settings
from chromatrack.errors import InputError


@dataclass(frozen=True)
class LabelAnalysis:
    """The settings that the analysis depends on."""

    labels: s.LabelSettings = field(default_factory=s.LabelSettings)
    analysis: s.AnalysisSettings = field(default_factory=s.AnalysisSettings)


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

    label = add_stage(subcommands, "label", _label, help="colour labels of one video")
    label.add_argument("video", type=Path)
    label.add_argument("--k", type=count_value, help="number of colours (8 unless configured)")
    label.add_argument("--output", required=True, type=Path, metavar="labels.h5")
    add_settings(label, "labels")

    statistics = add_stage(
        subcommands, "lab-statistics", _lab_statistics, help="mean and deviation of L, a, b"
    )
    statistics.add_argument("--labels", required=True, nargs="+", type=Path, metavar="FILE")
    add_paths(statistics, output="JSON to write")

    analyze = subcommands.add_parser(
        "analyze-labels",
        help="distance of centroids against consistency of labels",
        description="Cluster some of the clips with every equalisation and number of colours; "
        "write how far apart the centroids are and how many labels of still regions change, as "
        "tables, figures and an index of them (docs/labels.md).",
    )
    analyze.add_argument(
        "--ledgers", required=True, nargs="+", type=Path, metavar="FILE", help="of the shards"
    )
    analyze.add_argument(
        "--clips",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder that holds one folder of clips per ledger, named as the ledger",
    )
    add_paths(analyze, output="index to write (JSON); tables and figures go beside it")
    add_settings(analyze, "labels and analysis")
    analyze.set_defaults(run=_analyze)


def _label(options: argparse.Namespace) -> None:
    from chromatrack.stages.labels.labels import label_video

    settings = stage_settings(options, s.LabelSettings, lambda everything: everything.labels)
    if options.k is not None:
        try:
            settings = replace(settings, colours=options.k)
        except ValueError as error:
            raise InputError(f"--k: {error}") from None
    label_video(options.video, options.output, settings=settings)
    print(f"labels in {options.output}")


def _labels(options: argparse.Namespace) -> None:
    from chromatrack.stages.labels.labels import label_shard

    settings = stage_settings(options, s.LabelSettings, lambda everything: everything.labels)
    label_shard(options.ledger, options.clips, options.output, settings=settings)


def _lab_statistics(options: argparse.Namespace) -> None:
    from chromatrack.stages.labels.lab_statistics import lab_statistics

    lab_statistics(options.labels, options.output)


def _analyze(options: argparse.Namespace) -> None:
    from chromatrack.stages.labels.analysis import analyze_labels

    settings = stage_settings(
        options,
        LabelAnalysis,
        lambda everything: LabelAnalysis(labels=everything.labels, analysis=everything.analysis),
    )
    analyze_labels(
        options.ledgers,
        options.clips,
        options.output,
        labels=settings.labels,
        settings=settings.analysis,
    )
