"""Mean and deviation of the score maps of each branch (thesis 4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from chromatrack import published
from chromatrack.configuration import as_plain
from chromatrack.data.augmentation import Augmentation
from chromatrack.data.pairs import CropPairs
from chromatrack.errors import WorkError
from chromatrack.files import made_by, numbered, write_json
from chromatrack.machine.compute import prepare
from chromatrack.models.inputs import InputScaling
from chromatrack.patches import SEARCH_SIZE
from chromatrack.progress import progress
from chromatrack.settings import (
    AuxiliarySettings,
    ComputeSettings,
    FusionSettings,
    SiamFCSettings,
)
from chromatrack.stages.fusion.branches import (
    branch_of,
    fused_scaling,
    load_auxiliary,
    load_siamfc,
)


def response_statistics(
    siamfc: Path,
    auxiliary: Path,
    shards: Sequence[Path],
    output: Path,
    *,
    seed: int,
    settings: FusionSettings,
    branch: AuxiliarySettings,
    pairs: SiamFCSettings,
    compute: ComputeSettings,
) -> dict:
    """Mean and standard deviation of the score maps of each branch over pairs (eq. 4.1).

    In `eval` mode over 17x17 maps of centred 255 px patches, as the tracker computes them; in
    `train` mode over 15x15 maps with BatchNorm in training mode and one pair at a time, as run.
    """
    device = prepare(compute, seed=seed)
    first, second = load_siamfc(siamfc), load_auxiliary(auxiliary)
    scaling = fused_scaling(first, second, branch)
    branches = {
        "siamfc": first.build().to(device),
        "auxiliary": branch_of(second, branch).to(device),
    }
    training = settings.statistics_mode == "train"
    source = _pairs(shards, pairs, training=training, seed=seed)
    steps = -(-settings.statistics_pairs // source.batch_size)
    for one in branches.values():
        one.train(training)
    result = _measured(branches, source, steps, scaling, device) | {
        "pairs": steps * source.batch_size,
        "mode": settings.statistics_mode,
        "thesis": {
            "siamfc": published.SCORE_MAPS["siamfc"],
            "auxiliary": published.SCORE_MAPS.get(second.network.get("trunk")),
        },
        "made_by": made_by(
            "response-statistics",
            settings={
                "fusion": settings.measuring(),
                "auxiliary": as_plain(replace(branch, probe=False)),
                "siamfc": settings.pairs_measured(pairs),
                "seed": seed,
            },
            inputs={
                "siamfc": siamfc,
                "auxiliary": auxiliary,
                **numbered(shards),
            },
        ),
    }
    write_json(output, result)
    return result


def _pairs(
    shards: Sequence[Path], settings: SiamFCSettings, *, training: bool, seed: int
) -> CropPairs:
    """Pairs as the tracker or as training sees them."""
    return CropPairs(
        shards,
        batch_size=1 if training else 8,
        augmentation=Augmentation(search_size=settings.search_size if training else SEARCH_SIZE),
        min_gap=settings.min_gap,
        max_gap=settings.max_gap,
        seed=seed,
    )


def _measured(
    branches: Mapping[str, torch.nn.Module],
    pairs: CropPairs,
    steps: int,
    scaling: InputScaling,
    device: torch.device,
) -> dict[str, dict[str, float]]:
    """Mean and deviation over all cells of the maps of each branch.

    Raises:
        WorkError: the maps of a branch are all the same.
    """
    sums = {name: torch.zeros(2, dtype=torch.float64) for name in branches}
    cells = 0
    for step in progress(range(steps), what="score-map statistics", unit="batch"):
        z, x, _ = pairs.batch(step)
        for name, one in branches.items():
            as_tensor = scaling.rgb_tensor if name == "siamfc" else scaling.grey_tensor
            with torch.no_grad():
                maps = one.respond(
                    one.embed(as_tensor(z).to(device)), one.embed(as_tensor(x).to(device))
                ).double()
            sums[name] += torch.stack([maps.sum(), maps.square().sum()]).cpu()
        cells += maps.numel()
    result = {name: _mean_std(total, cells) for name, total in sums.items()}
    for name, value in result.items():
        if not value["std"] > 0:
            raise WorkError(f"the score maps of the {name} branch do not vary: it cannot be used")
    return result


def _mean_std(total: torch.Tensor, cells: int) -> dict[str, float]:
    mean = total[0] / cells
    deviation = (total[1] / cells - mean**2).clamp_min(0).sqrt()
    return {"mean": float(f"{mean:.6g}"), "std": float(f"{deviation:.6g}")}
