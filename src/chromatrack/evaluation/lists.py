"""What readers of published benchmarks share: their lists, and choosing by them."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import numpy as np

from chromatrack.data.frames import holds_pictures, numbered_frames
from chromatrack.data.text import read_names
from chromatrack.errors import InputError, some

T = TypeVar("T")
Lists = Mapping[str, Callable[[], Collection[str]]]
"""Name of a published list -> what it holds."""

ABSENT_BELOW = 0.2
"""Share that can be seen of a target of the synthetic world, below which it counts as absent."""
JPEG_QUALITY = 90


def published(name: str) -> list[dict[str, str]]:
    """Rows of evaluation/data/NAME.csv, with the names of their columns."""
    text = (files("chromatrack.evaluation") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def choose(
    found: Mapping[str, T],
    names: str | Path | None,
    where: Path,
    lists: Lists | None = None,
    *,
    framed: Iterable[str] = (),
) -> dict[str, T]:
    """The targets that are asked for, sorted by name.

    Args:
        found: name of each annotated target -> what is known of it.
        names: name of one of `lists`, or a file of names; None: all.
        where: the benchmark's folder, for the error.
        framed: names of the targets that have frames.

    Raises:
        InputError: there are none, some that are asked for are missing, or all are asked for and
            one that has frames has no annotation.
    """
    if not found:
        raise InputError(f"{where}: expected sequences in the benchmark's layout, found none")
    if names is None:
        check_annotated(sorted(set(framed) - set(found)), where)
        return dict(sorted(found.items()))
    listed = (lists or {}).get(str(names).lower())
    wanted = list(read_names(names) if listed is None else listed())
    if not wanted:
        raise InputError(f"{names}: expected names of sequences, one per line, found none")
    missing = [name for name in wanted if name not in found]
    if missing:
        near = difflib.get_close_matches(missing[0], found, n=1) if len(missing) == 1 else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(
            f"{where}: {len(missing)} of the {len(wanted)} sequences of {names} are missing "
            f"({some(missing)}){hint}"
        )
    return {name: found[name] for name in sorted(set(wanted))}


def check_annotated(missing: Collection[str], where: Path) -> None:
    """An `InputError` where sequences have frames and no annotation: they would be left out of what
    the others are scored on."""
    if missing:
        raise InputError(
            f"{where}: expected an annotation of each sequence that has frames, found none of "
            f"{some(missing)}; --names FILE takes the others alone"
        )


def with_names(files: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    """Name of a target -> its file; an `InputError` where a target has two."""
    found: dict[str, Path] = {}
    for name, path in files:
        other = found.setdefault(name, path)
        if other != path:
            raise InputError(f"{path}: expected one annotation of {name}, {other} is one, too")
    return found


def check_folder(path: Path) -> Path:
    """The folder itself; an `InputError` where it does not exist."""
    if not path.is_dir():
        raise InputError(f"{path}: no such folder")
    return path


def one_for_each(boxes: np.ndarray, frames: Collection[Path], where: Path) -> tuple[Path, ...]:
    """The frames, one for each box; an `InputError` where their numbers differ."""
    if len(frames) != len(boxes):
        raise InputError(
            f"{where}: expected a frame for each box, got {len(frames)} frames and "
            f"{len(boxes)} boxes"
        )
    return tuple(frames)


def frames_between(folder: Path, first: int, last: int) -> list[Path]:
    """The frames with the numbers from `first` to `last`; others may be missing.

    Raises:
        InputError: one of them is missing.
    """
    numbered = numbered_frames(folder)
    missing = next((n for n in range(first, last + 1) if n not in numbered), None)
    if missing is not None:  # the first one: a damaged range may be one of years
        raise InputError(f"{folder}: expected frames {first} to {last}, found no {missing}")
    return [numbered[number] for number in range(first, last + 1)]


def folders_with_frames(folders: Iterable[Path]) -> Iterator[Path]:
    """Those that hold a picture; looked at where somebody asks."""
    return (folder for folder in folders if holds_pictures(folder))
