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


def with_results(found: Mapping[str, T], where: Path, *, subset: bool | None) -> dict[str, T]:
    """The sequences that have results.

    Args:
        found: name of each sequence that is to be scored -> its results; empty where there are
            none.
        subset: leave out those without, as long as some are left; None: never, and do not name the
            option that would.

    Raises:
        InputError: names those without results.
    """
    missing = [name for name, results in found.items() if not results]
    if missing and (not subset or len(missing) == len(found)):
        hint = "; --subset scores the others alone" if subset is False else ""
        raise InputError(
            f"{where}: results of {len(missing)} of {len(found)} sequences are missing "
            f"({some(missing)}){hint}"
        )
    return {name: results for name, results in found.items() if results}
