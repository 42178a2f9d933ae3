"""Results scored against the annotations of a benchmark: one schema for all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chromatrack.evaluation.benchmark import Benchmark, Scores, Selection, report
from chromatrack.files import made_by, write_json, write_text
from chromatrack.stages.evaluation.folder import check_alone
from chromatrack.stages.evaluation.tracks import check_one_run


def evaluate(
    benchmark: Benchmark,
    selection: Selection,
    results: Path,
    output: Path | None = None,
    *,
    protocol: str | None = None,
    tracker: str | None = None,
    subset: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Score a folder of results.

    Args:
        results: as the benchmark's results are kept; boxes/ of a run of ours, too.
        output: scores.json to write; None only returns the scores. Segments get the two official
            CSVs beside it.
        protocol: None: the benchmark's usual one.
        tracker: its name, recorded in the output.
        subset: score the targets that have results, instead of refusing when some have none.
        options: of the benchmark's `score`.

    Returns:
        What the file holds (`evaluation.benchmark.report`), and made_by.

    Raises:
        InputError: results are missing, or do not fit the annotations.
    """
    protocol = protocol or benchmark.protocols[0]
    benchmark.check_protocol(protocol)
    results = results_folder(benchmark, results)
    scores = benchmark.score(selection, results, protocol=protocol, subset=subset, **options)
    check_one_run(results, scores.runs or scores.per_unit)
    evaluation = report(benchmark, scores, protocol=protocol, tracker=tracker)
    settings = {
        "benchmark": benchmark.name,
        "protocol": protocol,
        "edition": benchmark.chosen_edition(selection),
        "tracker": tracker,
        "frames_limit": selection.max_frames,
        "subset": subset,
        **{key: value for key, value in options.items() if isinstance(value, str | int | bool)},
    }
    evaluation |= {"frames_limit": selection.max_frames, "subset": subset}
    evaluation["made_by"] = made_by("evaluate", settings=settings)
    evaluation["made_by"]["inputs"] = dict(scores.inputs)
    if output is not None:
        if benchmark.gives == "masks":
            check_alone(output, "evaluate")
            _write_official(output.parent, scores)
        write_json(output, evaluation)
    return evaluation


def results_folder(benchmark: Benchmark, results: Path) -> Path:
    """The folder of the results themselves, where that of a run of ours is given."""
    is_run = benchmark.gives == "boxes" and (results / "run.json").is_file()
    return results / "boxes" if is_run else results


OFFICIAL = {
    "J&F-Mean": "J_and_F", "J-Mean": "J_mean", "J-Recall": "J_recall", "J-Decay": "J_decay",
    "F-Mean": "F_mean", "F-Recall": "F_recall", "F-Decay": "F_decay",
}  # fmt: skip
"""Columns of the official global CSV of DAVIS, and the measures in them."""


def _write_official(folder: Path, scores: Scores) -> None:
    """The two tables of DAVIS's evaluation_method.py, with its three decimals."""
    values = [scores.values[key] for key in OFFICIAL.values()]
    _write_csv(folder / "global_results-val.csv", OFFICIAL, [values])
    rows = [[name, entry["J_mean"], entry["F_mean"]] for name, entry in scores.per_unit.items()]
    _write_csv(folder / "per-sequence_results-val.csv", ["Sequence", "J-Mean", "F-Mean"], rows)


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[list]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell if isinstance(cell, str) else f"{cell:.3f}" for cell in row])
    write_text(path, text.getvalue())
