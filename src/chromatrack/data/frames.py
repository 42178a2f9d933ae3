"""Folders of frames: which picture is which frame. Names are numbers, and numbers count."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from chromatrack.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
"""Of the pictures that are read."""

UNREAD = (
    ".avif", ".dng", ".exr", ".gif", ".hdr", ".heic", ".heif", ".j2k", ".jfif", ".jp2", ".jpe",
    ".jxl", ".pgm", ".pnm", ".ppm", ".raw", ".tga",
)  # fmt: skip
"""Of pictures that are not."""

PICTURES = (*SUFFIXES, *UNREAD)


def list_frames(
    folder: str | Path, *, suffixes: Collection[str] = SUFFIXES, any_step: bool = False
) -> list[Path]:
    """The pictures of a folder whose names are numbers, in the order of the numbers.

    Other files, and pictures without a digit in their names, are no frames.

    Args:
        any_step: frames 0, 5, 10 and so on will do, as of a video of which every fifth was kept.

    Raises:
        InputError: there is no such folder, a number is missing or there twice, or it cannot be
            told whether a picture is a frame.
    """
    frames = numbered_frames(folder, suffixes=suffixes)
    _check_gaps(Path(folder), frames, any_step)
    return list(frames.values())


def numbered_frames(folder: str | Path, *, suffixes: Collection[str] = SUFFIXES) -> dict[int, Path]:
    """Number -> picture, in the order of the numbers, of which some may be missing."""
    folder = Path(folder)
    frames: dict[int, Path] = {}
    others, unclear = [], []
    for name in _names_of_files(folder):
        stem, suffix = os.path.splitext(name)
        suffix = suffix.lower()
        if not (stem.isascii() and stem.isdigit()):
            if suffix in PICTURES and any(sign.isdigit() for sign in stem):
                unclear.append(name)
        elif suffix not in suffixes:
            others.append(name)
        elif int(stem) in frames:
            raise _two_of_a_number(folder, frames[int(stem)].name, name)
        else:
            frames[int(stem)] = folder / name
    if unclear:
        raise InputError(
            f"{folder}: expected frames named by their numbers alone, such as 00001.jpg, "
            f"got {_first(unclear)}"
        )
    _check_others(folder, others, frames, suffixes)
    return dict(sorted(frames.items()))


def _names_of_files(folder: Path) -> list[str]:
    """Sorted; without hidden ones, which some systems leave beside each picture."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if not e.name.startswith(".") and _is_read(e))
    except OSError as error:
        reason = "no such folder of frames" if not folder.is_dir() else error.strerror
        raise InputError(f"{folder}: {reason}") from None


def _is_read(entry: os.DirEntry) -> bool:
    """Whether it is a file, or a link that leads nowhere: no folder, no pipe that would wait."""
    return entry.is_file() or not os.path.exists(entry.path)


def _check_others(
    folder: Path, others: list[str], frames: dict[int, Path], suffixes: Collection[str]
) -> None:
    """A file that has a frame's name is one of its notes, or a picture that nobody would read."""
    for name in others:
        stem, suffix = os.path.splitext(name)
        beside = frames.get(int(stem))
        if beside is None:
            raise InputError(
                f"{folder / name}: named like a frame, expected a picture "
                f"({', '.join(suffixes)}), got {suffix or 'no suffix'}"
            )
        if suffix.lower() in PICTURES:
            raise _two_of_a_number(folder, beside.name, name)


def _two_of_a_number(folder: Path, one: str, other: str) -> InputError:
    return InputError(f"{folder}: expected one picture of each number, got {one} and {other}")


def _check_gaps(folder: Path, frames: dict[int, Path], any_step: bool) -> None:
    steps = [after - before for before, after in pairwise(frames)]
    # Two frames that are apart tell no step.
    step = min(steps) if any_step and len(steps) > 1 else 1
    gaps = [pair for pair in pairwise(frames) if pair[1] - pair[0] != step]
    if not gaps:
        return
    before, after = gaps[0]
    missing = str(before + step).zfill(len(frames[before].stem))
    count = sum((late - early - 1) // step for early, late in gaps)
    more = f" ({count} are missing)" if count > 1 else ""
    raise InputError(
        f"{folder}: expected frames without a gap, found no {missing} between "
        f"{frames[before].name} and {frames[after].name}{more}"
    )


def check_first(folder: Path, frames: Sequence[Path], numbers: Collection[int]) -> None:
    """An `InputError` where frames begin at none of these numbers: the first one got lost."""
    if frames and int(frames[0].stem) not in numbers:
        expected = " or ".join(map(str, numbers))
        raise InputError(
            f"{folder}: expected frame {expected} first, to which the first box belongs, "
            f"got {frames[0].name}"
        )


def holds_pictures(folder: Path) -> bool:
    """Whether any file in a folder has the suffix of a picture, whatever its name."""
    if not folder.is_dir():
        return False
    with os.scandir(folder) as entries:
        return any(os.path.splitext(entry.name)[1].lower() in PICTURES for entry in entries)


def _first(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if names[1:] else "")
