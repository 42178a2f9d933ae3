"""From what a person names, a checkpoint or any other tracker, to what follows several targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.openers import named
from chromatrack.tracking.apart import Apart
from chromatrack.tracking.seen import Followers


def open_checkpoint(
    checkpoint: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alphas: Sequence[float] | None = None,
) -> Followers:
    """The tracker of a checkpoint.

    Args:
        alphas: weights of the colorization branch, each of which follows each target; None: the
            trained one.
    """
    from chromatrack.machine.compute import prepare
    from chromatrack.tracking.load import load_tracker
    from chromatrack.tracking.together import ON_CPU, ON_GPU, Together

    device = prepare(compute)
    tracker = load_tracker(checkpoint, settings=settings, device=device, alphas=alphas)
    return Together(tracker, patches=ON_CPU if device.type == "cpu" else ON_GPU)


def open_other(
    name: str, *, compute: ComputeSettings, options: Mapping[str, Any] | None = None
) -> Followers:
    """A classical tracker, such as "kcf", or module:Class."""
    if options and ":" not in name:
        raise InputError(f"--option: only a class (module:Class) takes options, {name} has none")
    tracker = named(name, options)
    tracker.check()
    return Apart(tracker.opener(compute))
