"""Trackers on the benchmarks: the table of the summary, and one for each other benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.evaluation.measures import Measure
from chromatrack.reporting.sentences import chance_cell
from chromatrack.reporting.tables import NOTHING, Line, Table, number
from chromatrack.settings.experiments import BASELINE, UNTRAINED


def summary(
    table: pd.DataFrame, measures: Mapping[str, Measure], baseline: str | None = None
) -> Table:
    """The summary CSV, read as text apart from its numbers.

    Args:
        measures: of its columns.
        baseline: the tracker that differences are to; None: that of a run.
    """
    first, *others = measures.items()
    several = table["seeds"].astype(str).str.contains(" ").any()
    seeds = "In brackets: 95 % interval over targets" + (
        ", and over seeds where there are several. Means over seeds." if several else "."
    )

    def between(row: Mapping[str, Any], key: str, **options: Any) -> str:
        """A number and its interval, where it has one."""
        text, *ends = (number(row[name], **options) for name in (key, f"{key}_low", f"{key}_high"))
        return text if NOTHING in ends else f"{text} [{', '.join(ends)}]"

    shown = {"digits": first[1].digits, "scale": first[1].scale}
    turned = "; less is better, its sign is turned" if first[1].better == "lower" else ""
    trained = () if baseline else ("experiment", "alpha", "seeds")
    lines = [
        Line((
            row["tracker"], *(row[key] or NOTHING for key in trained),
            between(row, first[0], **shown), between(row, "difference", sign=True, **shown),
            chance_cell(row["p"]),
            *(number(row[key], one.digits, scale=one.scale) for key, one in others),
        ))
        for row in table.to_dict("records")
    ]  # fmt: skip
    return Table(
        ("tracker", *(key.replace("alpha", "α") for key in trained), first[1].title,
         "difference", "p",
         *(one.title for _, one in others)),
        tuple(lines),
        f"{_best(table, first[0], first[1])} "
        f"{seeds} Difference: to {baseline or 'the SiamFC baseline of the same seeds'}, target by "
        f"target{turned}; p is not corrected for the number of rows.",
        text_columns=1 + len(trained),
    )  # fmt: skip


def _best(table: pd.DataFrame, key: str, measure: Measure) -> str:
    """Who scores best: of all, of the experiments, and the baseline."""
    order = table.sort_values(key, ascending=measure.better == "lower", kind="stable")
    order = order[order[key].notna()]
    experiments = order[~order["experiment"].isin((BASELINE, *UNTRAINED))]
    baseline = order[order["experiment"] == BASELINE]
    found = {}
    for words, rows in (("", order), ("of the experiments ", experiments), ("", baseline)):
        for row in rows.head(1).to_dict("records"):
            score = number(row[key], measure.digits, scale=measure.scale)
            found.setdefault(row["tracker"], f"{words}{row['tracker']} {score}")
    return f"Best {measure.title}: {'; '.join(found.values())}." if len(found) > 1 else ""


def evaluations(entries: Mapping[str, Mapping[str, Any]], benchmark: Benchmark) -> Table:
    """All measures that a benchmark declares, of all trackers, and published rows below them.

    Args:
        entries: title of a tracker -> its scores.json.
    """
    unit = benchmark.unit
    measures = benchmark.measures
    lines = [
        Line((
            name, *(_measured(entry, one) for one in measures),
            str(entry["targets"]), str(entry["frames"]),
        ))
        for name, entry in entries.items()
    ]  # fmt: skip
    lines += [
        Line(
            (
                row.title,
                *(number(row.values.get(m.key), m.digits, scale=m.scale) for m in measures),
                NOTHING,
                NOTHING,
            ),
            reference=True,
        )
        for row in benchmark.published
    ]
    heads = [one.title for one in measures]
    return Table(("tracker", *heads, f"{unit}s", "frames"), tuple(lines), benchmark.note)


def _measured(entry: Mapping[str, Any], measure: Measure) -> str:
    """The value, with what has to stand beside it."""
    text = number(entry[measure.key], measure.digits, scale=measure.scale)
    remark = entry["remarks"].get(measure.key)
    return f"{text} ({remark})" if remark else text
