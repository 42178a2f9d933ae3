"""From a checkpoint to a tracker."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch

from chromatrack.checkpoints import Checkpoint, load_checkpoint
from chromatrack.errors import InputError
from chromatrack.exported import is_exported, load_exported
from chromatrack.machine import bfloat16
from chromatrack.models.build import build_auxiliary
from chromatrack.settings import TrackerSettings
from chromatrack.tracking.networks import response_network
from chromatrack.tracking.onnx_network import OnnxNetwork
from chromatrack.tracking.tracker import SiameseTracker


def load_tracker(
    checkpoint: Path,
    *,
    settings: TrackerSettings,
    device: torch.device,
    alpha: float | None = None,
    alphas: Sequence[float] | None = None,
    random_auxiliary: int | None = None,
) -> SiameseTracker:
    """The tracker of a checkpoint of kind siamfc or fused, or of an exported network (FILE.onnx).

    An exported network runs on the CPU in float32, whatever the device.

    Args:
        alpha: weight of the colorization branch instead of the one in a fused checkpoint.
        alphas: several of them, among which targets choose when tracked together (`batch.py`).
        random_auxiliary: seed of fresh weights for the colorization branch, as the published
            code evaluated experiment 3 (D27b); None keeps the trained ones.
    """
    alphas = alphas if alpha is None else (alpha,)
    exported = is_exported(checkpoint)
    loaded = load_exported(checkpoint) if exported else _loaded(checkpoint)
    if loaded.kind == "siamfc" and alphas is not None:
        raise InputError(f"{checkpoint}: is SiamFC alone, alpha has nothing to weigh")
    search = dataclasses.asdict(settings)
    precision, centred = search.pop("precision"), search.pop("penalty_on") == "normalized"
    if exported:
        if precision != 32:
            raise InputError(f"{checkpoint}: exported networks run in float32; expected "
                             f"tracker.precision: 32, got {precision}")  # fmt: skip
        if random_auxiliary is not None:
            raise InputError(f"{checkpoint}: exported networks keep their weights; expected a "
                             "checkpoint for random ones")  # fmt: skip
        return SiameseTracker(network=OnnxNetwork(loaded, alphas=alphas, centred=centred), **search)
    bfloat16.remark(precision, device)
    network = loaded.build()
    if loaded.kind == "fused" and random_auxiliary is not None:
        torch.manual_seed(random_auxiliary)
        fresh = build_auxiliary(**loaded.network["auxiliary"])
        network.auxiliary.load_state_dict(fresh.state_dict())
    adapter = response_network(
        network, loaded.scaling, device, precision=precision, alphas=alphas, centred=centred
    )
    return SiameseTracker(network=adapter, **search)


def _loaded(checkpoint: Path) -> Checkpoint:
    return load_checkpoint(checkpoint, kinds=("siamfc", "fused"))


def used_alpha(checkpoint: Path, alpha: float | None = None) -> float | None:
    """Weight of the colorization branch that a tracker mixes with; None for SiamFC alone."""
    exported = is_exported(checkpoint)
    loaded = load_exported(checkpoint) if exported else _loaded(checkpoint)
    if loaded.kind == "siamfc":
        if alpha is not None:
            raise InputError(f"{checkpoint}: is SiamFC alone, alpha has nothing to weigh")
        return None
    if exported:
        return loaded.alpha if alpha is None else round(float(alpha), 6)
    alpha = loaded.network["alpha"] if alpha is None else alpha
    return round(float(loaded.state["alpha_logit"].sigmoid() if alpha is None else alpha), 6)
