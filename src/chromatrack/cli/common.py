"""What several subcommands share: how settings reach a stage."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

from chromatrack import settings as s

T = TypeVar("T")


def add_settings(parser: argparse.ArgumentParser, stage: str) -> None:
    """Add `--settings JSON` (what the workflow passes) and `--config FILE...` (for people)."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--settings", metavar="JSON", help=f"the settings of this stage ({stage}) as JSON"
    )
    group.add_argument(
        "--config",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="configuration files, later ones override earlier ones; without it, the defaults",
    )


def stage_settings(options: argparse.Namespace, kind: type[T], pick) -> T:
    """The settings of one stage from `--settings`, or picked out of `--config`, or the defaults.

    Args:
        kind: the stage's dataclass.
        pick: how to get at it in the complete `Settings`, such as `lambda all: all.siamfc`.
    """
    if options.settings is not None:
        return s.from_json(kind, options.settings)
    if options.config is not None:
        return pick(s.load_config(options.config))
    return kind()
