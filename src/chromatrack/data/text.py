"""Reading small text files of numbers and names whose authors cannot be trusted."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from chromatrack.errors import InputError

LARGEST = 1e9
"""Pixels or seconds that an annotation may say; squares of them are numbers, too."""

LONGEST_NAME = 255
"""Bytes of a file's name, on the file systems that there are."""

_SEPARATORS = str.maketrans(",;", "  ")
_EMPTY_CELL = re.compile(r"^\s*[,;]|[,;]\s*[,;]")
"""Nothing before a separator, or between two; at the end of a line some programs write one."""


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected UTF-8 text") from None


def read_table(path: str | Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV whose first line names its columns; at least one row, and those columns."""
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path), newline="")))
    except csv.Error:
        rows = []
    if not rows or not set(columns) <= set(rows[0]):
        raise InputError(f"{path}: expected the columns {', '.join(columns)} and at least one row")
    names = next(csv.reader(io.StringIO(read_text(path), newline="")))
    twice = [name for name in names if name in columns and names.count(name) > 1]
    if twice:
        raise InputError(f"{path}: expected each column once, got {twice[0]!r} twice")
    for number, row in enumerate(rows, start=2):
        if row.get(None):  # such as the second halves of numbers with decimal commas
            expected = len(row) - 1
            raise InputError(
                f"{path}, row {number}: expected {expected} cells, as the first line has them, got "
                f"{expected + len(row[None])}"
            )
    return rows


def read_rows(
    path: str | Path, *, columns: Sequence[int] = (4,), allow_nan: bool = False
) -> list[list[float]]:
    """Rows of numbers separated by commas, tabs or spaces; blank lines around them are ignored.

    Args:
        columns: how many numbers a row may have.
        allow_nan: accept NaN, which published tracker results hold now and then.

    Raises:
        InputError: names the file, the line and what was expected.
    """
    lines = read_text(path).rstrip().splitlines()
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    # All lines at once, and only where something is wrong line by line: OTB has 60,000 of them.
    try:
        rows = [_numbers(line) for line in lines[first:]]
    except ValueError:
        rows = None
    if rows is None or not all(len(row) in columns for row in rows) or _odd(rows, allow_nan):
        for number, line in enumerate(lines[first:], start=first + 1):
            _check_row(f"{path}: line {number}", line, columns, allow_nan)
    return rows


def _numbers(line: str) -> list[float]:
    if _EMPTY_CELL.search(line):
        raise ValueError("an empty cell")
    return list(map(float, line.translate(_SEPARATORS).split()))


def _odd(rows: list[list[float]], allow_nan: bool) -> bool:
    """Whether a value is infinite; or NaN or larger than any picture where that is not allowed."""
    values = np.fromiter(chain.from_iterable(rows), dtype=np.float64)
    if allow_nan:
        return bool(np.isinf(values).any())
    return not bool((np.abs(values) <= LARGEST).all())


def _check_row(where: str, line: str, columns: Sequence[int], allow_nan: bool) -> None:
    try:
        row = _numbers(line)
    except ValueError:
        row = []
    if len(row) not in columns:
        expected = " or ".join(str(count) for count in columns)
        raise InputError(f"{where}: expected {expected} numbers, got {line!r:.60}")
    if _odd([row], allow_nan):
        limit = "" if allow_nan else f", at most {LARGEST:g}"
        raise InputError(f"{where}: expected finite numbers{limit}, got {line!r:.60}")


def read_boxes_one_based(path: str | Path, *, allow_nan: bool = False) -> np.ndarray:
    """Rows of 1-based x, y, width, height as (N, 4) float64 boxes_ltwh, 0-based, in pixels."""
    boxes_ltwh = np.array(read_rows(path, allow_nan=allow_nan), dtype=np.float64).reshape(-1, 4)
    boxes_ltwh[:, :2] -= 1
    if not allow_nan:
        check_sizes(path, boxes_ltwh)
    return boxes_ltwh


def check_sizes(path: str | Path, boxes_ltwh: np.ndarray) -> None:
    """An `InputError` where an annotated box (N, 4) is less than nothing wide or high."""
    odd = np.flatnonzero((boxes_ltwh[:, 2:] < 0).any(axis=1))
    if len(odd):
        width, height = boxes_ltwh[odd[0], 2:]
        raise InputError(
            f"{path}: box {odd[0] + 1}: expected a width and a height of 0 or more, "
            f"got {width:g} x {height:g}"
        )


def format_boxes_one_based(boxes_ltwh: np.ndarray) -> str:
    """0-based boxes (N, 4) as lines of 1-based x,y,width,height with four decimals."""
    boxes = np.array(boxes_ltwh, dtype=np.float64).reshape(-1, 4)
    boxes[:, :2] += 1
    # Adding zero turns -0.0 into 0.0.
    return "".join(",".join(f"{value:.4f}" for value in row) + "\n" for row in boxes.round(4) + 0.0)


def read_names(path: str | Path) -> list[str]:
    """The first column of each line, checked to be usable as a folder's name; each name once."""
    names = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split("\t")[0].split()
        if words:
            names.append(folder_name(words[0], f"{path}: line {number}"))
    return list(dict.fromkeys(names))


def folder_name(name: str, where: str) -> str:
    """`name` itself; an `InputError` if it would lead out of the folder it is looked up in."""
    leads_out = name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name
    if leads_out or len(name.encode(errors="surrogatepass")) > LONGEST_NAME:
        raise InputError(f"{where}: expected the name of a folder, got {name!r:.80}")
    return name
