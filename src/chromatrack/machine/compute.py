"""What a job may use of the machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

import torch

from chromatrack.errors import InputError
from chromatrack.machine import cards
from chromatrack.machine.launched import launched
from chromatrack.settings import ComputeSettings


def prepare(compute: ComputeSettings, *, seed: int = 0, rank: int = 0) -> torch.device:
    """Set threads and seeds, and choose the device.

    Args:
        rank: of this process among those of one training.
    """
    _keep_freed_memory()
    torch.set_num_threads(compute.threads)
    torch.manual_seed(seed)
    # As use_deterministic_algorithms(True, warn_only=True), which imports a compiler: 1.5 s a job.
    torch.set_deterministic_debug_mode("warn")
    # What it would fill is written before it is read; a step of pretraining has 750 of these.
    torch.utils.deterministic.fill_uninitialized_memory = False
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = choose_device(compute, rank=rank)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def choose_device(
    compute: ComputeSettings, *, rank: int = 0, processes: int | None = None
) -> torch.device:
    """The device that the settings name; an `InputError` where it is missing.

    Which one of several GPUs it is, `cards` says, unless the settings do.

    Args:
        processes: of a training, with a GPU each; the process that starts them tells it.
    """
    name = compute.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda"):
        if not torch.cuda.is_available():
            raise InputError(f"compute.device: {name} was asked for, but no GPU is available")
        place = launched()
        if place is not None and ":" not in name:
            return torch.device("cuda", place.local_rank % torch.cuda.device_count())
        if compute.devices > torch.cuda.device_count():
            raise InputError(
                f"compute.devices: {compute.devices} were asked for, but there are "
                f"{torch.cuda.device_count()} GPUs"
            )
    if compute.device != "cpu" and ":" not in name:
        gpus = torch.cuda.device_count() if name == "cuda" else 0
        numbers = cards.hold(processes or rank + 1, gpus)
        if gpus:
            return torch.device("cuda", numbers[rank])
    return torch.device(name)


def _keep_freed_memory() -> None:
    """Tell glibc to keep freed pages: activations are allocated anew in every step otherwise."""
    if not sys.platform.startswith("linux"):
        return
    mmap_threshold, trim_threshold = -3, -1  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(mmap_threshold, 1 << 30)
        mallopt(trim_threshold, (1 << 31) - 1)
