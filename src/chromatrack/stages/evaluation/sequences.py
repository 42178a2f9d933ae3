"""Tracking many sequences: each once, its boxes kept as a file that says what made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Sequences
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from chromatrack.data.sequence import Sequence
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.tracks import identity, keep, known
from chromatrack.tracking.batch import track_together
from chromatrack.tracking.contract import OpenTracker
from chromatrack.tracking.pool import in_pool
from chromatrack.tracking.single import track_sequence
from chromatrack.tracking.tracker import SiameseTracker
from chromatrack.training.compute import choose_device, prepare


@dataclass(frozen=True)
class Run:
    """A tracker's way through the sequences.

    Attributes:
        folder: of boxes/, times/ and done/.
        source: what determines the boxes beside the sequence (`files.made_by`).
        open_tracker: makes the tracker; it has to pickle where there are processes.
    """

    folder: Path
    source: dict
    open_tracker: OpenTracker


Results = dict[str, dict]
"""name -> frames, seconds (decoding included), boxes (digest of the file)."""

Job = tuple[int, Sequence]
"""Number of the run, and the sequence."""

Found = tuple[int, str, np.ndarray, np.ndarray]
"""Number of the run, name of the sequence, boxes_ltwh (N, 4), seconds (N,)."""


def run_sequences(
    open_tracker: OpenTracker,
    sequences: Sequences[Sequence],
    folder: Path,
    *,
    source: dict,
    compute: ComputeSettings | None = None,
) -> Results:
    """Track every sequence from its first box.

    Writes folder/boxes/NAME.txt (x,y,w,h, 1-based) and folder/times/NAME.txt (seconds per frame). A
    sequence that was done with the same source, first box and frames is not tracked again.

    Args:
        open_tracker: makes the tracker, in the process that is to run it; it has to pickle where
            `compute` has processes.
        source: what determines the boxes beside the sequence (`files.made_by`).
        compute: how; it changes no identity. None: one after the other.

    Raises:
        InputError, WorkError: with the name of the sequence; what was done before is kept.
    """
    run = Run(folder=folder, source=source, open_tracker=open_tracker)
    return run_together([run], sequences, open_together=open_tracker, compute=compute)[0]


def run_together(
    runs: Sequences[Run],
    sequences: Sequences[Sequence],
    *,
    open_together: OpenTracker,
    compute: ComputeSettings | None = None,
) -> list[Results]:
    """`run_sequences` for several alphas of one checkpoint.

    Args:
        open_together: makes a tracker whose variants are the runs, for the batched way.
    """
    compute = compute or ComputeSettings(tracking="serial")
    jobs = [(number, sequence) for sequence in sequences for number in range(len(runs))]
    with ThreadPoolExecutor(compute.threads) as pool:
        made = list(pool.map(lambda job: identity(job[1], runs[job[0]].source), jobs))
    identities, entries, left = {}, {}, []
    for (number, sequence), digest in zip(jobs, made, strict=True):
        key = number, sequence.name
        identities[key] = digest
        entries[key] = known(sequence.name, runs[number].folder, digest)
        if entries[key] is None:
            left.append((number, sequence))
    with progress(total=len(jobs), what=f"track {runs[0].folder.name}", unit="sequence") as bar:
        bar.update(len(jobs) - len(left))
        for number, name, *found in _track(runs, left, open_together, compute):
            key = number, name
            run = runs[number]
            entries[key] = keep(name, run.folder, identities[key], run.source, *found)
            bar.update()
    return [{s.name: entries[number, s.name] for s in sequences} for number in range(len(runs))]


def _track(
    runs: Sequences[Run], jobs: list[Job], open_together: OpenTracker, compute: ComputeSettings
) -> Iterator[Found]:
    """Do the jobs in the way that is asked for, or that suits the device."""
    if not jobs:
        return iter(())
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
    if way == "serial" or min(compute.threads, len(jobs)) == 1:
        return map(_Worker(runs), jobs)
    return _processes(runs, jobs, compute)


class _Worker:
    """Tracks one sequence after the other, with one tracker per run, made when it is needed."""

    def __init__(self, runs: Sequences[Run]):
        self.runs = runs
        self.trackers = {}

    def __call__(self, job: Job) -> Found:
        number, sequence = job
        if number not in self.trackers:
            self.trackers[number] = self.runs[number].open_tracker()
        return number, sequence.name, *track_sequence(self.trackers[number], sequence)


def _processes(runs: Sequences[Run], jobs: list[Job], compute: ComputeSettings) -> Iterator[Found]:
    """In one process per thread that the job may use, the longest sequences first."""
    ordered = sorted(jobs, key=lambda job: -len(job[1]))
    named = [(sequence.name, (number, sequence)) for number, sequence in ordered]
    start = partial(_start_worker, runs, replace(compute, threads=1))
    return in_pool(compute.threads, start, named)


def _start_worker(runs: Sequences[Run], compute: ComputeSettings) -> Callable[[Job], Found]:
    prepare(compute)
    cv2.setNumThreads(1)
    return _Worker(runs)


def _batched(tracker: SiameseTracker, jobs: list[Job], *, threads: int) -> Iterator[Found]:
    """All at once, as far as memory goes."""
    numbers, sequences = defaultdict(list), {}
    for number, sequence in jobs:
        numbers[sequence.name].append(number)
        sequences[sequence.name] = sequence
    together = [(sequences[name], variants) for name, variants in numbers.items()]
    for track in track_together(tracker, together, threads=threads):
        yield track.variant, track.video.name, track.boxes_ltwh, track.seconds
