"""A fault of Snakemake's scheduler that made it the busiest process of a run, mended.

After each look for jobs to start it sets a timer for the next look, and so there is one more for
every job that has ended. After 500 jobs the main process took almost half a core.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

_pending: weakref.WeakKeyDictionary[Any, threading.Timer] = weakref.WeakKeyDictionary()


def find_own_commands() -> None:
    """Let rules find the `chromatrack` beside this Python where no environment was activated."""
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), folder])


def one_timer() -> bool:
    """Let Snakemake's scheduler wait for one next look at a time.

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
    waiting = _pending.get(self)
    if waiting is None or not waiting.is_alive() or waiting.finished.is_set():
        timer = threading.Timer(delay, _release, [self])
        timer.daemon = True  # a run that is done does not wait for it
        _pending[self] = timer
        timer.start()


def _release(scheduler: Any) -> None:
    _pending.pop(scheduler, None)
    scheduler._open_jobs.release()
