"""Names of the targets of OTB: "Jogging-1" is the first of the two of the folder Jogging."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from chromatrack.data import text
from chromatrack.data.otb_lists import named_list
from chromatrack.errors import InputError

_ALIAS = re.compile(r"(Human4|Jogging|Skating2)[.-](\d)")


def target_name(stem: str) -> str:
    """Our name of a target: others write "Jogging.1", and "Human4-2" for the target of Human4."""
    match = _ALIAS.fullmatch(stem)
    if not match:
        return stem
    return "Human4" if match[1] == "Human4" else f"{match[1]}-{match[2]}"


def folder_of(target: str) -> str:
    """The folder that holds a target, by its name: Jogging for Jogging-1."""
    folder, dash, number = target.rpartition("-")
    return folder if dash and number.isdigit() else target


def read_names(path: str | Path) -> list[str]:
    """Names of the targets in a list such as tb_100.txt (the first column counts).

    "otb2013", "tb50" and "otb2015" are the published lists themselves (`otb_lists`).

    Raises:
        InputError: there are none.
    """
    names = named_list(path) or [target_name(name) for name in text.read_names(path)]
    if not names:
        raise InputError(f"{path}: expected names of targets, one per line, found none")
    return names


def select(
    folders: Mapping[str, str], names: Iterable[str], where: str | Path, *, subset: bool = False
) -> list[str]:
    """The targets that names ask for; "Jogging" stands for both targets of that folder.

    Args:
        folders: target -> name of its folder.
        where: what was looked through, for the error.
        subset: take those that are there, instead of refusing when some are missing.

    Raises:
        InputError: names all that are missing.
    """
    chosen, missing = {}, []
    for name in names:
        wanted = target_name(name)
        found = [key for key, folder in folders.items() if name in (key, folder) or key == wanted]
        chosen |= dict.fromkeys(found)
        missing += [] if found else [name]
    if missing and not (subset and chosen):
        near = difflib.get_close_matches(missing[0], folders, n=1) if len(missing) == 1 else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        sequences = "sequence" if len(missing) == 1 else f"{len(missing)} sequences:"
        raise InputError(f"{where}: no {sequences} {', '.join(map(repr, missing))}{hint}")
    return list(chosen)


def text_files(directory: Path) -> dict[str, Path]:
    """Target -> its NAME.txt; an `InputError` where two files are one target's."""
    files: dict[str, Path] = {}
    for path in sorted(directory.glob("*.txt")):
        other = files.setdefault(target_name(path.stem), path)
        if other != path:
            raise InputError(f"{path}: expected one file for each target, {other.name} is the same")
    return files
