"""What a run of the workflow needs of Snakemake's own process, before any job starts."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

_waiting: weakref.WeakSet[Any] = weakref.WeakSet()
"""Schedulers whose timer is set."""


def find_own_commands() -> None:
    """Let rules find the `chromatrack` beside this Python where no environment was activated."""
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), folder])


def one_timer() -> bool:
    """Let Snakemake's scheduler wait for one next look at a time.

    After each look for jobs to start it sets a timer for the next look, and so there is one more
    for every job that has ended. After 500 jobs the main process took almost half a core.

    Returns:
        Whether it was mended; a version that has no such method is left alone.
    """
    try:
        from snakemake.scheduling.job_scheduler import JobScheduler
    except ImportError:
        return False
    if not hasattr(JobScheduler, "_schedule_reevalutation"):  # spelt as there
        return False
    JobScheduler._schedule_reevalutation = _look_again
    return True


def _look_again(self: Any, delay: float) -> None:
    if self not in _waiting:
        _waiting.add(self)
        timer = threading.Timer(delay, _release, [self])
        timer.daemon = True  # a run that is done does not wait for it
        timer.start()


def _release(scheduler: Any) -> None:
    _waiting.discard(scheduler)
    scheduler._open_jobs.release()
