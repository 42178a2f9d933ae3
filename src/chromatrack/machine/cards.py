"""Which GPUs of a machine are this job's own, while others of the same user run beside it.

Each card has a file, which is locked as long as the job lives, however it ends. Slurm hands out
cards by itself.
"""

from __future__ import annotations

import os
import random
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from chromatrack.locks import lock

NAMES = "CHROMATRACK_CARDS"
"""Environment variable: `off` takes no locks, so that jobs share cards; names, such as `a,b`, stand
in for the cards of a machine."""
HELD = "CHROMATRACK_CARDS_HELD"
"""Tells the processes of a job which cards it has."""

_KEPT = ExitStack()
_BETWEEN = 0.5
"""Seconds between two looks at the cards, on average."""


def hold(count: int, gpus: int) -> list[int]:
    """Numbers of `count` cards that no other job has; waits until there are so many.

    They are this process's until it ends, and those of the processes that it starts. A process
    that asks again gets the same ones.

    Args:
        gpus: how many the machine has.
    """
    if HELD in os.environ:
        return [int(number) for number in os.environ[HELD].split(",")][:count]
    names = _names(gpus)
    if not names:
        return list(range(min(count, gpus)))
    told = False
    while (free := _free(names, count)) is None:
        if not told:
            print(
                f"waiting for {count} of {len(names)} GPUs, which other jobs have ({NAMES}=off: "
                "share them)",
                file=sys.stderr,
                flush=True,
            )
            told = True
        time.sleep(_BETWEEN * random.uniform(0.5, 1.5))
    os.environ[HELD] = ",".join(map(str, free))
    return free


def _names(gpus: int) -> list[str]:
    """What the cards are called on this machine; none where no locks are taken."""
    given = os.environ.get(NAMES, "")
    if given == "off" or "SLURM_JOB_ID" in os.environ:
        return []
    if given:
        return given.split(",")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip() for name in visible.split(",") if name.strip()]
    return names[:gpus] if len(names) >= gpus else [str(number) for number in range(gpus)]


def _free(names: list[str], count: int) -> list[int] | None:
    """All of them or none: two jobs that have half of what they want would wait for each other."""
    folder = Path(f"/tmp/chromatrack-cards-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found: list[int] = []
    with ExitStack() as taken:
        for number, name in enumerate(names):
            handle = taken.enter_context(open(folder / name.replace("/", "_"), "a"))
            if lock(handle, wait=0):
                found.append(number)
            if len(found) == count:
                _KEPT.enter_context(taken.pop_all())
                return found
    return None
