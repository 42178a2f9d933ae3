"""From a checkpoint to a tracker."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.errors import InputError
from chromatrack.models.build import build_auxiliary
from chromatrack.settings import TrackerSettings
from chromatrack.tracking.networks import response_network
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
    """The tracker of a checkpoint of kind siamfc or fused.

    Args:
        alpha: weight of the colorization branch instead of the one in a fused checkpoint.
        alphas: several of them, among which targets choose when tracked together (`batch.py`).
        random_auxiliary: seed of fresh weights for the colorization branch, as the published
            code evaluated experiment 3 (D27b); None keeps the trained ones.
    """
    alphas = alphas if alpha is None else (alpha,)
    loaded = load_checkpoint(checkpoint, kinds=("siamfc", "fused"))
    if loaded.kind == "siamfc" and alphas is not None:
        raise InputError(f"{checkpoint}: is SiamFC alone, alpha has nothing to weigh")
    network = loaded.build()
    if loaded.kind == "fused" and random_auxiliary is not None:
        torch.manual_seed(random_auxiliary)
        fresh = build_auxiliary(**loaded.network["auxiliary"])
        network.auxiliary.load_state_dict(fresh.state_dict())
    search = dataclasses.asdict(settings)
    adapter = response_network(
        network,
        loaded.scaling,
        device,
        precision=search.pop("precision"),
        alphas=alphas,
        centred=search.pop("penalty_on") == "normalized",
    )
    return SiameseTracker(network=adapter, **search)


def used_alpha(checkpoint: Path, alpha: float | None = None) -> float | None:
    """Weight of the colorization branch that a tracker mixes with; None for SiamFC alone."""
    loaded = load_checkpoint(checkpoint, kinds=("siamfc", "fused"))
    if loaded.kind == "siamfc":
        if alpha is not None:
            raise InputError(f"{checkpoint}: is SiamFC alone, alpha has nothing to weigh")
        return None
    alpha = loaded.network["alpha"] if alpha is None else alpha
    return round(float(loaded.state["alpha_logit"].sigmoid() if alpha is None else alpha), 6)
