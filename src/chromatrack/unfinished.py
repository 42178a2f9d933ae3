"""Files that are being written: who writes them says their name, so that a killed one's go."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import tempfile
import time
from functools import cache
from pathlib import Path

NAME = re.compile(r"\..*\.(?P<where>[0-9a-f]{8})-(?P<pid>\d+)-[^.]+\.part(\..*)?", re.DOTALL)
LONGEST = 120
"""Bytes of the file's own name in the name of its part; a name has 255 at most."""
ABANDONED = 7 * 24 * 3600
"""Seconds without a change after which the part of an unknown machine's process is removed."""


def part_beside(path: Path, folder: Path) -> Path:
    """An empty file in a folder, with the suffix of `path`, that is this process's.

    Parts that killed processes have left in that folder are removed, once in a process.
    """
    sweep(folder)
    stem = os.fsencode(path.stem)[:LONGEST].decode(errors="ignore")
    handle, name = tempfile.mkstemp(
        prefix=f".{stem}.{where()}-{os.getpid()}-", suffix=f".part{path.suffix}", dir=folder
    )
    os.close(handle)
    return Path(name)


@cache
def where() -> str:
    """Eight digits for where numbers of processes mean what they do here: this machine, since it
    started, and this container."""
    told = [socket.gethostname()]
    for source in (
        lambda: Path("/proc/sys/kernel/random/boot_id").read_text(),
        lambda: os.readlink("/proc/self/ns/pid"),
    ):
        try:
            told.append(source())
        except OSError:
            continue  # a system without /proc
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]


@cache
def sweep(folder: Path) -> None:
    """Remove the parts of processes that are no more; of elsewhere, those nobody writes to."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry, match) for entry in entries if (match := NAME.fullmatch(entry.name))]
    except OSError:
        return
    for entry, match in found:
        try:
            if match["where"] == where():
                left = not _runs(int(match["pid"]))
            else:
                left = time.time() - entry.stat(follow_symlinks=False).st_mtime > ABANDONED
            if left:
                os.unlink(entry.path)
        except OSError:
            continue  # another process was faster, or it is not ours to remove


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
