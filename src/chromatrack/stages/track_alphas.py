"""Stage 8 for several alphas of one checkpoint that was not trained for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.metrics.otb_protocols import Protocol
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.otb_starts import runs_of
from chromatrack.stages.sequences import Run, run_together
from chromatrack.stages.track_otb import run_source
from chromatrack.stages.tracks import write_run
from chromatrack.tracking.load import load_tracker, used_alpha
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
    if used_alpha(checkpoint) is None:
        raise InputError(f"{checkpoint}: is SiamFC alone, alphas have nothing to weigh")
    opened = partial(
        load_tracker,
        checkpoint,
        settings=settings,
        device=device,
        random_auxiliary=random_auxiliary,
    )
    sources = {
        alpha: run_source(checkpoint, settings, alpha, random_auxiliary, max_frames, protocol)
        for alpha in outputs
    }
    runs = [
        Run(folder=output.parent, source=sources[alpha], open_tracker=partial(opened, alpha=alpha))
        for alpha, output in outputs.items()
    ]
    found = run_together(
        runs, starts, open_together=partial(opened, alphas=tuple(outputs)), compute=compute
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
