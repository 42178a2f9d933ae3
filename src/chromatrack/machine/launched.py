"""Processes of one training that torchrun or srun has started, on one node or several."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from chromatrack.errors import InputError

FIRST_PORT, PORTS = 20_000, 20_000
"""Where processes of srun meet, by the number of their job; MASTER_PORT says another."""


@dataclass(frozen=True)
class Launched:
    """One of these processes.

    Attributes:
        rank: among all of them.
        size: how many there are.
        local_rank: among those of its node.
    """

    rank: int
    size: int
    local_rank: int


def launched() -> Launched | None:
    """Which one this is; None where nobody else started any.

    Of srun's, the environment is made as torchrun has it, which is where PyTorch looks.

    Raises:
        InputError: srun's do not know where to meet.
    """
    has = os.environ
    if "TORCHELASTIC_RUN_ID" in has:
        place = Launched(int(has["RANK"]), int(has["WORLD_SIZE"]), int(has["LOCAL_RANK"]))
        return place if place.size > 1 else None
    size = int(has.get("SLURM_STEP_NUM_TASKS", 1))
    if size == 1 or "SLURM_PROCID" not in has:
        return None
    has.setdefault("MASTER_ADDR", _first(has.get("SLURM_STEP_NODELIST", "")))
    has.setdefault("MASTER_PORT", str(FIRST_PORT + int(has.get("SLURM_JOB_ID", 0)) % PORTS))
    return Launched(int(has["SLURM_PROCID"]), size, int(has.get("SLURM_LOCALID", 0)))


def _first(nodes: str) -> str:
    """The first of a list such as node[01-04]."""
    if not set(nodes) & set("[,"):
        return nodes or "127.0.0.1"
    try:
        command = ["scontrol", "show", "hostnames", nodes]
        return subprocess.check_output(command, text=True, timeout=60).split()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        raise InputError(f"{nodes}: set MASTER_ADDR to the first of these nodes") from None
