"""How sequences are tracked: one after the other, in processes, or many in one batch."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Sequences
from dataclasses import replace
from functools import partial
from itertools import chain

import cv2
import torch

from chromatrack.data.sequence import Sequence
from chromatrack.machine.compute import choose_device, prepare
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.worker import Found, Job, Sweeper, Worker
from chromatrack.tracking.batch import track_together
from chromatrack.tracking.contract import Failed, OpenTracker
from chromatrack.tracking.pool import in_pool
from chromatrack.tracking.tracker import SiameseTracker

THREADS_OF_A_BATCH = 4
"""Of a process, at least, where batches are in several."""
FRAMES_OF_A_BATCH = 4000
"""Of a process, at least: starting one takes seconds."""


def track(
    open_trackers: Sequences[OpenTracker],
    jobs: list[Job],
    open_together: OpenTracker,
    compute: ComputeSettings,
) -> Iterator[Found | Failed]:
    """Do the jobs in the way that is asked for, or that suits the device.

    Args:
        open_trackers: of each run.
        open_together: makes a tracker whose variants are the runs, where there are several.
    """
    prepare(compute)
    # Parallel is over sequences: OpenMP threads that share cores with others wait for each other.
    # Boxes then do not depend on the number of threads either.
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    way = compute.tracking
    if way == "auto":
        way = "batched" if choose_device(compute).type == "cuda" else "processes"
    if way == "batched":
        tracker = open_together()
        if isinstance(tracker, SiameseTracker):
            grouped = _grouped(jobs)
            count = _batches(grouped, compute)
            if count == 1:
                return _batched(tracker, grouped, threads=compute.threads)
            del tracker  # its memory
            return _in_batches(count, open_together, grouped, compute)
    if len(open_trackers) > 1:
        found = _do(partial(Sweeper, open_together), _grouped(jobs), compute)
        return chain.from_iterable([one] if isinstance(one, Failed) else one for one in found)
    return _do(partial(Worker, open_trackers), jobs, compute)


def _do(start: Callable[[], Callable], jobs: list, compute: ComputeSettings) -> Iterator:
    """Here, or in one process per thread that the job may use, the longest sequences first."""
    if min(compute.threads, len(jobs)) == 1:
        return map(start(), jobs)
    ordered = sorted(jobs, key=lambda job: -len(job[1]))
    named = [(job[1].name, job) for job in ordered]
    begin = partial(_start_worker, start, replace(compute, threads=1))
    return in_pool(compute.threads, begin, named)


def _start_worker(start: Callable[[], Callable], compute: ComputeSettings) -> Callable:
    prepare(compute)
    return start()


Grouped = tuple[list[int], Sequence]
"""Numbers of the runs, and the sequence."""


def _grouped(jobs: list[Job]) -> list[Grouped]:
    """Each sequence once, with the runs that are to go through it."""
    numbers, sequences = defaultdict(list), {}
    for number, sequence in jobs:
        numbers[sequence.name].append(number)
        sequences[sequence.name] = sequence
    return [(variants, sequences[name]) for name, variants in numbers.items()]


def _batches(jobs: list[Grouped], compute: ComputeSettings) -> int:
    """How many processes have a batch each.

    Threads of one process wait for its interpreter, which decodes, cuts and moves no more than 400
    to 600 frames a second, however many there are; a GPU does more.
    """
    frames = sum(len(variants) * len(sequence) for variants, sequence in jobs)
    count = min(compute.threads // THREADS_OF_A_BATCH, frames // FRAMES_OF_A_BATCH, len(jobs))
    if count < 2 or (choose_device(compute).type == "cuda" and _is_exclusive()):
        return 1
    return count


def _is_exclusive() -> bool:
    """Whether a GPU of this machine takes one process only, as some clusters set them."""
    asked = ["nvidia-smi", "--query-gpu=compute_mode", "--format=csv,noheader"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "Exclusive" in told


def _in_batches(
    count: int, open_together: OpenTracker, jobs: list[Grouped], compute: ComputeSettings
) -> Iterator[Found | Failed]:
    """In so many processes, of about as many frames each."""
    shares: list[list[Grouped]] = [[] for _ in range(count)]
    frames = [0] * count
    for job in sorted(jobs, key=lambda job: -len(job[1])):
        least = frames.index(min(frames))
        shares[least].append(job)
        frames[least] += len(job[1])
    named = [(_told_of(share), share) for share in shares]
    one = replace(compute, threads=compute.threads // count)
    start = partial(_Batcher, open_together, one.threads)
    return in_pool(count, partial(_start_worker, start, one), named)


def _told_of(jobs: list[Grouped]) -> str:
    (_, first), *more = jobs
    return f"{first.name} and {len(more)} more" if more else first.name


class _Batcher:
    """With one tracker for all sequences of a process."""

    def __init__(self, open_together: OpenTracker, threads: int):
        self.tracker, self.threads = open_together(), threads
        cv2.setNumThreads(1)

    def __call__(self, jobs: list[Grouped]) -> Iterator[Found | Failed]:
        return _batched(self.tracker, jobs, threads=self.threads)


def _batched(
    tracker: SiameseTracker, jobs: list[Grouped], *, threads: int
) -> Iterator[Found | Failed]:
    """All at once, as far as memory goes."""
    together = [(sequence, variants) for variants, sequence in jobs]
    for track in track_together(tracker, together, threads=threads):
        if isinstance(track, Failed):
            yield track
        else:
            yield track.variant, track.video.name, track.boxes_ltwh, track.seconds
