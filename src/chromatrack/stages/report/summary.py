"""The table of an experiment: one row per tracker (`results/otb2015_summary.csv`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from chromatrack.errors import InputError
from chromatrack.files import read_json, write_text
from chromatrack.reporting.manifest import BASELINE, UNTRAINED, Row
from chromatrack.reporting.scores import alpha_text, read_evaluation, sort_key

BEFORE = ("data_set", "tracker", "experiment", "alpha", "seed")
AFTER = ("gain_percent", "frames_per_second", "targets", "frames")
"""Columns of the table, before and after those of the benchmark's headline measures."""


def summarize(
    rows: Iterable[Row | Mapping[str, Any]], output_csv: str | Path, *, title: str
) -> pd.DataFrame:
    """Write one row per tracker as CSV, baseline and trackers of no experiment first.

    Args:
        rows: `Row`s, or mappings with their keys: tracker, experiment, alpha, seed, evaluation
            (JSON of `chromatrack evaluate`), run (JSON of the tracking stage or None).
        output_csv: the table; alpha is empty for the baseline and may be "learned".
        title: name of the data set, repeated in each row, so that nobody takes a synthetic number
            for a benchmark's.

    Returns:
        The table, with the measures that the benchmark has in its headline. gain_percent is the
        gain of the first of them over the baseline of the same seed (of a tracker of no
        experiment: over the mean of the baselines), in percent of it; frames_per_second is frames
        over time, decoding included.

    Raises:
        InputError: there is no baseline for a seed, two rows are about the same tracker, or the
            trackers were scored on different numbers of targets or frames.
    """
    rows = [row if isinstance(row, Row) else Row(**row) for row in rows]
    if not rows:
        raise InputError("expected at least one tracker in rows, got none")
    rows.sort(key=lambda row: (*sort_key(row.experiment, row.alpha), row.seed or 0))
    evaluations = [read_evaluation(Path(row.evaluation)) for row in rows]
    _same_frames(rows, evaluations)
    headline = evaluations[0]["headline"]
    first = headline[0]
    baselines = _baselines(rows, evaluations, first)
    lines = []
    for row, evaluation in zip(rows, evaluations, strict=True):
        lines.append({
            "data_set": title,
            "tracker": row.tracker,
            "experiment": row.experiment,
            "alpha": "" if row.alpha is None else alpha_text(row.alpha),
            "seed": "" if row.seed is None else row.seed,
            **{key: _rounded(evaluation[key]) for key in headline},
            "gain_percent": _gain(evaluation[first], baselines.get(row.seed)),
            "frames_per_second": _read_speed(row.run),
            "targets": evaluation["targets"],
            "frames": evaluation["frames"],
        })  # fmt: skip
    table = pd.DataFrame(lines, columns=[*BEFORE, *headline, *AFTER])
    write_text(output_csv, table.to_csv(index=False, lineterminator="\n"))
    return table


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _same_frames(rows: list[Row], evaluations: list[dict[str, Any]]) -> None:
    """Scores over different sequences must not stand in one table."""
    counts = [(evaluation["targets"], evaluation["frames"]) for evaluation in evaluations]
    for row, count in zip(rows, counts, strict=True):
        if count != counts[0]:
            raise InputError(
                f"{row.evaluation}: expected {counts[0][0]} targets and {counts[0][1]} frames as "
                f"in {rows[0].evaluation}, got {count[0]} and {count[1]}"
            )


def _baselines(
    rows: list[Row], evaluations: list[dict[str, Any]], first: str
) -> dict[int | None, float]:
    """The first measure of the baseline for each seed, and for None the mean of them."""
    seen, baselines = set(), {}
    for row, evaluation in zip(rows, evaluations, strict=True):
        other = row.experiment in UNTRAINED
        key = row.tracker if other else (row.experiment, row.alpha, row.seed)
        if key in seen:
            trained = f"experiment {row.experiment!r}, alpha {alpha_text(row.alpha)}, "
            what = repr(row.tracker) if other else f"{trained}seed {row.seed}"
            raise InputError(f"rows: {what} is listed twice")
        seen.add(key)
        if row.experiment == BASELINE:
            baselines[row.seed] = evaluation[first]
    if baselines:
        baselines[None] = sum(baselines.values()) / len(baselines)
    for row in rows:
        if row.seed not in baselines and row.seed is not None:
            raise InputError(f"rows: expected a {BASELINE!r} of seed {row.seed}, found none")
    return baselines


def _gain(value: float | None, baseline: float | None) -> float | None:
    """Gain in percent; nothing where there is no baseline, or where it never meets its target."""
    if value is None or not baseline or baseline < 0:
        return None
    return round(100 * (value / baseline - 1), 3)


def _read_speed(path: str | Path | None) -> float | None:
    if path is None:
        return None
    run = read_json(path)
    speed = run.get("frames_per_second") if isinstance(run, dict) else None
    if isinstance(run, dict) and "frames_per_second" in run and speed is None:
        return None  # results that exist, without times
    if not isinstance(speed, int | float):
        raise InputError(f"{path}: expected frames_per_second as the tracking stage writes it")
    return round(speed, 2)
