"""Batches, loaded ahead of the training by processes of its own.

Each process sends its batches through a pipe, which a thread of the training reads. PyTorch's
DataLoader puts them into shared memory and hands that over through sockets in TMPDIR; containers
have little of the one, Slurm long names of the other, and the training then waits for ever for what
could not be sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import os
import pickle
import signal
import struct
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from chromatrack.errors import ChromatrackError, WorkError

_LENGTHS = struct.Struct("<QQ")
_PIPE_BYTES = 1 << 20
"""A pipe holds 64 KiB by default, which a batch passes in a hundred turns."""
_READ_AHEAD = 2
"""Batches that are out of their pipes before they are asked for: a GPU's next step is launched in
as many milliseconds as it takes to read one."""


@contextlib.contextmanager
def loading(
    load: Callable[[int], Any], steps: range, *, workers: int, what: str, pinned: bool = False
) -> Iterator[Iterator[Any]]:
    """Yield the batches of `steps`, in order; whatever goes wrong in loading one is raised there.

    Args:
        load: step -> tensors, or tuples of them, on the CPU.
        workers: processes; 0: each batch is loaded when it is asked for.
        what: name of the training, for messages.
        pinned: put batches that come from a process where a GPU fetches them by itself.

    Raises:
        ChromatrackError, OSError: what `load` raised.
        WorkError: a batch cannot be loaded, or a process could not be started or died.
    """
    if not workers:
        yield (loaded(load, step, what) for step in steps)
        return
    with contextlib.ExitStack() as stack:
        loaders = []
        # A pool of threads does not survive a fork; what is forked would wait for it.
        cv2.setNumThreads(0)
        for index in range(workers):
            try:
                loader = _Loader(load, steps[index::workers], what, loaders)
            except OSError as error:
                raise WorkError(
                    f"{what}: loader process {index + 1} of {workers} cannot be started "
                    f"({error.strerror}); lower compute.workers"
                ) from None
            loaders.append(loader)
            stack.callback(loader.end)
        reader = ThreadPoolExecutor(1)
        stack.callback(reader.shutdown, cancel_futures=True)
        for loader in loaders:
            stack.callback(loader.kill)  # before: whoever reads from it comes to an end
        received = (loaders[place % workers].receive(pinned) for place in range(len(steps)))
        yield _read_ahead(received, reader)


def _read_ahead(received: Iterator[Any], reader: ThreadPoolExecutor) -> Iterator[Any]:
    coming = deque(reader.submit(next, received, None) for _ in range(_READ_AHEAD))
    while (batch := coming.popleft().result()) is not None:
        coming.append(reader.submit(next, received, None))
        yield batch


def loaded(load: Callable[[int], Any], step: int, what: str) -> Any:
    """One batch, in this very process; raises what `loading` says."""
    try:
        return load(step)
    except (ChromatrackError, OSError):
        raise
    except MemoryError as error:
        raise WorkError(
            f"{what}: not enough memory to load the batch of step {step}; lower compute.workers or "
            "batch_size, or ask for more memory"
        ) from error
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        told = WorkError(
            f"{what}: the batch of step {step} cannot be loaded ({type(error).__name__}: {said})"
        )
        told.add_note(traceback.format_exc())
        raise told from None


class _Loader:
    """A process that loads some of the steps, seen from the training.

    Args:
        before: those that were started before: the new process must not keep their pipes open.
    """

    def __init__(
        self, load: Callable[[int], Any], steps: range, what: str, before: Sequence[_Loader]
    ):
        self._what = what
        self._pipe, sending = os.pipe()
        try:
            with contextlib.suppress(OSError, AttributeError):  # beyond a limit, or not on Linux
                fcntl.fcntl(sending, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            kept = [self._pipe, *(loader._pipe for loader in before)]
            self._process = multiprocessing.get_context("fork").Process(
                target=_send_batches, args=(load, steps, what, sending, kept), daemon=True
            )
            self._process.start()
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(sending)

    def receive(self, pinned: bool) -> Any:
        """The next batch of this process."""
        try:
            head, count = _LENGTHS.unpack(self._read(bytearray(_LENGTHS.size)))
            sizes = np.frombuffer(self._read(bytearray(8 * count)), dtype=np.int64)
            content = self._read(bytearray(head))
            arrays = [
                self._read(torch.empty(size, dtype=torch.uint8, pin_memory=pinned).numpy())
                for size in sizes.tolist()
            ]
        except EOFError:
            raise self._died() from None
        found = pickle.loads(content, buffers=arrays)
        if isinstance(found, Exception):
            raise found
        return _map(found, torch.from_numpy)

    def kill(self) -> None:
        """End the process, wherever it is."""
        self._process.kill()

    def end(self) -> None:
        """Once nobody reads from it any more."""
        os.close(self._pipe)
        self._process.kill()
        self._process.join(timeout=10)

    def _read(self, buffer: Any) -> Any:
        left = memoryview(buffer).cast("B")
        while left:
            count = os.readv(self._pipe, [left])
            if not count:
                raise EOFError
            left = left[count:]
        return buffer

    def _died(self) -> WorkError:
        self._process.join(timeout=10)
        code = self._process.exitcode
        how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
        return WorkError(
            f"{self._what}: a loader process died ({how}); where it ran out of memory, lower "
            "compute.workers or batch_size, or ask for more memory"
        )


def _send_batches(
    load: Callable[[int], Any], steps: range, what: str, sending: int, kept: Sequence[int]
) -> None:
    """The work of a process; it ends when nobody reads any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the training gets it too, and ends this process
    for pipe in kept:
        os.close(pipe)
    torch.set_num_threads(1)
    with contextlib.suppress(BrokenPipeError):
        for step in steps:
            try:
                found = _map(loaded(load, step, what), Tensor.numpy)
            except (ChromatrackError, OSError) as error:
                _send(sending, error)
                return
            _send(sending, found)


def _send(sending: int, found: Any) -> None:
    """Lengths, sizes of the arrays, what is left without them, arrays."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(found, protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    sizes = np.array([array.nbytes for array in arrays], dtype=np.int64).tobytes()
    for part in (_LENGTHS.pack(len(content), len(arrays)), sizes, content, *arrays):
        left = memoryview(part)
        while left:
            left = left[os.write(sending, left) :]


def _map(batch: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(batch, tuple):
        return tuple(_map(part, change) for part in batch)
    return change(batch)
