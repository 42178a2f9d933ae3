"""Folders of the synthetic world appear whole, and replace nothing of others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chromatrack.errors import InputError

Note = Callable[[Iterable[str]], None]
"""Takes the names of what lies in a folder from now on and may be replaced by a later build."""


def _known_anyway(names: Iterable[str]) -> None:
    """For names that every build has: they need no note."""


def check_replaceable(output: Path, names: Collection[str]) -> None:
    """That a build may take the place of what is in a folder, if there is one.

    Args:
        names: of what an earlier build has put there.

    Raises:
        InputError: `output` is a file, or holds something else.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise InputError(f"{output}: expected a folder, but it is a file")
    foreign = sorted(path.name for path in output.iterdir() if path.name not in names)
    if foreign:
        raise InputError(
            f"{output}: expected an empty folder or an earlier world, but it holds {foreign[0]}"
        )


@contextmanager
def replacing(
    output: Path,
    *,
    building: Path,
    manifest: Path,
    earlier: Collection[str],
    note: Note = _known_anyway,
) -> Iterator[Path]:
    """Yield an empty folder to build in; on success, what is in it takes its place in `output`.

    If the body raises, or is killed, `output` is left as it was. The manifest is removed before
    anything else is, and is the caller's to write: a build that was broken off has none. What was
    being built goes at the end, or with the next build.

    Args:
        building: the folder to build in, on the disk of `output`.
        manifest: file that says that a build is complete.
        earlier: names of what an earlier build has put into `output`; it goes.
        note: writes down, before anything is replaced and when all is, what is this program's.
    """
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        yield building
        parts = sorted(path.name for path in building.iterdir())
        # One by one: the folder itself may be somebody's mount or link.
        output.mkdir(exist_ok=True)
        manifest.unlink(missing_ok=True)
        note(dict.fromkeys([*earlier, *parts]))
        for name in earlier:
            shutil.rmtree(output / name, ignore_errors=True)
        for name in parts:
            (building / name).rename(output / name)
        note(parts)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def beside(output: Path) -> Path:
    """Where a folder is built that appears as `output`."""
    return output.with_name(f".{output.name}.building")
