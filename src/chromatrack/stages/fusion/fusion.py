"""Stages 6 and 7: score-map statistics, the combined network, its fine-tuning (thesis 4.3, 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from chromatrack.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.data.augmentation import Augmentation
from chromatrack.data.pairs import CropPairs
from chromatrack.errors import InputError, WorkError
from chromatrack.files import check_writable, made_by, read_json, write_json
from chromatrack.machine.compute import prepare
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.build import INPUT_CHANNELS, build_fused
from chromatrack.models.fused import FusedTracker
from chromatrack.models.inputs import COLOURS, InputScaling
from chromatrack.models.winograd_training import placed
from chromatrack.progress import progress
from chromatrack.settings import (
    AuxiliarySettings,
    ComputeSettings,
    FusionSettings,
    SiamFCSettings,
)
from chromatrack.training.engine import finish
from chromatrack.training.pairs import fit_pairs

# Published pairs of mean and standard deviation (thesis 5.4.1, 5.4.4).
THESIS_STATISTICS = {
    "siamfc": {"mean": -3.13, "std": 3.58},
    "resnet18": {"mean": 422.22, "std": 34.37},
    "alexnet": {"mean": 1122.44, "std": 3481.73},
}

MEANS = {
    "rgb_byte": "channel_mean_byte",
    "rgb_normalized": "channel_mean_thrice",
    "lab_l_thrice": "channel_mean_thrice",
}
"""What a network that is used to an input is shown in its place: the mean of R, G, B, as scaled."""


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
    first, second = _siamfc(siamfc), _auxiliary(auxiliary)
    scaling = fused_scaling(first, second, branch)
    branches = {
        "siamfc": first.build().to(device),
        "auxiliary": _branch(second, branch).to(device),
    }
    training = settings.statistics_mode == "train"
    for one in branches.values():
        one.train(training)
    source = CropPairs(
        shards,
        batch_size=1 if training else 8,
        augmentation=Augmentation(search_size=pairs.search_size if training else 255),
        min_gap=pairs.min_gap,
        max_gap=pairs.max_gap,
        seed=seed,
    )
    sums = {name: torch.zeros(2, dtype=torch.float64) for name in branches}
    cells = 0
    steps = -(-settings.statistics_pairs // source.batch_size)
    for step in progress(range(steps), what="score-map statistics", unit="batch"):
        z, x, _ = source.batch(step)
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
    result |= {
        "pairs": steps * source.batch_size,
        "mode": settings.statistics_mode,
        "thesis": {
            "siamfc": THESIS_STATISTICS["siamfc"],
            "auxiliary": THESIS_STATISTICS.get(second.network.get("trunk")),
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
                **{path.name: path for path in shards},
            },
        ),
    }
    write_json(output, result)
    return result


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
    model, description, scaling = _composed(siamfc, auxiliary, statistics, alpha, settings, branch)
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
    model, description, scaling = _composed(siamfc, auxiliary, statistics, alpha, settings, branch)
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
            **{path.name: path for path in shards},
        },
    )

    def loaded(z, x) -> tuple[torch.Tensor, ...]:
        patches = (torch.from_numpy(z), torch.from_numpy(x))
        return (*patches, scaling.grey_tensor(z), scaling.grey_tensor(x))

    def inputs(z, x, grey_z, grey_x) -> tuple[torch.Tensor, ...]:
        return (scaling.rgb_tensor(z), grey_z, scaling.rgb_tensor(x), grey_x)

    placed(model, device, training.precision)
    plan = fit_pairs(
        model,
        shards,
        loaded=loaded,
        inputs=inputs,
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


def fused_scaling(
    siamfc: Checkpoint, auxiliary: Checkpoint, branch: AuxiliarySettings
) -> InputScaling:
    """RGB as the SiamFC checkpoint says, the rest as that of the auxiliary and the settings say.

    Raises:
        InputError: the network cannot see what the settings ask for.
    """
    if auxiliary.kind == "siamfc":
        kind, channels = f"rgb_{auxiliary.scaling.rgb}", 3
    else:
        kind = auxiliary.scaling.grey
        channels = INPUT_CHANNELS[auxiliary.network.get("input", "luma")]
    if branch.input == "colour" and kind not in COLOURS:
        raise InputError(f"{auxiliary.path}: is a network of grey frames; input: colour needs one "
                         "that was trained on colours")  # fmt: skip
    if branch.input == "channel_mean":
        kind = MEANS.get(kind, "channel_mean")
    return replace(
        auxiliary.scaling,
        rgb=siamfc.scaling.rgb,
        grey=kind,
        grey_channels=channels,
        equalization=branch.equalization,
    )


def _siamfc(path: Path) -> Checkpoint:
    return load_checkpoint(path, kinds=("siamfc",))


def _auxiliary(path: Path) -> Checkpoint:
    return load_checkpoint(path, kinds=("colorization", "siamfc"))


def _branch(auxiliary: Checkpoint, settings: AuxiliarySettings) -> AuxiliaryBranch:
    """The branch with the weights of the checkpoint.

    Raises:
        InputError: its network has no such layer or border.
    """
    try:
        return AuxiliaryBranch.of(
            auxiliary.build(), layer=settings.layer, border=settings.border, probe=settings.probe
        )
    except ValueError as error:
        raise InputError(f"{auxiliary.path}: {error}") from None


def _composed(
    siamfc: Path,
    auxiliary: Path,
    statistics: Path,
    alpha: float | None,
    settings: FusionSettings,
    branch: AuxiliarySettings,
) -> tuple[FusedTracker, dict, InputScaling]:
    first, second = _siamfc(siamfc), _auxiliary(auxiliary)
    made = _branch(second, branch)
    measured = read_json(statistics)
    try:
        spread = tuple(
            (float(measured[name]["mean"]), float(measured[name]["std"]))
            for name in ("siamfc", "auxiliary")
        )
    except (TypeError, KeyError, ValueError):
        raise InputError(
            f"{statistics}: expected mean and std of siamfc and auxiliary, as "
            "`chromatrack response-statistics` writes them"
        ) from None
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
        "statistics": spread,
    }
    model = build_fused(**description)
    model.siamfc.load_state_dict(first.state)
    model.auxiliary.load_state_dict(made.state_dict())
    return model, description, fused_scaling(first, second, branch)


def _mean_std(total: torch.Tensor, cells: int) -> dict[str, float]:
    mean = total[0] / cells
    deviation = (total[1] / cells - mean**2).clamp_min(0).sqrt()
    return {"mean": float(f"{mean:.6g}"), "std": float(f"{deviation:.6g}")}
