"""The benchmarks: one file each, and the name of the file is its name.

A file has `BENCHMARK`, a `chromatrack.evaluation.benchmark.Benchmark`. Settings list the names
without importing a file.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING

from chromatrack.errors import InputError

if TYPE_CHECKING:
    from chromatrack.evaluation.benchmark import Benchmark

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str) -> Benchmark:
    """The benchmark of a name.

    Raises:
        InputError: there is none; names the nearest one.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(NAMES)}"
        raise InputError(f"benchmark {name!r}: unknown; {hint}")
    return importlib.import_module(f"{__name__}.{name}").BENCHMARK


def of_every_demo() -> tuple[str, ...]:
    """Names of those that the synthetic world always has (the thesis's, and GOT-10k val), the
    largest first."""
    found = [get(name) for name in NAMES]
    ranked = sorted(found, key=lambda one: -one.size[1])
    return tuple(one.name for one in ranked if one.demo)
