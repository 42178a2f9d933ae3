"""Choosing among the sequences of a benchmark, and saying what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from chromatrack.errors import InputError, some

T = TypeVar("T")


def of_frames(results: np.ndarray, frames: int, where: str) -> np.ndarray:
    """The first rows of results, one for each of the frames that count; further ones fall away.

    Raises:
        InputError: there are fewer.
    """
    if len(results) < frames:
        raise InputError(f"{where}: expected {frames} rows, one per frame, got {len(results)}")
    return results[:frames]


def with_results(
    found: Mapping[str, T | None], where: Path, *, subset: bool | None, expected: str | None = None
) -> dict[str, T]:
    """The sequences that have results.

    Args:
        found: name of each sequence that is to be scored -> its results; empty where there are
            none.
        subset: leave out those without, as long as some are left; None: never, and do not name the
            option that would.
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
        hint = "; --subset scores the others alone" if subset is False else ""
        raise InputError(
            f"{where}: results of {len(missing)} of {len(found)} sequences are missing "
            f"({some(missing)}){hint}"
        )
    return kept
