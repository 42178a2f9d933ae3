"""The files that a class of somebody's own is made of; finds them without running its module."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError


def class_files(target: str, options: Mapping[str, Any]) -> list[Path]:
    """The file of `module:Class`, all others of its package, and files that options name.

    Raises:
        InputError: there is no such module.
    """
    module = target.partition(":")[0]
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = importlib.util.find_spec(module)
    except (Exception, SystemExit) as error:  # the packages above it are imported: somebody's code
        raise InputError(
            f"tracker {target}: module {module} cannot be found ({type(error).__name__}: {error})"
        ) from None
    if found is None or not found.origin or not Path(found.origin).is_file():
        raise InputError(f"tracker {target}: there is no module {module} on the Python path")
    files = {Path(found.origin)}
    if "." in module or found.submodule_search_locations:
        package = Path(found.origin).parent
        files |= {path for path in package.rglob("*.py") if "__pycache__" not in path.parts}
    for value in options.values():
        if isinstance(value, str) and value and Path(value).is_file():
            files.add(Path(value))
    return sorted(files)
