"""What a table is before it is a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Cell = str | int | float | None
HERE, THESIS, PUBLISHED = "here", "thesis", "published"
"""In a column `source`: measured by this run, by the thesis, or printed there from others."""


@dataclass(frozen=True)
class ThesisTable:
    """Cells are text or numbers; None is empty.

    Attributes:
        name: of its files, such as "table-5.3".
        title: its caption.
        header: one text per column.
        rows: as many cells each.
        note: what a reader has to know, under the table.
        digits: column -> decimals that LaTeX prints, where they are not 3; None: as they are.
        turned: LaTeX prints the columns as rows, where they would not fit a page.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    digits: Mapping[str, int | None] = field(default_factory=dict)
    turned: bool = False

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"{self.name}: {len(row)} cells under {len(self.header)} heads")
        for column in self.digits:
            if column not in self.header:
                raise ValueError(f"{self.name}: digits of {column!r}, which is no column")


def scaled(value: float | None, factor: float) -> float | None:
    """The value as tables print it; None stays None."""
    return None if value is None or math.isnan(value) else factor * value


def percent_over(value: float | None, baseline: float | None) -> float | None:
    """Change to the baseline in percent of it; None where it cannot be told."""
    if value is None or not baseline or baseline < 0:
        return None
    return 100 * (value / baseline - 1)


def sentences(*parts: str) -> str:
    """A note of the parts that are not empty."""
    return " ".join(part for part in parts if part)
