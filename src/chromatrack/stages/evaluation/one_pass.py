"""Stage 8: one pass over sequences with box annotations, each tracked from its first box."""

from __future__ import annotations

import functools
from pathlib import Path

from chromatrack.data import got10k, otb
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.files import made_by
from chromatrack.metrics.otb_protocols import Protocol
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.from_checkpoint import FromCheckpoint
from chromatrack.stages.evaluation.otb_starts import runs_of
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.stages.evaluation.tracks import write_run
from chromatrack.tracking.classical import open_classical
from chromatrack.training.compute import prepare


def track_classical(
    tracker: str,
    benchmark: str,
    root: Path,
    output: Path,
    *,
    names: Path | None = None,
    max_frames: int | None = None,
    protocol: Protocol = "ope",
) -> dict:
    """Run a classical tracker over OTB or GOT-10k; files as `track_otb` writes them.

    Args:
        tracker: name of the tracker, such as "kcf".
        benchmark: "otb" or "got10k": how `root` is laid out.
        output: run.json; boxes/NAME.txt beside it.
        names: file with the names of OTB targets to track; None for all.
        max_frames: cut each sequence to its first frames.
        protocol: of OTB.
    """
    open_classical(tracker)  # what is wrong with it is said before any file is read
    settings = {"tracker": tracker, "max_frames": max_frames, "protocol": protocol}
    source = made_by("track-classical", settings=settings)
    sequences = [s.first(max_frames) for s in _sequences(benchmark, root, names)]
    runs = [run for sequence in sequences for run in runs_of(sequence, protocol)]
    opener = functools.partial(open_classical, tracker)
    per_sequence = run_sequences(opener, runs, output.parent, source=source)
    return write_run(output, per_sequence, device="cpu", source=source, protocol=protocol)


def track_got10k(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
    random_auxiliary: int | None = None,
    max_frames: int | None = None,
) -> dict:
    """Run the tracker of a checkpoint over sequences in the layout of GOT-10k."""
    device = prepare(compute)
    tracker = FromCheckpoint(checkpoint, settings, alpha, random_auxiliary)
    source = tracker.source("track-got10k", max_frames=max_frames)
    sequences = [s.first(max_frames) for s in _sequences("got10k", root, None)]
    per_sequence = run_sequences(
        tracker.opener(device), sequences, output.parent, source=source, compute=compute
    )
    return write_run(output, per_sequence, device=device.type, source=source)


def _sequences(benchmark: str, root: Path, names: Path | None) -> list[Sequence]:
    if benchmark == "otb":
        found = otb.read_sequences(root, names=otb.read_names(names) if names else None)
    else:
        found = got10k.read_sequences(root)
    if not found:
        raise InputError(f"{root}: expected sequences, found none")
    return found
