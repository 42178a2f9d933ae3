"""Subcommands from clips to labels, and the analysis of labels."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import add_paths, add_settings, add_stage, stage_settings


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
