"""Options that say which tracker, and how it is set; what of them is not read is refused."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_compute,
    add_settings,
    alpha_value,
    compute_settings,
    given,
    stage_settings,
)
from chromatrack.configuration import expand, parse_yaml
from chromatrack.errors import InputError

READ_OF = {
    "checkpoint": ("alpha", "random_auxiliary", "settings", "alphas", "together", "show_scores"),
    "tracker": ("option",),
    "results": ("of",),
}
"""What is read of each kind of tracker, and of no other. `--config` may hold more than is read."""


def add_which(
    parser: argparse.ArgumentParser, *, checkpoint: str, required: bool = False
) -> argparse._MutuallyExclusiveGroup:
    """Add `--checkpoint` (its help) or `--tracker`, and `--option`; returns the group of both."""
    which = parser.add_mutually_exclusive_group(required=required)
    which.add_argument("--checkpoint", type=Path, metavar="FILE", help=checkpoint)
    which.add_argument(
        "--tracker",
        metavar="NAME",
        help="meanshift, camshift, klt, mosse, kcf, csrt, or module:Class with init and update",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="argument of the class (YAML); may be given again",
    )
    return which


def add_tracker(parser: argparse.ArgumentParser) -> None:
    """Options of the tracker of a checkpoint; `tracker_options` reads them."""
    parser.add_argument(
        "--alpha",
        type=alpha_value,
        help="weight of the colorization branch, if not the trained one",
    )
    parser.add_argument(
        "--random-auxiliary",
        type=int,
        metavar="SEED",
        help="fresh weights for the colorization branch (decisions, row 27b)",
    )
    add_settings(parser, "tracker")
    add_compute(parser)


def check_read(options: argparse.Namespace) -> None:
    """Refuse an option that belongs to another kind of tracker than the one that is named.

    Raises:
        InputError: names it, or that there is no tracker.
    """
    kinds = [kind for kind in READ_OF if hasattr(options, kind)]
    chosen = [kind for kind in kinds if getattr(options, kind) is not None]
    if not chosen:
        *first, last = (f"--{kind}" for kind in kinds)
        raise InputError(f"expected {', '.join(first)} or {last}")
    for kind, keys in READ_OF.items():
        for option in given(options, *keys) if kind not in chosen else ():
            raise InputError(f"{option}: belongs to --{kind}, not to --{chosen[0]}")


def tracker_settings(options: argparse.Namespace) -> s.TrackerSettings:
    """Those of the tracker of a checkpoint."""
    return stage_settings(options, s.TrackerSettings, lambda everything: everything.tracker)


def tracker_options(options: argparse.Namespace) -> dict:
    """Arguments of the stages that run the tracker of a checkpoint."""
    return {
        "settings": tracker_settings(options),
        "compute": compute_settings(options),
        "alpha": options.alpha,
        "random_auxiliary": options.random_auxiliary,
    }


def class_options(pairs: list[str]) -> dict[str, Any]:
    """Arguments of a class of somebody's own, from `KEY=VALUE`; values are YAML, `~/` is home."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        where = f"--option {pair:.80}"
        if not equals or not key.isidentifier():
            raise InputError(f"{where}: expected KEY=VALUE")
        if key in found:
            raise InputError(f"{where}: expected each option once")
        read = parse_yaml(value, where)
        try:
            json.dumps(read, allow_nan=False)  # results say which options they were made with
        except (TypeError, ValueError):
            raise InputError(
                f"{where}: expected text, a number, true, false, or a list or keys of these"
            ) from None
        found[key] = expand(read, where) if isinstance(read, str) else read
    return found
