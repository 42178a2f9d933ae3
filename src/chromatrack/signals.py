"""Signals that end the work as Ctrl-C does: what was found is kept, nothing is half-written."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Of `timeout`, `kill` and clusters, and of a terminal that is closed."""
PATIENCE = 5.0
"""Seconds after a first Ctrl-C in which further ones do not disturb what it has begun."""


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

    Neither does a Ctrl-C within `PATIENCE` of a first one, or of one of them. One that is ignored,
    as by nohup, or has a handler stays as it is. A process that is forked from this one ends as it
    would without.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    own = os.getpid()
    ended = -math.inf

    def interrupt(number: int, frame) -> None:
        nonlocal ended
        if os.getpid() != own or time.monotonic() - ended > PATIENCE:
            ended = time.monotonic()
            signal.default_int_handler(number, frame)

    def end(number: int, _) -> None:
        nonlocal ended
        if os.getpid() != own:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        for one in taken:
            signal.signal(one, signal.SIG_IGN)
        ended = time.monotonic()
        raise Terminated(number)

    taken = [one for one in ENDING if signal.getsignal(one) == signal.SIG_DFL]
    for one in taken:
        signal.signal(one, end)
    interrupts = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interrupts:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if interrupts:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for one in taken:
            signal.signal(one, signal.SIG_DFL)
