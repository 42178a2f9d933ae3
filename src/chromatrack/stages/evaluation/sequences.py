"""Tracking many sequences: each once, its boxes kept as a file that says what made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Sequences
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chromatrack.data.sequence import Sequence
from chromatrack.errors import ChromatrackError, raise_first
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.tracks import identity, keep, known
from chromatrack.stages.evaluation.worker import Worker
from chromatrack.tracking.contract import Failed, OpenTracker


@dataclass(frozen=True)
class Run:
    """A tracker's way through the sequences.

    Attributes:
        folder: of boxes/, times/ and done/.
        source: what determines the boxes beside the sequence (`files.made_by`).
        open_tracker: makes the tracker; it has to pickle where there are processes.
        device: tells the kind of the device it runs on, for the record.
    """

    folder: Path
    source: dict
    open_tracker: OpenTracker
    device: Callable[[], str] = lambda: "cpu"


Results = dict[str, dict]
"""name -> frames, seconds (decoding included), boxes (digest of the file), device."""


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
        InputError, WorkError: with the name of the sequence; the other sequences are kept.
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
        open_together: makes a tracker whose variants are the runs, where there are several.
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
    errors: dict[str, ChromatrackError] = {}
    with progress(total=len(jobs), what=f"track {runs[0].folder.name}", unit="sequence") as bar:
        bar.update(len(jobs) - len(left))
        for one in _track(runs, left, open_together, compute):
            if isinstance(one, Failed):
                errors.setdefault(one.name, one.error)  # once for all runs
                continue
            number, name, *found = one
            key, run = (number, name), runs[number]
            entries[key] = keep(
                name, run.folder, identities[key], run.source, *found, device=run.device()
            )
            bar.update()
    raise_first(list(errors.values()), of=len(sequences))
    return [{s.name: entries[number, s.name] for s in sequences} for number in range(len(runs))]


def _track(
    runs: Sequences[Run],
    jobs: list[tuple[int, Sequence]],
    open_together: OpenTracker,
    compute: ComputeSettings,
) -> Iterator[tuple | Failed]:
    if not jobs:
        return iter(())
    open_trackers = [run.open_tracker for run in runs]
    one_by_one = compute.tracking == "serial" or min(compute.threads, len(jobs)) == 1
    one_by_one = one_by_one and len(runs) == 1  # several share what they can
    if one_by_one and (compute.tracking != "auto" or compute.device == "cpu"):
        return map(Worker(open_trackers), jobs)
    # torch takes seconds to come up: only where it has to be asked for a GPU, or tracks.
    from chromatrack.stages.evaluation.ways import track

    return track(open_trackers, jobs, open_together, compute)
