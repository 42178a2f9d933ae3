"""The combined network of two trained branches (thesis 4.3)."""

from __future__ import annotations

from pathlib import Path

from chromatrack.checkpoints import save_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.files import made_by, read_json
from chromatrack.models.build import build_fused
from chromatrack.models.fused import FusedTracker
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import AuxiliarySettings, FusionSettings
from chromatrack.stages.fusion.branches import (
    branch_of,
    fused_scaling,
    load_auxiliary,
    load_siamfc,
)


def compose(
    siamfc: Path,
    auxiliary: Path,
    statistics: Path,
    output: Path,
    *,
    alpha: float | None,
    settings: FusionSettings,
    branch: AuxiliarySettings,
    seed: int,
) -> None:
    """Put two trained branches together without training (experiments 1 and 4)."""
    model, description, scaling = composed(siamfc, auxiliary, statistics, alpha, settings, branch)
    save_checkpoint(
        output,
        kind="fused",
        network=description,
        scaling=scaling,
        module=model,
        made_by=made_by(
            "compose",
            settings={
                **settings.composition(),
                "auxiliary": as_plain(branch),
                "alpha": alpha,
                "seed": seed,
            },
            inputs={"siamfc": siamfc, "auxiliary": auxiliary, "statistics": statistics},
        ),
    )


def composed(
    siamfc: Path,
    auxiliary: Path,
    statistics: Path,
    alpha: float | None,
    settings: FusionSettings,
    branch: AuxiliarySettings,
) -> tuple[FusedTracker, dict, InputScaling]:
    """The combined network with the weights of both, what builds it again, and what it is shown.

    Raises:
        InputError: files that do not go together, or statistics that are none.
    """
    first, second = load_siamfc(siamfc), load_auxiliary(auxiliary)
    made = branch_of(second, branch)
    description = {
        "siamfc": first.network,
        "auxiliary": {
            "kind": second.kind,
            "network": second.network,
            "layer": branch.layer,
            "border": branch.border,
            "probe": branch.probe,
        },
        "alpha": alpha,
        "normalize": settings.normalize,
        "statistics": _read_statistics(statistics),
    }
    model = build_fused(**description)
    model.siamfc.load_state_dict(first.state)
    model.auxiliary.load_state_dict(made.state_dict())
    return model, description, fused_scaling(first, second, branch)


def _read_statistics(path: Path) -> tuple[tuple[float, float], ...]:
    """Mean and deviation of the score maps of siamfc and auxiliary."""
    measured = read_json(path)
    try:
        return tuple(
            (float(measured[name]["mean"]), float(measured[name]["std"]))
            for name in ("siamfc", "auxiliary")
        )
    except (TypeError, KeyError, ValueError):
        raise InputError(
            f"{path}: expected mean and std of siamfc and auxiliary, as "
            "`chromatrack response-statistics` writes them"
        ) from None
