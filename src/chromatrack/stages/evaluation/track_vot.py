"""Stage 8: the supervised experiment of VOT."""

from __future__ import annotations

from pathlib import Path

from chromatrack.data import vot
from chromatrack.files import made_by, write_json
from chromatrack.metrics.vot import summarize
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.from_checkpoint import FromCheckpoint
from chromatrack.tracking.classical import open_classical
from chromatrack.tracking.contract import Tracker
from chromatrack.tracking.supervised import supervised_run
from chromatrack.training.compute import prepare


def track_vot(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
    random_auxiliary: int | None = None,
    max_frames: int | None = None,
    challenge: str = "vot2018",
) -> dict:
    """Supervised VOT run of a checkpoint: accuracy, failures, robustness and EAO as JSON."""
    device = prepare(compute)
    tracker = FromCheckpoint(checkpoint, settings, alpha, random_auxiliary)
    made = tracker.source("track-vot", max_frames=max_frames)
    return _supervised(tracker.opener(device)(), root, output, max_frames, challenge, made)


def track_vot_classical(
    name: str,
    root: Path,
    output: Path,
    *,
    max_frames: int | None = None,
    challenge: str = "vot2018",
) -> dict:
    """Supervised VOT run of a classical tracker, such as "kcf"."""
    tracker = open_classical(name)
    made = made_by("track-vot", settings={"tracker": name, "max_frames": max_frames})
    return _supervised(tracker, root, output, max_frames, challenge, made)


def _supervised(
    tracker: Tracker, root: Path, output: Path, max_frames: int | None, challenge: str, made: dict
) -> dict:
    runs = {}
    sequences = [sequence.first(max_frames) for sequence in vot.read_sequences(root)]
    with progress(sequences, what=f"VOT {output.stem}", unit="sequence") as bar:
        for sequence in bar:
            overlaps, states, _ = supervised_run(tracker, sequence)
            # The tracker is deterministic: one repetition stands for the 15 of the challenge.
            runs[sequence.name] = [(overlaps, states)]
    result = {**summarize(runs, challenge), "made_by": made}
    write_json(output, result)
    return result
