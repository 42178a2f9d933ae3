"""The table of an experiment: one row per tracker (`results/otb2015_summary.csv`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chromatrack.errors import InputError
from chromatrack.files import digest_text, read_json, write_text
from chromatrack.reporting.manifest import Manifest, Row
from chromatrack.reporting.per_target import Key, key_of
from chromatrack.reporting.scores import alpha_text, read_evaluation
from chromatrack.settings.experiments import UNTRAINED

BEFORE = ("data_set", "tracker", "experiment", "alpha", "seeds")
BESIDE = ("difference", "difference_low", "difference_high", "p")
AFTER = ("targets", "frames", "weights", "configuration")
"""Columns of the table: before the measures, after the first one, and after them all."""

SHOWN = 12
"""Hexadecimal digits of a digest."""


def summarize(
    manifest: Manifest, statistics: Mapping[str, Any], output_csv: str | Path
) -> pd.DataFrame:
    """Write one row per experiment and alpha, its seeds together; the baseline first.

    Nothing in it depends on when or on which machine it was made: equal runs give equal bytes.

    Args:
        statistics: what `run_statistics` found in the same manifest.
        output_csv: the table; alpha is empty for the baseline and may be "learned".

    Returns:
        The table. The first measure has its interval (_low, _high); difference is that to the
        baseline of the same seeds, target by target, with its interval and p, which is not
        corrected for other rows. `weights` holds the first digits of the SHA-256 of each seed's
        checkpoint, `configuration` those of the configuration that the page prints.

    Raises:
        InputError: there is no tracker, the trackers were scored on different numbers of targets
            or frames, or the statistics are of other trackers.
    """
    if not manifest.rows:
        raise InputError("rows: expected at least one tracker, found none")
    groups: dict[Key, list[Row]] = {}
    for row in sorted(manifest.rows, key=lambda row: row.seed or 0):
        groups.setdefault(key_of(row), []).append(row)
    scores = {row.evaluation: read_evaluation(row.evaluation) for row in manifest.rows}
    _same_frames(manifest.rows, scores)
    said = _statistics_of(statistics, groups)
    one = next(iter(scores.values()))
    key = statistics["measure"]["key"]
    others = [name for name in one["headline"] if name != key]
    configuration = digest_text(manifest.config)[:SHOWN] if manifest.config else ""
    lines = []
    for group, entry in said.items():
        own = [scores[row.evaluation] for row in groups[group]]
        beside = entry["difference"] or {}
        lines.append({
            "data_set": manifest.heading,
            "tracker": entry["tracker"],
            "experiment": entry["experiment"],
            "alpha": "" if entry["alpha"] is None else alpha_text(entry["alpha"]),
            "seeds": " ".join(map(str, entry["seeds"])),
            **_interval(key, entry["value"]),
            **_interval("difference", beside),
            "p": entry["p"],
            **{name: _mean([score[name] for score in own]) for name in others},
            "targets": own[0]["targets"],
            "frames": own[0]["frames"],
            "weights": _joined([_weights(row.run) for row in groups[group]]),
            "configuration": configuration,
        })  # fmt: skip
    measured = (key, f"{key}_low", f"{key}_high")
    table = pd.DataFrame(lines, columns=[*BEFORE, *measured, *BESIDE, *others, *AFTER])
    write_text(output_csv, table.to_csv(index=False, lineterminator="\n"))
    return table


def _interval(name: str, value: Mapping[str, Any]) -> dict[str, float | None]:
    ends = {name: "mean", f"{name}_low": "low", f"{name}_high": "high"}
    return {column: value.get(end) for column, end in ends.items()}


def _mean(values: list[float | None]) -> float | None:
    return None if None in values else round(float(np.mean(values)), 6)


def _statistics_of(
    statistics: Mapping[str, Any], groups: Mapping[Key, list[Row]]
) -> dict[Key, Mapping[str, Any]]:
    """The rows of the statistics by what their seeds share; the same trackers as the manifest's."""
    if not isinstance(statistics, dict) or not {"rows", "measure"} <= set(statistics):
        raise InputError("expected statistics as `chromatrack statistics` writes them")
    said = {}
    for entry in statistics["rows"]:
        name = entry["tracker"] if entry["experiment"] in UNTRAINED else None
        said[entry["experiment"], entry["alpha"], name] = entry
    seeds = {
        key: [row.seed for row in rows if row.seed is not None] for key, rows in groups.items()
    }
    if {key: entry["seeds"] for key, entry in said.items()} != seeds:
        raise InputError("the statistics are of other trackers than the manifest's rows")
    return said


def _same_frames(rows: Iterable[Row], scores: Mapping[Path, Mapping[str, Any]]) -> None:
    """Scores over different sequences must not stand in one table."""
    first = None
    for row in rows:
        count = scores[row.evaluation]["targets"], scores[row.evaluation]["frames"]
        first = first or (row, count)
        if count != first[1]:
            raise InputError(
                f"{row.evaluation}: expected {first[1][0]} targets and {first[1][1]} frames as "
                f"in {first[0].evaluation}, got {count[0]} and {count[1]}"
            )


def _joined(weights: list[str]) -> str:
    """One word per seed; nothing where no seed has weights."""
    return " ".join(one or "-" for one in weights) if any(weights) else ""


def _weights(run: Path | None) -> str:
    """The first digits of the digest of the checkpoint that a run was made with."""
    if run is None:
        return ""
    said = read_json(run)
    try:
        return said["made_by"]["inputs"].get("checkpoint", "")[:SHOWN]
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{run}: expected made_by as the tracking stage writes it") from None
