"""Signals that end the work as Ctrl-C does: what was found is kept, nothing is half-written."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Of `timeout`, `kill` and clusters, and of a terminal that is closed."""


class Terminated(KeyboardInterrupt):
    """One of `ENDING` has come.

    Attributes:
        exit_code: as shells give it, 143 for SIGTERM.
    """

    def __init__(self, number: int):
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit_code = 128 + number


@contextmanager
def told_as_interrupts() -> Iterator[None]:
    """Meanwhile the first of `ENDING` raises `Terminated`; later ones do not disturb its work.

    One that is ignored, as by nohup, or has a handler stays as it is. A process that is forked from
    this one ends as it would without.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    own = os.getpid()

    def end(number: int, _) -> None:
        if os.getpid() != own:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        for one in taken:
            signal.signal(one, signal.SIG_IGN)
        raise Terminated(number)

    taken = [one for one in ENDING if signal.getsignal(one) == signal.SIG_DFL]
    for one in taken:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)
