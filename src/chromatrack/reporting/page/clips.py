"""The clips that networks are pretrained on: what became of them, and their colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chromatrack import published
from chromatrack.fetch.ledger import DONE
from chromatrack.fetch.tally import Fate, by_class, by_reason
from chromatrack.reporting.tables import NOTHING, Line, Table, number


def ledger(fates: Sequence[Fate]) -> Table:
    """How many clips are done, and why the others are not."""
    total = len(fates)
    done = sum(fate.status == DONE for fate in fates)
    counts = [(DONE, NOTHING, done)] if done else []
    counts += [
        (status, "permanent" if permanent else "transient", count)
        for status, permanent, count in by_reason(fates)
    ]
    lines = [
        Line((status, kind, str(count), number(100 * count / total, 1)))
        for status, kind, count in counts
    ]
    lines.append(Line(("all clips", NOTHING, str(total), "100.0" if total else NOTHING)))
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
