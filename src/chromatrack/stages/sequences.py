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
import torch

from chromatrack.data.sequence import Sequence
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings
from chromatrack.stages.tracks import identity, keep, known
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
        open_tracker: makes the tracker; it has to pickle.
    """

    folder: Path
    source: dict
    open_tracker: OpenTracker


Results = dict[str, dict]
"""name -> frames, seconds (decoding included), boxes (digest of the file)."""

_Done = tuple[int, str, dict]  # number of the run, name, entry


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
    """`run_sequences` of several alphas of one checkpoint.

    Args:
        open_together: makes a tracker whose variants are the runs, for the batched way.
    """
    way = _way(compute)
    jobs = [(number, sequence) for sequence in sequences for number in range(len(runs))]
    found: list[Results] = [{} for _ in runs]
    with progress(total=len(jobs), what=f"track {runs[0].folder.name}", unit="sequence") as bar:
        for number, name, entry in way(runs, jobs, open_together=open_together):
            found[number][name] = entry
            bar.update()
    return [{s.name: results[s.name] for s in sequences} for results in found]


def _way(compute: ComputeSettings | None) -> Callable[..., Iterator[_Done]]:
    if compute is None or compute.tracking == "serial":
        return _serial
    if compute.tracking == "batched":
        return partial(_batched, compute=compute)
    on_gpu = choose_device(compute).type == "cuda"
    if compute.tracking == "auto" and on_gpu:
        return partial(_batched, compute=compute)
    return partial(_processes, compute=compute)


def _serial(
    runs: Sequences[Run], jobs: list[tuple[int, Sequence]], *, open_together: OpenTracker
) -> Iterator[_Done]:
    """One after the other; a tracker is made when the first sequence needs it."""
    work = _Worker(runs)
    return map(work, jobs)


def _processes(
    runs: Sequences[Run],
    jobs: list[tuple[int, Sequence]],
    *,
    open_together: OpenTracker,
    compute: ComputeSettings,
) -> Iterator[_Done]:
    """In one process per thread that the job may use, the longest sequences first."""
    count = min(compute.threads, len(jobs))
    if count == 1:
        return _serial(runs, jobs, open_together=open_together)
    ordered = sorted(jobs, key=lambda job: -len(job[1]))
    start = partial(_start_worker, runs, replace(compute, threads=1))
    named = [(sequence.name, (number, sequence)) for number, sequence in ordered]
    return (done for _, done in in_pool(count, start, named))


def _start_worker(runs: Sequences[Run], compute: ComputeSettings) -> _Worker:
    prepare(compute)
    return _Worker(runs)


def _single_threaded() -> None:
    """Parallel is over sequences: OpenMP threads that share cores with others wait for each other.

    Boxes then do not depend on the number of threads either.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


class _Worker:
    """Tracks one sequence after the other, with one tracker per run."""

    def __init__(self, runs: Sequences[Run]):
        _single_threaded()
        self.runs = runs
        self.trackers = {}

    def __call__(self, job: tuple[int, Sequence]) -> _Done:
        number, sequence = job
        run = self.runs[number]
        made = identity(sequence, run.source)
        entry = known(sequence.name, run.folder, made)
        if entry is None:
            if number not in self.trackers:
                self.trackers[number] = run.open_tracker()
            found = track_sequence(self.trackers[number], sequence)
            entry = keep(sequence.name, run.folder, made, *found)
        return number, sequence.name, entry


def _batched(
    runs: Sequences[Run],
    jobs: list[tuple[int, Sequence]],
    *,
    open_together: OpenTracker,
    compute: ComputeSettings,
) -> Iterator[_Done]:
    """All at once, as far as memory goes; trackers that cannot take their way through processes."""
    _single_threaded()
    with ThreadPoolExecutor(compute.threads) as pool:
        made = list(pool.map(lambda job: identity(job[1], runs[job[0]].source), jobs))
    identities, left = {}, []
    for (number, sequence), digest in zip(jobs, made, strict=True):
        entry = known(sequence.name, runs[number].folder, digest)
        if entry is None:
            identities[number, sequence.name] = digest
            left.append((number, sequence))
        else:
            yield number, sequence.name, entry
    if not left:
        return
    tracker = open_together()
    if not isinstance(tracker, SiameseTracker):
        yield from _processes(runs, left, open_together=open_together, compute=compute)
        return
    for track in track_together(tracker, _by_sequence(left), threads=compute.threads):
        number, name = track.variant, track.video.name
        found = track.boxes_ltwh, track.seconds
        yield number, name, keep(name, runs[number].folder, identities[number, name], *found)


def _by_sequence(jobs: list[tuple[int, Sequence]]) -> list[tuple[Sequence, list[int]]]:
    """Each sequence with the numbers of the runs that are to track it."""
    numbers = defaultdict(list)
    for number, sequence in jobs:
        numbers[sequence.name].append(number)
    sequences = {sequence.name: sequence for _, sequence in jobs}
    return [(sequences[name], found) for name, found in numbers.items()]
