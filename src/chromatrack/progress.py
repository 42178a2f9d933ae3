"""Progress of long steps on standard error: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress(items: Iterable | None = None, *, what: str, unit: str, **options: Any) -> tqdm:
    """A tqdm bar that keeps quiet in log files: one line every 10 s instead of ten a second."""
    on_terminal = sys.stderr.isatty()
    return tqdm(
        items,
        desc=what,
        unit=unit,
        mininterval=0.2 if on_terminal else 10.0,
        ascii=not on_terminal,
        dynamic_ncols=on_terminal,
        **options,
    )
