"""Tables 5.2, 5.10 and 5.11: segments on DAVIS, accuracy on VOT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chromatrack import published
from chromatrack.reporting.scores import read_evaluation
from chromatrack.reporting.thesis_tables.source import Source
from chromatrack.reporting.thesis_tables.table import (
    HERE,
    PUBLISHED,
    THESIS,
    Cell,
    ThesisTable,
    scaled,
    sentences,
)


def davis(source: Source) -> ThesisTable:
    """Table 5.2: region similarity, contour accuracy and their mean, in percent."""
    keys = ("J_mean", "F_mean", "J_and_F")
    rows: list[tuple[Cell, ...]] = [
        (one.method, one.backbone, one.source, published.DAVIS_SET,
         one.region, one.contour, one.mean, None)
        for one in published.SEGMENTATION.values()
    ]  # fmt: skip
    evaluated = list(_evaluated(source, "davis"))
    ours = [
        (title, None, HERE, source.data_set(scores),
         *(scaled(scores[key], 100) for key in keys), scores["targets"])
        for title, _, scores in evaluated
    ]  # fmt: skip
    return ThesisTable(
        name="table-5.2",
        title="Segments on DAVIS-2017 (thesis Table 5.2)",
        header=("method", "backbone", "source", "data set", "J %", "F %", "average %", "objects"),
        rows=(*rows, *ours),
        digits=dict.fromkeys(("J %", "F %", "average %"), 2),
        note=sentences(
            "OSVOS is fully supervised. Methods here: thesis is the frame before, hard labels, "
            "central square, as the thesis did it; soft is as configured. First mask repeated and "
            "random weights are what training has to beat.",
            source.here(evaluated[0][-1])
            if ours
            else "This run has no evaluation of DAVIS: the published numbers stand alone.",
        ),
    )  # fmt: skip


def vot(source: Source, *, number: str, edition: str) -> ThesisTable:
    """Tables 5.10 and 5.11: accuracy by the rules of a year.

    Args:
        edition: "VOT2016" or "VOT2018".
    """
    theirs, others = published.VOT_ACCURACY[edition], published.VOT_ACCURACY_OTHERS[edition]
    rows: list[tuple[Cell, ...]] = [
        (name, published.TRAINING_DATA[name.split(",")[0]], whose, edition, value, None)
        for whose, known in (
            (PUBLISHED, {"SiamFC": theirs["SiamFC"], **others}),
            (THESIS, {name: one for name, one in theirs.items() if name != "SiamFC"}),
        )
        for name, value in known.items()
    ]
    ours, years, here = [], set(), ""
    for title, _, scores in _evaluated(source, "vot"):
        year = _edition(scores)
        if year.casefold() != edition.casefold():
            years.add(year)
            continue
        here = source.here(scores)
        ours.append((title, None, HERE, source.data_set(scores), scores["accuracy"],
                     scores["targets"]))  # fmt: skip
    absent = (
        f"This run's evaluation is by the rules of {', '.join(sorted(years))}: no row of it here."
        if years
        else "This run has no evaluation of VOT: the published numbers stand alone."
    )
    return ThesisTable(
        name=f"table-{number}",
        title=f"Accuracy on {edition} (thesis Table {number})",
        header=("tracker", "training data", "source", "data set", "accuracy", "sequences"),
        rows=(*rows, *ours),
        note=sentences(
            "Published rows are as the thesis prints them. VOT ranks trackers by EAO, and not by "
            "the average of accuracy and robustness as the thesis has it; it prints accuracies "
            "alone. Only numbers of the same data set can be compared.",
            here or absent,
        ),
    )  # fmt: skip


def _evaluated(source: Source, benchmark: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Title, protocol and scores of each tracker that the run has on a benchmark."""
    for evaluated in source.manifest.evaluations:
        if evaluated.benchmark == benchmark:
            for title, path in evaluated.trackers.items():
                yield title, evaluated.protocol, read_evaluation(path)


def _edition(scores: Mapping[str, Any]) -> str:
    """The year by whose rules VOT was scored."""
    settings = (scores.get("made_by") or {}).get("settings") or {}
    return str(scores.get("challenge") or settings.get("edition") or "an unknown edition")
