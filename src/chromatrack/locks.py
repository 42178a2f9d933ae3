"""Locks on files, which a process that dies lets go of."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from chromatrack.errors import WorkError

LINGERING = 1.0
"""Seconds that a lock may outlive its process."""

WITHOUT = "CHROMATRACK_LOCKS"
"""Environment variable: `off` goes on where the file system has no locks. Those that it has are
taken all the same."""


@contextmanager
def holding(folder: str | Path) -> Iterator[None]:
    """Keep other processes from holding the same folder.

    Raises:
        WorkError: another process holds it, or its file system has no locks.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a", encoding="utf-8") as handle:
        if not lock(handle, wait=LINGERING):
            raise WorkError(f"{folder}: another process is working there; wait for it")
        yield


def lock(handle: IO, *, wait: float | None) -> bool:
    """Take the lock of a file that is open for writing; False if another process keeps it.

    A process that was killed while it started another (ffmpeg) leaves its lock with that one for
    the moment until that has come up: so most wait for `LINGERING`.

    Args:
        wait: seconds; None: until it is free.

    Raises:
        WorkError: the file system has no locks, and `WITHOUT` is not set.
    """
    last = time.monotonic() + (wait or 0)
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if wait is not None else 0))
        except BlockingIOError:  # EWOULDBLOCK: the one answer of flock that means "held"
            if wait is not None and time.monotonic() > last:
                return False
            time.sleep(0.02)
        except OSError as error:  # ENOLCK, ENOSYS, EOPNOTSUPP: NFS, Lustre, FUSE as often mounted
            if os.environ.get(WITHOUT) == "off":
                return True
            raise WorkError(
                f"{handle.name}: the file system has no locks ({error.strerror}); mount it with "
                f"them (Lustre: -o flock), or set {WITHOUT}=off and see to it yourself that no two "
                "processes work on the same files"
            ) from None
        else:
            return True
