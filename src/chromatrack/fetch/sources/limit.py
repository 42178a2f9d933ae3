"""A limit on the time of one download, wherever it spends it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from chromatrack.fetch.failures import FetchError


class _TimeIsUp(BaseException):
    """Not an Exception: what a download library catches and tries again must not catch this."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End the body after `seconds` with a `FetchError` (`network`).

    A time-out of a socket starts anew with every byte, and a hook that is called per block waits
    for the block: a server that drips holds a worker for hours. An alarm interrupts any wait.

    Raises:
        ValueError: called outside the main thread, where Python takes no signals.
    """

    running = True

    def ring(*_) -> None:
        if running:
            raise _TimeIsUp

    previous = signal.signal(signal.SIGALRM, ring)
    # It rings again each second, in case the first ring falls into code that swallows everything.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        try:
            yield
        finally:
            running = False  # a ring up to here is caught below, and none comes after
    except _TimeIsUp:
        message = f"the download was not complete after {seconds:g} s"
        raise FetchError("network", message) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
