"""Jobs in single-threaded processes, each with a tracker of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Any, Literal

from chromatrack.errors import ChromatrackError, WorkError
from chromatrack.tracking.contract import Failed

LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What says how many threads they have, when they are loaded."""


def in_pool(
    count: int, start: Callable[[], Callable[[Any], Any]], jobs: Sequence[tuple[str, Any]]
) -> Iterator[Any]:
    """Have `count` processes do the jobs; yields what each finds as it is found.

    Processes are spawned: `start` and the jobs have to pickle. They end with this process, however
    it ends, and when a job raises something. One that dies is replaced: its job is `Failed`.

    Args:
        start: called once in each process; what it returns is called with each of its jobs, and
            gives one result, or an iterator of them.
        jobs: name and argument of each, in the order in which they are begun.

    Raises:
        ChromatrackError, OSError: what `start` or a job raised; WorkError of anything else.
    """
    waiting, at_work, processes = list(reversed(jobs)), {}, []

    def begin() -> connection.Connection:
        ours, process = _process(start)
        processes.append(process)
        return ours

    try:
        for _ in range(min(count, len(jobs))):
            ours = begin()
            at_work[ours], job = waiting.pop()
            ours.send(job)
        while at_work:
            for ready in connection.wait(list(at_work)):
                said, result = _received(ready, at_work[ready])
                if said != "done":
                    yield result
                if said == "found":
                    continue
                del at_work[ready]
                if said == "died" or not waiting:
                    ready.close()  # its process ends, if it has not
                    ready = None
                if waiting:
                    ready = ready or begin()
                    at_work[ready], job = waiting.pop()
                    ready.send(job)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


Said = Literal["found", "done", "raised", "died"]
"""Of a process: a result of its job, the end of the job, an error that ends all, its own end."""


def _process(start: Callable[[], Callable[[Any], Any]]) -> tuple[connection.Connection, Any]:
    """A new process, and how to talk to it."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, start), daemon=True)
    with _one_thread():
        process.start()
    theirs.close()
    return ours, process


@contextmanager
def _one_thread() -> Iterator[None]:
    """Libraries of processes that are started meanwhile have one thread.

    OpenCV's KCF multiplies by an OpenBLAS of its own, which cv2.setNumThreads does not reach: a job
    of several cores, to which Snakemake gives as many threads, would have it wait ten times as long
    for them as it computes.
    """
    before = {name: os.environ.get(name) for name in LIBRARIES}
    os.environ.update(dict.fromkeys(LIBRARIES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _received(ready: connection.Connection, name: str) -> tuple[Said, Any]:
    try:
        said, result = ready.recv()
    except (EOFError, OSError):
        told = WorkError(f"{name}: its process died (killed, or out of memory?)")
        return "died", Failed(name, told)
    if said == "raised":
        raise result
    return said, result


def _serve(jobs: connection.Connection, start: Callable[[], Callable[[Any], Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work = start()
        while True:
            found = work(jobs.recv())
            for one in found if isinstance(found, Iterator) else (found,):
                jobs.send(("found", one))
            jobs.send(("done", None))
    except EOFError:
        return
    except Exception as error:
        with contextlib.suppress(OSError):  # nobody listens any more
            jobs.send(("raised", _picklable(error)))


def _picklable(error: Exception) -> Exception:
    """What this process raises, as the one that asked says it."""
    if isinstance(error, (ChromatrackError, OSError)):
        return error
    if isinstance(error, MemoryError):
        return WorkError("not enough memory; lower compute.threads, or ask for more memory")
    said = str(error).strip().partition("\n")[0]
    told = WorkError(f"{type(error).__name__}: {said}")
    told.add_note(traceback.format_exc())
    return told


def _end_with_parent() -> None:
    connection.wait([parent_process().sentinel])
    os._exit(1)
