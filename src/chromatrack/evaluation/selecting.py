"""Choosing among the sequences of a benchmark, and saying what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

from chromatrack.errors import InputError

T = TypeVar("T")


def some(names: Collection[str], count: int = 8) -> str:
    """The first names, and how many more there are."""
    shown = list(names)[:count]
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(shown) + more


def with_results(
    found: Mapping[str, T | None], where: Path, *, subset: bool, expected: str | None = None
) -> dict[str, T]:
    """The sequences that have results.

    Args:
        found: name of each sequence that is to be scored -> its results; empty where there are
            none.
        subset: leave out those without, as long as some are left.
        expected: names of files that results have; where no sequence has any, the message says
            them, and what is there.

    Raises:
        InputError: names those without results.
    """
    kept = {name: results for name, results in found.items() if results}
    if not kept and expected is not None:
        files = sorted(path.name for path in where.iterdir())
        raise InputError(
            f"{where}: expected {expected} of {some(found)}, "
            f"found {some(files) or 'an empty folder'}"
        )
    missing = [name for name in found if name not in kept]
    if missing and (not subset or not kept):
        hint = "" if subset else "; --subset scores the others alone"
        raise InputError(
            f"{where}: results of {len(missing)} of {len(found)} sequences are missing "
            f"({some(missing)}){hint}"
        )
    return kept
