"""The subcommand that analyses colour labels."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import add_paths, add_settings, stage_settings


@dataclass(frozen=True)
class LabelAnalysis:
    """The settings that the analysis depends on."""

    labels: s.LabelSettings = field(default_factory=s.LabelSettings)
    analysis: s.AnalysisSettings = field(default_factory=s.AnalysisSettings)


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add `analyze-labels`."""
    parser = subcommands.add_parser(
        "analyze-labels",
        help="distance of centroids against consistency of labels",
        description="Cluster some of the clips with every equalisation and number of colours; "
        "write how far apart the centroids are and how many labels of still regions change, as "
        "tables, figures and an index of them (docs/label-analysis.md).",
    )
    parser.add_argument(
        "--ledgers", required=True, nargs="+", type=Path, metavar="FILE", help="of the shards"
    )
    parser.add_argument(
        "--clips",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder that holds one folder of clips per ledger, named as the ledger",
    )
    add_paths(parser, output="index to write (JSON); tables and figures go beside it")
    add_settings(parser, "labels and analysis")
    parser.set_defaults(run=_analyze)


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
