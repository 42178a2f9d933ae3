"""Several trackers on OTB, scored alike and drawn into the same plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.files import made_by, write_json
from chromatrack.reporting.otb_plots import otb_figures
from chromatrack.reporting.plots import save, style
from chromatrack.stages.evaluation.evaluate_otb import evaluate_otb


def compare_otb(
    annotations: Path,
    results: Sequence[Path],
    output: Path | None = None,
    *,
    tracker_names: Sequence[str] | None = None,
    **options: Any,
) -> dict[str, dict[str, Any]]:
    """Score each folder of results; see `evaluate_otb` for the options.

    Args:
        output: JSON file with the scores of all trackers under `trackers`.
        tracker_names: one per folder; None takes the names of the folders.

    Returns:
        tracker -> what `evaluate_otb` returns.

    Raises:
        InputError: names and folders differ in number, a name is given twice, a result is missing.
    """
    names = list(tracker_names) if tracker_names is not None else folder_names(results)
    if len(names) != len(results):
        raise InputError(f"expected {len(results)} names of trackers, got {len(names)}")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"expected a name for each tracker, got {twice[0]!r} twice")
    evaluations = {
        name: evaluate_otb(annotations, folder, tracker_name=name, **options)
        for name, folder in zip(names, results, strict=True)
    }
    if output is not None:
        write_json(output, {"trackers": evaluations, "made_by": made_by("compare_otb")})
    return evaluations


def folder_names(folders: Sequence[Path]) -> list[str]:
    """What trackers are called after: the folder, or the one above where it is called boxes."""
    paths = [folder.resolve() for folder in folders]
    return [path.parent.name if path.name == "boxes" else path.name for path in paths]


def plot_otb(evaluations: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Write success, precision and normalized_precision plots as SVG and PNG."""
    one = next(iter(evaluations.values()))
    counts = sorted({evaluation["targets"] for evaluation in evaluations.values()})
    targets = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    title = f"OTB, {one['protocol'].upper()}, {targets} targets, {one['convention']} convention"
    with style():
        for measure, figure in otb_figures(evaluations, title):
            save(figure, folder / measure)
