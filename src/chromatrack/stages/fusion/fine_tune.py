"""Both branches trained together, for a fixed or a learned alpha (thesis 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.files import check_writable, made_by, numbered
from chromatrack.machine.compute import prepare
from chromatrack.models.inputs import InputScaling
from chromatrack.models.winograd_training import placed
from chromatrack.settings import (
    AuxiliarySettings,
    ComputeSettings,
    FusionSettings,
    SiamFCSettings,
)
from chromatrack.stages.fusion.compose import composed
from chromatrack.training.engine import finish
from chromatrack.training.pairs import fit_pairs


def fine_tune(
    siamfc: Path,
    auxiliary: Path,
    statistics: Path,
    shards: Sequence[Path],
    output: Path,
    *,
    alpha: float | None,
    seed: int,
    settings: FusionSettings,
    branch: AuxiliarySettings,
    training: SiamFCSettings,
    compute: ComputeSettings,
) -> None:
    """Train both branches together for one alpha; None learns it (experiments 2, 3, 5).

    With a probe, its convolution is all that is trained, and alpha is 1.
    """
    check_writable(output)
    if branch.probe and alpha != 1:
        raise InputError(f"a probe is trained alone; expected alpha 1, got {alpha}")
    device = prepare(compute, seed=seed)
    model, description, scaling = composed(siamfc, auxiliary, statistics, alpha, settings, branch)
    source = made_by(
        "fine-tune",
        settings={
            "fusion": settings.composition(),
            "auxiliary": as_plain(branch),
            "training": training.learning(),
            "alpha": alpha,
            "seed": seed,
        },
        inputs={
            "siamfc": siamfc,
            "auxiliary": auxiliary,
            "statistics": statistics,
            **numbered(shards),
        },
    )
    patches = _Patches(scaling)
    placed(model, device, training.precision)
    plan = fit_pairs(
        model,
        shards,
        loaded=patches.loaded,
        inputs=patches.inputs,
        output=output,
        source=source,
        seed=seed,
        settings=training,
        compute=compute,
        device=device,
        what=f"fine-tune alpha {'learned' if alpha is None else alpha}",
    )
    save_checkpoint(
        output, kind="fused", network=description, scaling=scaling, module=model, made_by=source
    )
    finish(plan)


@dataclass(frozen=True)
class _Patches:
    """Patches of a pair as both branches take them."""

    scaling: InputScaling

    def loaded(self, z: np.ndarray, x: np.ndarray) -> tuple[torch.Tensor, ...]:
        """What a loader makes of bytes: OpenCV has no kernel on a device."""
        patches = (torch.from_numpy(z), torch.from_numpy(x))
        return (*patches, self.scaling.grey_tensor(z), self.scaling.grey_tensor(x))

    def inputs(
        self, z: torch.Tensor, x: torch.Tensor, grey_z: torch.Tensor, grey_x: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """What the network is given on the device."""
        return (self.scaling.rgb_tensor(z), grey_z, self.scaling.rgb_tensor(x), grey_x)
