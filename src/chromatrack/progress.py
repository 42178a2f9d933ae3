"""Progress of long steps on standard error: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

from chromatrack.standard_error import StandardError

# Processes draw no bar together: tqdm's own lock between them takes shared memory, and a process
# that is killed leaves it behind.
tqdm.set_lock(threading.RLock())


class _Lines(StandardError):
    """For a log: every state of the bar is a line of its own."""

    def write(self, text: str) -> int:
        line = text.strip("\r\n ")
        if line:
            super().write(line + "\n")
        return len(text)


def progress(items: Iterable | None = None, *, what: str, unit: str, **options: Any) -> tqdm:
    """A tqdm bar; where standard error is no terminal, a line at most every 10 seconds."""
    on_terminal = sys.stderr.isatty()
    return tqdm(
        items,
        desc=what,
        unit=unit,
        mininterval=0.2 if on_terminal else 10.0,
        maxinterval=10.0,
        file=StandardError() if on_terminal else _Lines(),
        ascii=not on_terminal,
        dynamic_ncols=on_terminal,
        ncols=None if on_terminal else 100,
        **options,
    )


_STATE = re.compile(r"(.*?): +\d+%\|[^|]*\| *(\S+) \[[^<\]]*<([^,\]]+)")


def in_short(line: str) -> str:
    """A line of a log; of a bar only what is done, of how much, and the time left."""
    state = _STATE.match(line)
    if not state:
        return line
    return f"{state[1]} {state[2]}" + ("" if state[3] == "?" else f", {state[3]} left")
