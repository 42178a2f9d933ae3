"""The table of controls: what can be said of each experiment, and of what it rests on."""

from __future__ import annotations

from chromatrack.reporting.said import EACH, VERDICT, Field, Part
from chromatrack.reporting.sentences import chance_cell
from chromatrack.reporting.tables import number
from chromatrack.reporting.thesis_tables.source import Source
from chromatrack.reporting.thesis_tables.table import Cell, ThesisTable, scaled, sentences

HEADER = (
    "experiment", "kind", *(field.head for field in EACH), "against controls", VERDICT.head,
)  # fmt: skip


def controls(source: Source) -> ThesisTable:
    """One row per experiment of the statistics."""
    said = source.statistics
    factor = said.number("measure", "scale") or 1.0
    digits = said.number("measure", "digits")
    digits = 3 if digits is None else int(digits)
    experiments = said.part("experiments").items()
    rows = [_row(name, one, factor, digits) for name, one in experiments.items()]
    data_set = said.text("title") or source.manifest.heading
    return ThesisTable(
        name="controls",
        title=f"What can be told of each experiment: {data_set}",
        header=HEADER,
        rows=tuple(rows),
        note=sentences(*_note(source, bool(rows))),
        digits={"α": None},
        turned=True,
    )


def _row(name: str, one: Part, factor: float, digits: int) -> tuple[Cell, ...]:
    def cell(field: Field) -> Cell:
        value = field.value(one)
        return scaled(value, factor) if field.kind in ("difference", "size") else value

    against = [_held(control, part, factor, digits)
               for control, part in one.part("against").items().items()]  # fmt: skip
    return (
        name,
        one.text("kind"),
        *map(cell, EACH),
        "; ".join(against),
        cell(VERDICT),
    )


def _held(control: str, part: Part, factor: float, digits: int) -> str:
    """One control in words: `3: +0.010 [-0.020, +0.040], p 0.40 (0.80 by Holm)`."""

    def signed(end: str) -> str:
        return number(part.number("difference", end), digits, sign=True, scale=factor)

    return (
        f"{control}: {signed('mean')} [{signed('low')}, {signed('high')}], "
        f"p {chance_cell(part.number('p'))} ({chance_cell(part.number('holm_p'))} by Holm)"
    )


def _note(source: Source, rows: bool) -> list[str]:
    if not rows:
        return ["There are no statistics of experiments: they are read from --statistics."]
    said = source.statistics
    measure, margin, targets = (
        said.text("measure", "title"),
        said.number("margin"),
        said.number("targets"),
    )
    unit = said.text("unit") or "target"
    factor = said.number("measure", "scale") or 1.0
    about = [
        f"Differences are of {measure or 'the first measure'} to the baseline of the same seed"
        + (f", over {targets:g} {unit}s" if targets is not None else "")
        + ", with 95 % intervals.",
        f"Equivalent: by no more than {margin * factor:g}." if margin is not None else "",
        "Chosen on the test set, an α flatters itself: hence the other two ways beside it. Only "
        "baseline (auxiliary) right and oracle gain say how far the two branches could help each "
        "other; the oracle looks at the answer, so that its gain is an upper bound.",
        "p is two-sided, but for the best α, of which only a gain is asked.",
        said.text("headline"),
        source.here(),
    ]
    return about
