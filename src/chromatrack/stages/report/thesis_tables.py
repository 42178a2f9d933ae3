"""A table of the thesis as two files: CSV to compute with, LaTeX to print."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from chromatrack.errors import InputError
from chromatrack.files import check_writable, write_text
from chromatrack.reporting.thesis_tables import TABLES, ThesisTable
from chromatrack.reporting.thesis_tables.latex import to_latex
from chromatrack.reporting.thesis_tables.source import read_source
from chromatrack.reporting.thesis_tables.table import Cell


def write_table(
    name: str, manifest_path: Path, statistics_path: Path | None, output: Path
) -> ThesisTable:
    """Write a table as `output` (CSV), and as LaTeX beside it.

    Args:
        name: a key of `reporting.thesis_tables.TABLES`.
        statistics_path: statistics.json of the run; None leaves intervals out.

    Raises:
        InputError: a file that is read is not what its writer makes; says which.
    """
    check_output(output)
    table = TABLES[name](read_source(manifest_path, statistics_path))
    write_both(table, output)
    return table


def check_output(output: Path) -> None:
    """For the start of the work: `output` is a CSV, and LaTeX can be written beside it."""
    if output.suffix != ".csv":
        raise InputError(f"--output: expected a name that ends in .csv, got {output.name!r}")
    check_writable(output.with_suffix(".tex"))


def write_both(table: ThesisTable, output: Path) -> None:
    """Write a table as `output` (CSV), and as LaTeX beside it."""
    written = [(output.with_suffix(".tex"), to_latex(table)), (output, to_csv(table))]
    for path, text in written:
        write_text(path, text)


def to_csv(table: ThesisTable) -> str:
    """Numbers as numbers, at most six decimals; what is not known is empty."""
    rows = [[_plain(cell) for cell in row] for row in table.rows]
    # As objects: a column of whole numbers stays one where a cell is empty.
    frame = pd.DataFrame(rows, columns=list(table.header), dtype=object)
    return frame.to_csv(index=False, lineterminator="\n")


def _plain(cell: Cell) -> Cell:
    if not isinstance(cell, float):
        return cell
    return round(float(cell), 6) if math.isfinite(cell) else None
