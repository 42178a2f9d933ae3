"""The tables of the page: plain headers and cells, ready for the template."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chromatrack import published
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.evaluation.measures import Measure
from chromatrack.fetch.ledger import DONE
from chromatrack.fetch.tally import Fate, by_class, by_reason
from chromatrack.reporting.manifest import BASELINE_LABEL
from chromatrack.reporting.scores import Mean, alpha_text, one_of_each
from chromatrack.settings.experiments import BASELINE, UNTRAINED

NOTHING = "–"
"""Stands for a number that there is not."""


@dataclass(frozen=True)
class Line:
    """Cells of one row; a reference is a published row, printed in another colour."""

    cells: tuple[str, ...]
    reference: bool = False


@dataclass(frozen=True)
class Table:
    """Headers and rows of text; the first `text_columns` columns are text, the others numbers.

    Each line of the note is a paragraph.
    """

    header: tuple[str, ...]
    lines: tuple[Line, ...]
    note: str = ""
    text_columns: int = 1


def number(value: Any, digits: int = 3, *, sign: bool = False, scale: float = 1.0) -> str:
    """A number with fixed digits; a dash for nothing. What rounds to zero has no minus sign."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    return f"{round(scale * value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"


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
            number(row["p"], 3),
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
                "–",
                "–",
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


def beside_the_thesis(means: Sequence[Mean], kinds: Mapping[str, str]) -> Table:
    """Our success AUC and the published one for every experiment and alpha that either has.

    Args:
        kinds: what each experiment is, for the second column.
    """
    means = [mean for mean in means if mean.tracker is None]
    own = {(mean.experiment, mean.alpha): mean.score for mean in means}
    keys = list(own)
    for name in dict.fromkeys(mean.experiment for mean in means):
        keys += [(name, alpha) for alpha in published.OTB2015_SUCCESS.get(name, {})]
    names = list(dict.fromkeys(name for name, _ in keys))
    lines = []
    for name, alpha in sorted(set(keys), key=lambda key: (names.index(key[0]), *_order(key[1]))):
        reference = published.OTB2015_SUCCESS.get(name, {}).get(alpha)
        if name == BASELINE:
            reference = published.BASELINE_SUCCESS
        lines.append(
            Line((
                BASELINE_LABEL if name == BASELINE else f"experiment {name}",
                kinds.get(name, ""), alpha_text(alpha),
                number(own.get((name, alpha))), number(reference),
            ))
        )  # fmt: skip
    return Table(
        ("tracker", "kind", "α", "here", "thesis, OTB2015"),
        tuple(lines),
        "The thesis prints only some values of α. Compare its column with ours only where the data "
        "set is OTB2015 and the training was the thesis's.",
        text_columns=2,
    )


def _order(alpha: float | str | None) -> tuple:
    return (not isinstance(alpha, float), alpha if isinstance(alpha, float) else 0.0)


def attributes(means: Sequence[Mean], alphas: Mapping[str, float | str]) -> Table:
    """Success AUC per attribute of each experiment at one alpha (thesis Table 5.7).

    Args:
        alphas: those that the verdict is about; without one, the best of these sequences.
    """
    lines = []
    for mean in one_of_each(means, alphas):
        name = mean.label if mean.alpha is None else f"experiment {mean.experiment}"
        scores = [mean.attributes.get(key) for key in published.ATTRIBUTES]
        lines.append(_attribute_line(name, mean.alpha, mean.score, scores))
        if mean.experiment in published.ATTRIBUTE_SUCCESS:
            alpha, total, reference = published.ATTRIBUTE_SUCCESS[mean.experiment]
            lines.append(
                _attribute_line("thesis", alpha, total, list(reference.values()), reference=True)
            )
    best, thesis = (
        "Each experiment at the α of its verdict. " if alphas else
        "Best α of each experiment by success AUC, chosen on these sequences themselves. ",
        " The thesis's Table 5.7 has 0.589 for the baseline where its text says 0.584.",
    ) if any(mean.tracker is None for mean in means) else ("", "")  # fmt: skip
    meant = "; ".join(f"{key} {meaning}" for key, meaning in published.ATTRIBUTES.items())
    return Table(
        ("tracker", "α", "all", *published.ATTRIBUTES),
        tuple(lines),
        f"{best}{meant}. A dash: no sequence shows it.{thesis}",
    )


def _attribute_line(
    name: str,
    alpha: float | str | None,
    total: float,
    scores: Iterable[float | None],
    *,
    reference: bool = False,
) -> Line:
    return Line((name, alpha_text(alpha), number(total), *map(number, scores)), reference)


def ledger(fates: Sequence[Fate]) -> Table:
    """How many clips are done, and why the others are not."""
    total = len(fates)
    done = sum(fate.status == DONE for fate in fates)
    counts = [(DONE, "–", done)] if done else []
    counts += [
        (status, "permanent" if permanent else "transient", count)
        for status, permanent, count in by_reason(fates)
    ]
    lines = [
        Line((status, kind, str(count), number(100 * count / total, 1)))
        for status, kind, count in counts
    ]
    lines.append(Line(("all clips", "–", str(total), "100.0" if total else "–")))
    return Table(
        ("status", "failure", "clips", "%"),
        tuple(lines),
        "A transient failure is tried again by the next run. The thesis used 280,859 of 544,886 "
        "clips (51.5 %).",
        text_columns=2,
    )


def missing_clips(fates: Sequence[Fate], *, classes: int = 10) -> Table:
    """Classes that lost the largest part of their clips."""
    counts = by_class(fates)
    worst = [item for item in counts if item.missing][:classes]
    lines = [
        Line((item.label, str(item.missing), str(item.clips),
              number(100 * item.missing / item.clips, 1)))
        for item in worst
    ]  # fmt: skip
    return Table(
        ("class", "missing", "clips", "%"),
        tuple(lines),
        f"The worst {len(worst)} of {len(counts)} classes; `chromatrack kinetics status` has all.",
    )


def lab_statistics(statistics: Mapping[str, Any]) -> Table:
    """Mean and standard deviation of the Lab channels, ours and the published ones."""
    rows = zip(
        ("L", "a", "b"), statistics["mean"], published.LAB["mean"],
        statistics["std"], published.LAB["std"], strict=True,
    )  # fmt: skip
    return Table(
        ("channel", "mean", "thesis, mean", "standard deviation", "thesis, deviation"),
        tuple(Line((name, *(number(value, 4) for value in values))) for name, *values in rows),
        f"8-bit Lab divided by 255, over {statistics['frames']} frames.",
    )


def score_statistics(statistics: Mapping[str, Mapping[str, Any]]) -> Table:
    """Mean and standard deviation of the score maps of each branch (eq. 4.1).

    Args:
        statistics: name of an auxiliary network -> its file of score-map statistics, which has the
            thesis's numbers of the same trunk.
    """
    lines = []
    for name, entry in statistics.items():
        for branch, title in {"siamfc": "SiamFC", "auxiliary": "auxiliary"}.items():
            own, reference = entry[branch], entry["thesis"][branch] or {}
            lines.append(
                Line((
                    f"{name}: {title}",
                    number(own["mean"], 2), number(reference.get("mean"), 2),
                    number(own["std"], 2), number(reference.get("std"), 2),
                    str(entry["pairs"]),
                ))
            )  # fmt: skip
    return Table(
        ("branch", "mean", "thesis, mean", "standard deviation", "thesis, deviation", "pairs"),
        tuple(lines),
        "The thesis measured in training mode with batches of one; here the networks are in the "
        "mode in which they track, unless the configuration says otherwise.",
    )
