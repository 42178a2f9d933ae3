"""Attribute vectors of OTB: NAME.txt of eleven 0 or 1, one for each challenge."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chromatrack.data.otb_names import text_files
from chromatrack.data.text import folder_name, read_rows
from chromatrack.errors import InputError
from chromatrack.files import write_text

ATTRIBUTES = ("IV", "OPR", "SV", "OCC", "DEF", "MB", "FM", "IPR", "OV", "BC", "LR")
"""The challenges in the order of the attribute vectors."""


def find_attributes(annotations: str | Path) -> Path | None:
    """The folder of attribute vectors that lies in or beside a folder of annotations, if any."""
    annotations = Path(annotations)
    inside = [annotations / name for name in ("attributes", "att", "anno/att")]
    beside = [annotations.parent / name for name in ("attributes", "att")]
    for folder in (*inside, *(beside if annotations.name in ("anno", "sequences") else ())):
        if folder.is_dir() and any(folder.glob("*.txt")):
            return folder
    return None


def read_attributes(directory: str | Path) -> dict[str, tuple[str, ...]]:
    """Read attribute vectors: target name -> names of its attributes.

    Args:
        directory: NAME.txt files of eleven 0 or 1 in the order of `ATTRIBUTES`; also found in
            attributes/ or att/ below it, as in the official archives.
    """
    directory = Path(directory)
    for inner in ("attributes", "att", "anno/att"):
        if (directory / inner).is_dir():
            directory = directory / inner
            break
    if not directory.is_dir():
        raise InputError(f"{directory}: no such folder of attribute vectors")
    return {name: _read_vector(path) for name, path in text_files(directory).items()}


def _read_vector(path: Path) -> tuple[str, ...]:
    rows = read_rows(path, columns=(len(ATTRIBUTES),))
    if len(rows) != 1 or not set(rows[0]) <= {0.0, 1.0}:
        raise InputError(f"{path}: expected one line of {len(ATTRIBUTES)} values, each 0 or 1")
    return tuple(name for name, value in zip(ATTRIBUTES, rows[0], strict=True) if value)


def write_attributes(directory: str | Path, target: str, attributes: Iterable[str]) -> None:
    """Write the attribute vector of one target to `directory`/TARGET.txt."""
    present = set(attributes)
    unknown = sorted(present - set(ATTRIBUTES))
    if unknown:
        raise InputError(f"{target}: unknown attribute {unknown[0]!r}")
    vector = ",".join("1" if name in present else "0" for name in ATTRIBUTES)
    write_text(Path(directory) / f"{folder_name(target, 'attributes')}.txt", vector + "\n")
