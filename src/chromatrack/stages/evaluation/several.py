"""Several trackers on one benchmark, scored alike and drawn into the same plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Selection, heading
from chromatrack.files import made_by, write_json
from chromatrack.reporting.curves import curve_figures
from chromatrack.reporting.plots import save, style
from chromatrack.stages.evaluation.evaluate import evaluate


def evaluate_several(
    benchmark: Benchmark,
    selection: Selection,
    results: Sequence[Path],
    output: Path | None = None,
    *,
    names: Sequence[str] | None = None,
    **options: Any,
) -> tuple[dict[str, dict[str, Any]], dict[str, InputError]]:
    """Score each folder of results; see `evaluate` for the options.

    Args:
        output: JSON file with the scores of all trackers under `trackers`.
        names: of the trackers, one per folder; None takes the names of the folders.

    Returns:
        tracker -> what `evaluate` returns; and tracker -> what is wrong with its results, where
        something is.

    Raises:
        InputError: names and folders differ in number, a name is given twice, or no tracker's
            results can be scored.
    """
    names = list(names) if names is not None else folder_names(results)
    if len(names) != len(results):
        raise InputError(f"expected {len(results)} names of trackers, got {len(names)}")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"expected a name for each tracker, got {twice[0]!r} twice")
    evaluations, errors = {}, {}
    for name, folder in zip(names, results, strict=True):
        try:
            evaluations[name] = evaluate(benchmark, selection, folder, tracker=name, **options)
        except InputError as error:  # one tracker does not stop the table of the others
            errors[name] = error
    if not evaluations:
        first = next(iter(errors.values()))
        more = f" (none of the {len(errors)} trackers can be scored)" if len(errors) > 1 else ""
        raise type(first)(f"{first}{more}")
    if output is not None:
        write_json(output, {"trackers": evaluations, "made_by": made_by("compare")})
    return evaluations, errors


def folder_names(folders: Sequence[Path]) -> list[str]:
    """What trackers are called after: the folder, or the one above where it is called boxes."""
    paths = [folder.resolve() for folder in folders]
    return [path.parent.name if path.name == "boxes" else path.name for path in paths]


def draw_comparison(evaluations: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Write a plot per curve of the benchmark, as SVG and PNG."""
    one = next(iter(evaluations.values()))
    counts = sorted({evaluation["targets"] for evaluation in evaluations.values()})
    targets = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    convention = f", {one['convention']} convention" if "convention" in one else ""
    title = heading(one["title"], one["protocol"])
    title += f", {targets} {one['unit']}s{convention}"
    folder.mkdir(parents=True, exist_ok=True)
    with style():
        for key, figure in curve_figures(evaluations, title):
            save(figure, folder / key)
