"""A table of the page: plain headers and cells, ready for the template."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

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
