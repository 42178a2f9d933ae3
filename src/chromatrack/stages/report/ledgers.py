"""What became of the clips of a run, from the ledgers of its shards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from chromatrack.errors import InputError, in_one_line
from chromatrack.fetch.tally import Fate
from chromatrack.reporting.page import clips
from chromatrack.reporting.tables import Table


def clip_tables(ledgers: Sequence[Path]) -> list[tuple[str, Table]]:
    """Clips by fate, and the classes that lost most; empty without ledgers.

    Raises:
        InputError: a ledger cannot be read, or a column is missing.
    """
    if not ledgers:
        return []
    fates = [fate for path in ledgers for fate in _read(path)]
    parts = [("Clips", clips.ledger(fates))]
    if any(fate.failed for fate in fates):
        parts.append(("Missing clips", clips.missing_clips(fates)))
    return parts


def _read(path: Path) -> list[Fate]:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{path}: not a ledger ({in_one_line(error)})") from None
    for column in ("label", "status", "permanent"):
        if column not in table.columns:
            raise InputError(f"{path}: expected a column {column!r}, found none")
    rows = zip(table["label"], table["status"], table["permanent"] == "True", strict=True)
    return [Fate(label, status, bool(permanent)) for label, status, permanent in rows]
