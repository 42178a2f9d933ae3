"""Stage 8 for several alphas of one checkpoint that was not trained for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.metrics.otb_protocols import Protocol
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.from_checkpoint import FromCheckpoint
from chromatrack.stages.evaluation.otb_starts import runs_of
from chromatrack.stages.evaluation.sequences import Run, run_together
from chromatrack.stages.evaluation.tracks import write_run
from chromatrack.training.compute import prepare


def track_alphas(
    checkpoint: Path,
    root: Path,
    outputs: Mapping[float, Path],
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    random_auxiliary: int | None = None,
    names: Path | None = None,
    max_frames: int | None = None,
    protocol: Protocol = "ope",
) -> dict[float, dict]:
    """What `track_otb` writes for each alpha; on a GPU all of them go through it in one batch.

    Args:
        outputs: alpha -> run.json, each in a folder of its own.

    Returns:
        alpha -> what its run.json holds.
    """
    folders = [output.parent for output in outputs.values()]
    if len(set(folders)) != len(folders):
        raise InputError(f"{folders[0]}: expected a folder for each alpha, got one for several")
    device = prepare(compute)
    chosen = otb.read_names(names) if names else None
    sequences = [s.first(max_frames) for s in otb.read_sequences(root, names=chosen)]
    starts = [run for sequence in sequences for run in runs_of(sequence, protocol)]
    together = FromCheckpoint(checkpoint, settings, random_auxiliary=random_auxiliary)
    if together.used_alpha() is None:
        raise InputError(f"{checkpoint}: is SiamFC alone, alphas have nothing to weigh")
    each = {alpha: replace(together, alpha=alpha) for alpha in outputs}
    sources = {
        alpha: tracker.source("track-otb", max_frames=max_frames, protocol=protocol)
        for alpha, tracker in each.items()
    }
    runs = [
        Run(folder=output.parent, source=sources[alpha], open_tracker=each[alpha].opener(device))
        for alpha, output in outputs.items()
    ]
    found = run_together(
        runs, starts, open_together=together.opener(device, alphas=tuple(outputs)), compute=compute
    )
    return {
        alpha: write_run(
            output,
            results,
            device=device.type,
            source=sources[alpha],
            alpha=alpha,
            protocol=protocol,
        )
        for (alpha, output), results in zip(outputs.items(), found, strict=True)
    }
