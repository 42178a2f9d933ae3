"""Clip lists of Kinetics-400, -600 and -700: CSV, or the JSON of the official downloads."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import write_text

COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")
REQUIRED = ("youtube_id", "time_start", "time_end")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_TEXT = re.compile("[\ud800-\udfff\x00-\x08\x0b-\x1f]")
_LINE_END = re.compile("\r\n|\n|\r")
_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_LATEST_SECOND = 1_000_000
"""Times are six digits of the clip's name; no video site takes videos of eleven days."""


WINDOW = r"_(\d{6}|\d{9}ms)_(\d{6}|\d{9}ms)"
"""Start and end in the name of a clip; see `ClipRow.clip_id`."""
_WINDOW = re.compile(f"{WINDOW}$")


@dataclass(frozen=True, slots=True)
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
        """Name of the clip as CVDF names the files: id_start_end, six digits of seconds each.

        A time that is no whole second is given in milliseconds, nine digits and "ms": windows that
        begin or end within the same second have names of their own.
        """
        return f"{self.youtube_id}_{_name_time(self.time_start)}_{_name_time(self.time_end)}"


def video_of(clip_id: str) -> str:
    """The video of a clip, by its name; of a name that says no window, the name itself."""
    return _WINDOW.sub("", clip_id)


def is_video_id(text: str) -> bool:
    """Whether `text` can be the id of a video: it is used in file names and addresses."""
    return _ID.fullmatch(text) is not None


def _name_time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole:06d}" if whole == seconds else f"{round(seconds * 1000):09d}ms"


def read_clip_list(path: str | Path) -> tuple[list[ClipRow], list[str]]:
    """Read a clip list; bad rows do not stop the rest.

    A CSV has a header with the columns `REQUIRED`, in any order; `label` and `split` are read where
    they are given, other columns are not. A JSON is an object youtube_id -> {"annotations":
    {"label", "segment": [start, end]}, "subset"}. Test lists hold no label. Times are rounded to
    milliseconds, as clips are named.

    Returns:
        the good rows in the order of the file, each clip once, and one sentence for each row that
        was left out, naming file and line, or the key in a JSON.

    Raises:
        InputError: the file cannot be read, its header lacks a column, or it is not valid JSON.
    """
    text = _read(path)
    is_json = text.startswith("{", _after_space(text, 0))
    entries = _json_rows(text, path) if is_json else _csv_rows(text, path)
    rows: dict[str, ClipRow] = {}
    problems = []
    for where, entry in entries:
        if isinstance(entry, ClipRow) and entry.clip_id in rows:
            entry = f"the clip {entry.clip_id} is listed twice; the first row counts"
        if isinstance(entry, ClipRow):
            rows[entry.clip_id] = entry
        else:
            problems.append(f"{path}: {where}: {entry}")
    return list(rows.values()), problems


def no_clips(path: str | Path, problems: Sequence[str]) -> str:
    """What to say of a list that holds no clip: the reason of the first row, and how many rows.

    Args:
        problems: as the reader of the list gives them.
    """
    if not problems:
        return f"{path}: expected at least one clip, found none"
    count = "the one row" if len(problems) == 1 else f"each of the {len(problems)} rows"
    first = problems[0].removeprefix(f"{path}: ")
    return f"{path}: expected at least one clip, but {count} was left out; the first, {first}"


def _read(path: str | Path) -> str:
    """The text of a list; bytes that are no UTF-8 become lone surrogates, for `_row` to name."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if text.startswith("[", _after_space(text, 0)):
        raise InputError(f"{path}: expected a JSON object of youtube_ids, got a JSON list")
    return text


def count_overlaps(rows: Iterable[ClipRow]) -> int:
    """How many of these clips share some time of their video with another one of them."""
    windows: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        windows.setdefault(row.youtube_id, []).append((row.time_start, row.time_end))
    count = 0
    for of_video in windows.values():
        of_video.sort()
        latest_end = 0.0
        for (start, end), (next_start, _) in pairwise([*of_video, (math.inf, math.inf)]):
            count += start < latest_end or next_start < end
            latest_end = max(latest_end, end)
    return count


Entry = tuple[str, ClipRow | str]
"""Where a row stands in its file, and the row, or what is wrong with it."""


def _csv_rows(text: str, path: str | Path) -> Iterator[Entry]:
    lines = _LINE_END.split(text)
    header = [name.strip() for name in next(csv.reader(lines[:1]), [])]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise InputError(
            f"{path}: line 1: expected a header with the columns {', '.join(REQUIRED)}; "
            f"{', '.join(missing)} is missing"
        )
    places = [header.index(name) if name in header else None for name in COLUMNS]
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            # Line by line: a stray quote then costs its own row and not the rest of the file.
            if line.count('"') % 2:
                raise ValueError("expected quotes in pairs; labels stand on one line")
            values = next(csv.reader((line,), strict=True)) if '"' in line else line.split(",")
            if len(values) != len(header):
                raise ValueError(f"expected {len(header)} values, got {len(values)}")
            row = _row(*("" if place is None else values[place] for place in places))
        except (ValueError, csv.Error) as error:
            yield f"line {number}", str(error)
        else:
            yield f"line {number}", row


def _json_rows(text: str, path: str | Path) -> Iterator[Entry]:
    """One entry at a time: as one object the official lists would take a gigabyte of memory."""
    decoder = json.JSONDecoder()
    position = text.index("{") + 1
    try:
        while (position := _after_space(text, position)) == len(text) or text[position] != "}":
            key, position = decoder.raw_decode(text, position)
            if not isinstance(key, str):
                raise json.JSONDecodeError("Expecting a youtube_id in quotes", text, position)
            position = _after(text, position, ":")
            value, position = decoder.raw_decode(text, _after_space(text, position))
            yield f"key {key!r:.80}", _json_row(key, value)
            position = _after_space(text, position)
            if text[position : position + 1] != "}":
                position = _after(text, position, ",")
        rest = _after_space(text, position + 1)
        if rest != len(text):
            raise json.JSONDecodeError("Extra data", text, rest)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno}: not valid JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error})") from None


def _after_space(text: str, position: int) -> int:
    return _JSON_SPACE.match(text, position).end()


def _after(text: str, position: int, sign: str) -> int:
    position = _after_space(text, position)
    if text[position : position + 1] != sign:
        raise json.JSONDecodeError(f"Expecting {sign!r}", text, position)
    return position + 1


def _json_row(youtube_id: str, value: object) -> ClipRow | str:
    try:
        annotations = value["annotations"]
        segment = annotations["segment"]
        if not isinstance(segment, list):
            raise TypeError
        start, end = segment
        label, split = annotations.get("label", ""), value.get("subset", "")
    except (KeyError, TypeError, ValueError, AttributeError):
        return 'expected {"annotations": {"segment": [start, end]}}'
    if not isinstance(label, str) or not isinstance(split, str):
        return "label and subset: expected texts"
    try:
        return _row(label, youtube_id, start, end, split)
    except ValueError as error:
        return str(error)


def _row(label: str, youtube_id: str, start: object, end: object, split: str) -> ClipRow:
    youtube_id = youtube_id.strip()
    if not is_video_id(youtube_id):
        raise ValueError(
            f"youtube_id: expected 1 to 64 letters, digits, '_' or '-', got {youtube_id!r:.80}"
        )
    if _NO_TEXT.search(label) or _NO_TEXT.search(split):
        raise ValueError("label and split: expected UTF-8 text without control characters")
    first, last = _seconds(start, "time_start"), _seconds(end, "time_end")
    if last <= first:
        raise ValueError(f"time_end: expected more than time_start ({first:g}), got {last:g}")
    return ClipRow(label, youtube_id, first, last, split.strip())


def _seconds(given: object, name: str) -> float:
    odd = isinstance(given, bool) or "_" in str(given)
    try:
        value = -1.0 if odd else round(float(given), 3)
    except (TypeError, ValueError, OverflowError):
        value = -1.0
    if not 0 <= value < _LATEST_SECOND:
        raise ValueError(f"{name}: expected seconds, 0 or more, got {given!r:.80}")
    return value


def write_clip_list(path: str | Path, rows: Iterable[ClipRow]) -> None:
    """Write a clip list (CSV) that `read_clip_list` gives back unchanged."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        if _LINE_END.search(row.label):
            raise InputError(f"{row.clip_id}: expected a label on one line, got {row.label!r:.80}")
        times = (_format_seconds(row.time_start), _format_seconds(row.time_end))
        writer.writerow((row.label, row.youtube_id, *times, row.split))
    write_text(path, text.getvalue())


def _format_seconds(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
