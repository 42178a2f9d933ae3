"""Several processes of one training: each has a device of its own and its slice of every batch."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import connection

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from chromatrack.errors import ChromatrackError, InputError, WorkError
from chromatrack.machine import cards
from chromatrack.machine.launched import Launched, launched
from chromatrack.training.batch_norm import share_statistics

HERE = "127.0.0.1"
GRACE = 5.0
"""Seconds after the first failure in which others may say that it was theirs."""


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

    Where torchrun or srun has started them all, this is one of them.

    Args:
        device: kind of the devices; on GPUs, each process has one of those that the job holds.
        work: a function of a module (it is found again by its name), with arguments that pickle.

    Raises:
        ChromatrackError, OSError: what the first failing process raised; the others are ended.
        WorkError: a process died, or raised something else.
    """
    backend = "nccl" if device.type == "cuda" else "gloo"
    place = launched()
    if place is not None:
        _as_one_of(place, count, backend, work, arguments)
        return
    if count == 1:
        work(Team(), *arguments)
        return
    store = _meeting_place()
    context = multiprocessing.get_context("spawn")
    processes, answers = [], []
    try:
        for rank in range(count):
            ours, theirs = context.Pipe(duplex=False)
            place = (theirs, rank, count, backend, store.port)
            process = context.Process(target=_enter, args=(*place, work, arguments))
            process.start()
            theirs.close()
            processes.append(process)
            answers.append(ours)
        _wait(processes, answers)
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def _as_one_of(place: Launched, count: int, backend: str, work, arguments) -> None:
    """Do the part of this process, which torchrun or srun has started beside the others."""
    if place.size != count:
        raise InputError(
            f"compute.devices: {place.size} processes were started for this training; expected "
            f"devices: {place.size}, got {count}"
        )
    dist.init_process_group(
        backend, init_method="env://", rank=place.rank, world_size=place.size
    )  # fmt: skip
    try:
        work(Team(place.rank, place.size), *arguments)
        dist.barrier()
    finally:
        with contextlib.suppress(RuntimeError, ValueError, AssertionError):
            dist.destroy_process_group()


def _meeting_place() -> dist.TCPStore:
    """A port of this machine that no other one reaches; a file would need a place, and locks."""
    with socket.create_server((HERE, 0)) as server:
        return dist.TCPStore(
            HERE, server.getsockname()[1], is_master=True, wait_for_workers=False,
            master_listen_fd=os.dup(server.fileno()),
        )  # fmt: skip


def _wait(processes: Sequence, answers: Sequence[connection.Connection]) -> None:
    """Until all are done; raises what went wrong first, and not what went wrong of it."""
    open_answers, errors, deadline = set(answers), [], None
    while open_answers:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = connection.wait(list(open_answers), left)
        if not ready:
            break
        for answer in ready:
            open_answers.discard(answer)
            process = processes[answers.index(answer)]
            try:
                error = answer.recv()
            except (EOFError, OSError):
                process.join(timeout=GRACE)
                code = process.exitcode
                error = _Died(
                    f"a process of the training died (exit code {code}: killed, or out of memory?)"
                )
            if error is not None:
                errors.append(error)
                deadline = deadline or time.monotonic() + GRACE
    if errors:
        raise min(errors, key=lambda error: (isinstance(error, _Broken), isinstance(error, _Died)))


class _Died(WorkError):
    """A process is gone without a word."""


class _Broken(WorkError):
    """What no stage raises: often that another process is gone."""


def _enter(
    answer: connection.Connection, rank: int, count: int, backend: str, port: int, work, arguments
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer.send(_done(Team(rank, count), backend, port, work, arguments))
    with contextlib.suppress(RuntimeError, ValueError, AssertionError):
        dist.destroy_process_group()


def _done(team: Team, backend: str, port: int, work, arguments) -> Exception | None:
    """Do the work; what it raised for the person at the terminal, or None."""
    try:
        if backend == "nccl":
            torch.cuda.set_device(cards.hold(team.size, torch.cuda.device_count())[team.rank])
        store = dist.TCPStore(HERE, port, is_master=False)
        dist.init_process_group(backend, store=store, rank=team.rank, world_size=team.size)
        work(team, *arguments)
        dist.barrier()
    except (ChromatrackError, OSError) as error:
        return error
    except MemoryError:
        return WorkError("a process of the training has not enough memory; lower batch_size")
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        told = _Broken(f"a process of the training failed ({type(error).__name__}: {said})")
        told.add_note(traceback.format_exc())
        return told
    return None


def _end_with_parent() -> None:
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
