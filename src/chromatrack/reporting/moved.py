"""Runs that lie elsewhere than where they were made: their manifests, with the paths of today."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.plan.places import Places
from chromatrack.reporting.manifest import Manifest, read_manifest


def run_folder(given: Path) -> Path | None:
    """The folder of a run, of which that folder or its report/manifest.json is given.

    None for a manifest that lies elsewhere: its paths stand as they are.
    """
    if given.is_dir():
        return given
    inside = given.absolute().parent
    return inside.parent if inside.name == "report" else None


def open_run(given: Path) -> Manifest:
    """The manifest of a finished run, with its paths where the run lies now.

    Raises:
        InputError: there is no run, it is not finished, or it was made by another version.
    """
    if not given.exists():
        raise InputError(
            f"{given}: no such run; expected a folder such as results/demo, or its "
            "report/manifest.json"
        )
    folder = run_folder(given)
    path = given / "report" / "manifest.json" if given.is_dir() else given
    if not path.is_file():
        raise InputError(f"{path}: no such file; the run is not finished, or is none")
    _check_version(path)
    manifest = read_manifest(path)
    name = manifest.configuration.get("run")
    if folder is None or name is None:
        return manifest
    return moved(manifest, Path(Places(str(name)).folder), folder)


def _check_version(path: Path) -> None:
    value = read_json(path)
    known = [field.name for field in dataclasses.fields(Manifest)]
    unknown = [key for key in value if key not in known] if isinstance(value, dict) else []
    if unknown:
        raise InputError(
            f"{path}: has the key {unknown[0]!r}, which this version of chromatrack does not know; "
            "expected a manifest of this version (rule manifest)"
        )


def moved(value: Any, old: Path, new: Path) -> Any:
    """The same manifest, or part of one, with the paths below `old` below `new`."""
    if isinstance(value, Path):
        return new / value.relative_to(old) if value.is_relative_to(old) else value
    if isinstance(value, tuple):
        return tuple(moved(item, old, new) for item in value)
    if isinstance(value, Mapping):
        return {key: moved(item, old, new) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        changed = {name: moved(getattr(value, name), old, new) for name in names}
        return dataclasses.replace(value, **changed)
    return value
