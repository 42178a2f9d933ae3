"""Stage 8: tracking of OTB sequences."""

from __future__ import annotations

from pathlib import Path

from chromatrack.configuration import as_plain
from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, digest_text, made_by, write_json
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.sequences import run_sequences
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.tracker import SiameseTracker
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
) -> dict:
    """One-pass evaluation run over OTB sequences.

    Writes boxes/NAME.txt (x,y,w,h, 1-based) and, last, run.json into the folder of `output`. A
    sequence that was done with the same weights, settings and frames is not tracked again.

    Args:
        output: run.json.
        names: file with the target names to track; None for all.
        max_frames: cut each sequence to its first frames.

    Returns:
        What run.json holds: frames, seconds (decoding included), frames_per_second, device,
        per_sequence, results (digest of all boxes), made_by.
    """
    device = prepare(compute)
    chosen = otb.read_names(names) if names else None
    sequences = [s.first(max_frames) for s in otb.read_sequences(root, names=chosen)]
    if not sequences:
        raise InputError(f"{root}: no OTB sequence found")
    tracker = load_tracker(
        checkpoint,
        settings=settings,
        device=device,
        alpha=alpha,
        random_auxiliary=random_auxiliary,
    )
    source = made_by(
        "track",
        settings={
            "tracker": as_plain(settings),
            "alpha": alpha,
            "random_auxiliary": random_auxiliary,
            "max_frames": max_frames,
        },
        inputs={"checkpoint": checkpoint},
    )
    per_sequence = run_sequences(lambda: tracker, sequences, output.parent, source=source)
    frames = sum(entry["frames"] for entry in per_sequence.values())
    seconds = sum(entry["seconds"] for entry in per_sequence.values())
    result = {
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_second": round(frames / max(seconds, 1e-9), 3),
        "device": device.type,
        "alpha": alpha_of(tracker),
        "per_sequence": per_sequence,
        "results": digest_text(canonical_json({n: e["boxes"] for n, e in per_sequence.items()})),
        "made_by": source,
    }
    write_json(output, result)
    return result


def alpha_of(tracker: SiameseTracker) -> float | None:
    """The weight of the colorization branch that a tracker uses; None for SiamFC alone."""
    alpha = tracker.network.alphas[0]
    return None if alpha is None else round(alpha, 6)
