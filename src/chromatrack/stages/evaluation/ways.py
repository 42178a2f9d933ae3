"""How sequences are tracked: one after the other, in processes, or all in one batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Sequences
from dataclasses import replace
from functools import partial
from itertools import chain

import cv2
import torch

from chromatrack.data.sequence import Sequence
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.worker import Found, Job, Sweeper, Worker
from chromatrack.tracking.batch import track_together
from chromatrack.tracking.contract import Failed, OpenTracker
from chromatrack.tracking.pool import in_pool
from chromatrack.tracking.tracker import SiameseTracker
from chromatrack.training.compute import choose_device, prepare


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
            return _batched(tracker, jobs, threads=compute.threads)
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


def _grouped(jobs: list[Job]) -> list[tuple[list[int], Sequence]]:
    """Each sequence once, with the runs that are to go through it."""
    numbers, sequences = defaultdict(list), {}
    for number, sequence in jobs:
        numbers[sequence.name].append(number)
        sequences[sequence.name] = sequence
    return [(variants, sequences[name]) for name, variants in numbers.items()]


def _batched(tracker: SiameseTracker, jobs: list[Job], *, threads: int) -> Iterator[Found | Failed]:
    """All at once, as far as memory goes."""
    together = [(sequence, variants) for variants, sequence in _grouped(jobs)]
    for track in track_together(tracker, together, threads=threads):
        if isinstance(track, Failed):
            yield track
        else:
            yield track.variant, track.video.name, track.boxes_ltwh, track.seconds
