"""Several processes of one training: each has a device of its own and its slice of every batch."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from chromatrack.errors import ChromatrackError, InputError, WorkError
from chromatrack.training.batch_norm import share_statistics


@dataclass(frozen=True)
class Team:
    """The processes of a training, seen from one of them."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the one process that writes files."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """The part of a batch of `count` samples that this process computes."""
        part = count // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of the values of all processes; every process has to ask."""
        if self.size > 1:
            dist.all_reduce(values)
            values = values / self.size
        return values

    def wait(self) -> None:
        """Go on once all processes are here."""
        if self.size > 1:
            dist.barrier()

    def wrap(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The module to call in training, for the gradient of the whole batch in every process.

        BatchNorm takes the statistics of the whole batch too. `module` itself is changed: it shares
        its weights with what is returned.
        """
        if self.size == 1:
            return module
        share_statistics(module, device)
        ids = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=ids)


def check_share(batch_size: int, processes: int) -> None:
    """Every process needs the same number of samples; an `InputError` says so."""
    if batch_size % processes:
        raise InputError(
            f"compute.devices: {processes} processes cannot share batches of {batch_size} samples "
            "equally"
        )


def in_processes(count: int, device: torch.device, work: Callable[..., None], *arguments) -> None:
    """Call `work(team, *arguments)` in `count` processes; with one, in this very process.

    Args:
        device: kind of the devices; on GPUs, process i has GPU i.
        work: a function of a module (it is found again by its name), with arguments that pickle.

    Raises:
        ChromatrackError: what the first failing process raised; the others are ended.
        WorkError: a process died.
    """
    if count == 1:
        work(Team(), *arguments)
        return
    errors = multiprocessing.get_context("spawn").SimpleQueue()
    backend = "nccl" if device.type == "cuda" else "gloo"
    with tempfile.TemporaryDirectory(prefix="chromatrack-") as folder:
        try:
            multiprocessing.spawn(
                _enter,
                args=(count, backend, Path(folder) / "store", errors, work, arguments),
                nprocs=count,
            )
        except multiprocessing.ProcessExitedException as error:
            raise _raised(errors) or WorkError(
                f"a process of the training died ({error})"
            ) from None
        except multiprocessing.ProcessRaisedException as error:
            raise _raised(errors) or error from None


def _raised(errors) -> ChromatrackError | None:
    """What a process raised for the person at the terminal; the others may have failed of it."""
    return None if errors.empty() else errors.get()


def _enter(rank: int, count: int, backend: str, store: Path, errors, work, arguments) -> None:
    try:
        if backend == "nccl":
            torch.cuda.set_device(rank)
        dist.init_process_group(backend, init_method=f"file://{store}", rank=rank, world_size=count)
        work(Team(rank, count), *arguments)
        dist.barrier()
    except ChromatrackError as error:
        errors.put(error)
        raise
    finally:
        with contextlib.suppress(RuntimeError, ValueError, AssertionError):
            dist.destroy_process_group()
