"""The supervised experiment of VOT over many sequences, each kept as it is done (thesis 5.5.1)."""

from __future__ import annotations

import time
from collections.abc import Sequence as Sequences
from functools import partial

import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.data.vot import regions
from chromatrack.data.vot_results import write_trajectory
from chromatrack.errors import ChromatrackError, raise_first
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.sequences import Results, Run
from chromatrack.stages.evaluation.tracks import identity, keep, known
from chromatrack.tracking.contract import Tracker
from chromatrack.tracking.supervised import supervised_run


def run_restarted(run: Run, sequences: Sequences[Sequence], *, compute: ComputeSettings) -> Results:
    """Track every sequence, started again after each failure.

    Writes boxes/NAME.txt as vot-toolkit does (`data.vot_results`). The tracker is deterministic:
    one repetition stands for the 15 of the challenge.

    Raises:
        InputError, WorkError: with the name of the sequence; the other sequences are kept.
    """
    results, errors, tracker = {}, [], None
    with progress(sequences, what=f"VOT {run.folder.name}", unit="sequence") as bar:
        for sequence in bar:
            digest = identity(sequence, run.source, truth=regions(sequence))
            entry = known(sequence.name, run.folder, digest)
            if entry is None:
                tracker = _opened(run, compute) if tracker is None else tracker
                began = time.perf_counter()
                try:
                    _, states, boxes_ltwh = supervised_run(tracker, sequence)
                except ChromatrackError as error:
                    errors.append(error)
                    continue
                seconds = np.full(len(sequence), (time.perf_counter() - began) / len(sequence))
                entry = keep(
                    sequence.name,
                    run.folder,
                    digest,
                    run.source,
                    boxes_ltwh,
                    seconds,
                    device=run.device(),
                    write=partial(write_trajectory, states=states, boxes_ltwh=boxes_ltwh),
                )
            results[sequence.name] = entry
    raise_first(errors, of=len(sequences))
    return results


def _opened(run: Run, compute: ComputeSettings) -> Tracker:
    # torch takes seconds to come up: only where there is something to track.
    from chromatrack.machine.compute import prepare

    prepare(compute)
    return run.open_tracker()
