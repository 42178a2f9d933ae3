"""Clip lists of Kinetics: label,youtube_id,time_start,time_end,split."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chromatrack.data.text import read_text
from chromatrack.errors import InputError
from chromatrack.files import write_text

COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")
REQUIRED = ("youtube_id", "time_start", "time_end")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LATEST_SECOND = 1_000_000
"""Times are six digits of the clip's name; no video site takes videos of eleven days."""


@dataclass(frozen=True)
class ClipRow:
    """One window of one video."""

    label: str
    youtube_id: str
    time_start: float
    """Seconds from the start of the video."""
    time_end: float
    """Seconds from the start of the video."""
    split: str

    @property
    def clip_id(self) -> str:
        """Name of the clip as CVDF names the files: id_start_end, in whole seconds."""
        return f"{self.youtube_id}_{int(self.time_start):06d}_{int(self.time_end):06d}"


def read_clip_list(path: str | Path) -> tuple[list[ClipRow], list[str]]:
    """Read a clip list; bad rows do not stop the rest.

    Returns:
        the good rows in the order of the file, each clip once, and one sentence for each row that
        was left out, naming file and line.

    Raises:
        InputError: the file cannot be read, or its header lacks a column.
    """
    lines = read_text(path).splitlines()
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise InputError(
            f"{path}: line 1: expected a header with the columns {', '.join(REQUIRED)}; "
            f"{', '.join(missing)} is missing"
        )
    rows: dict[str, ClipRow] = {}
    problems = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            row = _parse(line, header)
            if row.clip_id in rows:
                raise ValueError(f"the clip {row.clip_id} is listed twice; the first row counts")
        except (ValueError, csv.Error) as error:
            problems.append(f"{path}: line {number}: {error}")
        else:
            rows[row.clip_id] = row
    return list(rows.values()), problems


def _parse(line: str, header: list[str]) -> ClipRow:
    # Line by line: a stray quote then costs its own row and not the rest of the file.
    values = next(csv.reader([line], strict=True))
    if len(values) != len(header):
        raise ValueError(f"expected {len(header)} values, got {len(values)}")
    row = dict(zip(header, values, strict=True))
    youtube_id = row["youtube_id"].strip()
    if not _ID.fullmatch(youtube_id):
        raise ValueError(
            f"youtube_id: expected 1 to 64 letters, digits, '_' or '-', got {youtube_id!r:.80}"
        )
    start, end = _seconds(row, "time_start"), _seconds(row, "time_end")
    if end <= start:
        raise ValueError(f"time_end: expected more than time_start ({start:g}), got {end:g}")
    return ClipRow(row.get("label", ""), youtube_id, start, end, row.get("split", "").strip())


def _seconds(row: dict[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = -1.0
    if not 0 <= value < _LATEST_SECOND:
        raise ValueError(f"{name}: expected seconds, 0 or more, got {row[name]!r:.80}")
    return value


def write_clip_list(path: str | Path, rows: Iterable[ClipRow]) -> None:
    """Write a clip list that `read_clip_list` gives back unchanged."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        if len(row.label.splitlines()) > 1:
            raise InputError(f"{row.clip_id}: expected a label on one line, got {row.label!r:.80}")
        times = (_format_seconds(row.time_start), _format_seconds(row.time_end))
        writer.writerow((row.label, row.youtube_id, *times, row.split))
    write_text(path, text.getvalue())


def _format_seconds(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
