"""done/NAME.json: what a sequence was made from, and whether its files are those that were made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import digest_file, read_json, write_json

FOLDER = "done"
"""Of the entries, in that of a run."""


def entry_of(name: str, folder: Path) -> Path:
    """The file of a sequence's entry."""
    return folder / FOLDER / f"{name}.json"


def read_entry(done: Path) -> dict | None:
    """What an entry says; None where there is none or it is damaged."""
    with contextlib.suppress(InputError):
        entry = read_json(done)
        if isinstance(entry, dict):
            return entry
    return None


def known(done: Path, identity: str, written: Mapping[str, Path]) -> dict | None:
    """The entry of this identity, if its files have the bytes that they were written with.

    Args:
        written: key of the entry that holds a digest -> the file.
    """
    entry = read_entry(done)
    if entry is None or entry.get("identity") != identity:
        return None
    if not all(path.exists() for path in written.values()):
        return None
    same = all(entry.get(key) == digest_file(path) for key, path in written.items())
    return entry if same else None


def keep(
    done: Path, identity: str, written: Mapping[str, Path], write: Callable[[], None], **told
) -> dict:
    """Write the files of a sequence and, last, its entry; returns the entry.

    Args:
        written: as in `known`.
        write: writes these files, and others that belong to them.
        told: what else the entry says.
    """
    done.unlink(missing_ok=True)  # no moment at which it vouches for files of two runs
    write()
    digests = {key: digest_file(path) for key, path in written.items()}
    entry = {**told, **digests, "identity": identity}
    write_json(done, entry)
    return entry
