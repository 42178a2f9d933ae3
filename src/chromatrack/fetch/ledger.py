"""What became of each clip: a journal that survives a kill, and the ledger that is made from it."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError, WorkError, in_one_line
from chromatrack.fetch.failures import STATUSES
from chromatrack.files import append, canonical_json, write_text, writing
from chromatrack.locks import LINGERING, lock

DONE = "done"
TOO_SHORT = "too short"
CORRUPT = "corrupt"


@dataclass(frozen=True)
class Outcome:
    """What became of one clip.

    Attributes:
        status: `done`, `too short`, or one of `chromatrack.fetch.failures.STATUSES`.
        permanent: trying again is useless; False for clips that are done.
        attempts: downloads that were tried in the run that decided the status.
        bytes, sha256: of the clip's file; 0 and "" if there is none.
        frames, seconds, width, height: what decoding the clip shows (pixels).
        source: kind of the source that was asked (`SourceSettings.kind`).
        time: when the status was decided: UTC in ISO 8601, to the second.
        message: why it failed, without addresses and paths.
    """

    status: str
    permanent: bool = False
    attempts: int = 1
    bytes: int = 0
    frames: int = 0
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    sha256: str = ""
    source: str = ""
    time: str = ""
    message: str = ""


KNOWN = (DONE, TOO_SHORT, *STATUSES)
_KINDS = {
    field.name: {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}[field.type]
    for field in fields(Outcome)
}

_NUMBERS = [name for name, kinds in _KINDS.items() if int in kinds]

CLIP_COLUMNS = ("clip_id", "label", "youtube_id", "time_start", "time_end", "split")
COLUMNS = CLIP_COLUMNS + tuple(field.name for field in fields(Outcome))


@dataclass(frozen=True)
class Entry:
    """An outcome and what it came from.

    Attributes:
        recipe: digest of the window and of the settings that shape the clip.
        source: digest of the settings that say where videos come from.
        version: of the video, where it can be told (`Source.version`).
    """

    outcome: Outcome
    recipe: str
    source: str
    version: str


class Journal:
    """An append-only file of JSON lines, on disk before the next clip begins.

    As a context manager it belongs to one process at a time; a line that a kill cut off is dropped.

    Raises:
        WorkError: another process works on the same journal.
    """

    def __init__(self, path: Path) -> None:
        self.entries: dict[str, Entry] = {}
        self._path = path

    def __enter__(self) -> Journal:
        self._handle = open(self._path, "a+b", buffering=0)
        if not lock(self._handle, wait=LINGERING):
            self._handle.close()
            raise WorkError(f"{self._path}: another process fetches this shard now")
        self._handle.seek(0)
        text = self._handle.read()
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):
            self._handle.truncate(len(whole))
        self.entries.update(_entries(whole))
        return self

    def __exit__(self, *_) -> None:
        self._handle.close()

    def record(self, clip_id: str, entry: Entry) -> None:
        """Add what became of a clip; on return it is on disk."""
        line = canonical_json({"clip_id": clip_id, **asdict(entry)}) + "\n"
        append(self._handle, line.encode("utf-8"))
        with writing(self._path):
            os.fsync(self._handle.fileno())
        self.entries[clip_id] = entry


def read_journal(path: Path) -> list[tuple[str, Outcome]]:
    """(clip id, outcome) of every line of a journal, oldest first, while others may write to it.

    A clip that was tried in several runs is there several times, and the last one counts.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = text[: text.rfind(b"\n") + 1]
    return [(clip_id, entry.outcome) for clip_id, entry in _entries(whole)]


def read_entries(path: Path) -> dict[str, Entry]:
    """The last entry of every clip of a journal, while others may write to it."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}
    return dict(_entries(text[: text.rfind(b"\n") + 1]))


def _entries(text: bytes) -> Iterator[tuple[str, Entry]]:
    for line in text.splitlines():
        try:
            value = json.loads(line)
            clip_id, outcome = value.pop("clip_id"), Outcome(**value.pop("outcome"))
            entry = Entry(outcome=outcome, **value)
            if isinstance(clip_id, str) and _is_sound(entry):
                yield clip_id, entry
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass  # of another version of the program, or damaged: that clip is made again


def _is_sound(entry: Entry) -> bool:
    """Whether a line holds what its annotations say, and a status that there is."""
    outcome = entry.outcome
    texts = (entry.recipe, entry.source, entry.version)
    return (
        all(isinstance(text, str) for text in texts)
        and all(
            type(value) in _KINDS[name] and (type(value) is not float or math.isfinite(value))
            for name, value in vars(outcome).items()
        )
        and outcome.status in KNOWN
    )


def write_ledger(path: Path, rows: Sequence[ClipRow], outcomes: Mapping[str, Outcome]) -> None:
    """Write one row per clip in the order of `rows`; `outcomes` by clip id holds all of them.

    A ledger that says the same already is left alone, modification time included.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        outcome = asdict(outcomes[row.clip_id])
        clip = [getattr(row, name) for name in CLIP_COLUMNS]
        writer.writerow([_plain(value) for value in (*clip, *outcome.values())])
    write_if_changed(path, text.getvalue())


def write_if_changed(path: Path, text: str) -> None:
    """Write a file whole, unless it holds these very bytes."""
    if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
        write_text(path, text)


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_ledger(path: str | Path):
    """Read a ledger.

    Returns:
        a pandas.DataFrame with `COLUMNS`; ids and texts are str (empty, never NaN), times and
        seconds float, counts int, `permanent` bool.

    Raises:
        InputError: the file cannot be read or is no ledger.
    """
    import numpy
    import pandas

    kinds = {"int": "int64", "float": "float64", "bool": "bool", "str": "str"}
    types = dict.fromkeys(CLIP_COLUMNS, "str") | {"time_start": "float64", "time_end": "float64"}
    types |= {field.name: kinds[field.type] for field in fields(Outcome)}
    try:
        with numpy.errstate(invalid="ignore"):  # pandas tries a cast, and then says that it failed
            ledger = pandas.read_csv(path, dtype=types, keep_default_na=False, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: not a ledger of clips ({in_one_line(error)})") from None
    missing = [name for name in COLUMNS if name not in ledger.columns]
    if missing:
        raise InputError(f"{path}: not a ledger of clips: column {missing[0]!r} is missing")
    _check(path, "status", ledger["status"].isin(KNOWN), f"one of {', '.join(KNOWN)}", ledger)
    for name in ("time_start", "time_end", *_NUMBERS):
        sound = ledger[name].between(0, 2**53)
        _check(path, name, sound, "a number, 0 or more", ledger)
    return ledger


def _check(path: str | Path, column: str, sound, expected: str, ledger) -> None:
    """An `InputError` that names the first row where a column does not hold what is expected."""
    if not sound.all():
        row = int(sound.to_numpy().argmin())
        value = ledger[column].iloc[row]
        raise InputError(f"{path}: row {row + 1}: {column}: expected {expected}, got {value!s:.60}")
