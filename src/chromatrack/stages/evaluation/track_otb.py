"""Stage 8: tracking of OTB sequences."""

from __future__ import annotations

from pathlib import Path

from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.metrics.otb_protocols import Protocol
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.from_checkpoint import FromCheckpoint
from chromatrack.stages.evaluation.otb_starts import runs_of
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.stages.evaluation.tracks import write_run
from chromatrack.training.compute import prepare


def track_otb(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
    random_auxiliary: int | None = None,
    names: Path | None = None,
    max_frames: int | None = None,
    protocol: Protocol = "ope",
) -> dict:
    """Run over OTB sequences: in one pass, or from the starts of TRE or SRE.

    Writes boxes/NAME.txt (x,y,w,h, 1-based; boxes/NAME/tre-00.txt and so on) and, last, run.json
    into the folder of `output`. A sequence that was done with the same weights, settings and
    frames is not tracked again.

    Args:
        output: run.json.
        names: file with the target names to track, or the name of a published list; None for all.
        max_frames: cut each sequence to its first frames.

    Returns:
        What run.json holds: frames, seconds (decoding included), frames_per_second, device,
        protocol, per_sequence, results (digest of all boxes), made_by.
    """
    device = prepare(compute)
    chosen = otb.read_names(names) if names else None
    sequences = [s.first(max_frames) for s in otb.read_sequences(root, names=chosen)]
    if not sequences:
        raise InputError(f"{root}: no OTB sequence found")
    runs = [run for sequence in sequences for run in runs_of(sequence, protocol)]
    tracker = FromCheckpoint(checkpoint, settings, alpha, random_auxiliary)
    used = tracker.used_alpha()
    source = tracker.source("track-otb", max_frames=max_frames, protocol=protocol)
    per_sequence = run_sequences(
        tracker.opener(device), runs, output.parent, source=source, compute=compute
    )
    return write_run(
        output, per_sequence, device=device.type, source=source, alpha=used, protocol=protocol
    )
