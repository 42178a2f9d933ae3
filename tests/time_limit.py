"""No test waits for ever, and neither does what it started."""

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

SECONDS = float(os.environ.get("CHROMATRACK_TEST_SECONDS", 1200))
"""Of the set-up, the body and the clearing up of a test, each."""


@contextmanager
def limited():
    """Fail the test after `SECONDS` and end the processes below this one.

    A signal, as it ends any wait, from a thread, as the alarm is what `fetch` limits downloads by.
    Code in C that never comes back is ended by pytest's faulthandler_timeout, with the whole run.
    """

    def ring(*_):
        end_children()
        pytest.fail(f"was not done after {SECONDS:g} s")

    previous = signal.signal(signal.SIGUSR2, ring)
    main = threading.main_thread().ident
    timer = threading.Timer(SECONDS, signal.pthread_kill, (main, signal.SIGUSR2))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR2, previous)


def end_children():
    """SIGKILL to all processes that descend from this one, as /proc lists them."""
    found = [os.getpid()]
    for pid in found:
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, path.read_text().split())
            except OSError:
                continue  # it has ended by itself
    for pid in found[1:]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
