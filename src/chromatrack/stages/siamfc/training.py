"""SiamFC training on prepared crops (thesis 3.1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.files import check_writable, made_by, numbered
from chromatrack.machine.compute import choose_device, prepare
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.models.siamfc import SiamFC
from chromatrack.models.winograd_training import placed
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.training.engine import finish
from chromatrack.training.pairs import fit_pairs
from chromatrack.training.processes import Team, check_share, in_processes


@dataclass(frozen=True)
class _Job:
    """A training, as it is handed to its processes; see `train_siamfc`."""

    shards: tuple[Path, ...]
    output: Path
    seed: int
    settings: SiamFCSettings
    compute: ComputeSettings
    made_by: dict


def train_siamfc(
    shards: Sequence[Path],
    output: Path,
    *,
    seed: int,
    settings: SiamFCSettings,
    compute: ComputeSettings,
) -> None:
    """Train SiamFC on crop shards; writes the last network, and what `FitPlan` says.

    Beside it, checkpoints/ holds the networks that `settings.keep_every` asks for, and the last.
    `stages/siamfc/validation.py` scores them, `stages/siamfc/choice.py` chooses one.

    Raises:
        InputError: a file that is no crop shard.
    """
    check_writable(output)
    check_share(settings.batch_size, compute.devices)
    source = made_by(
        "siamfc",
        settings={**settings.training(), "seed": seed},
        inputs=numbered(shards),
    )
    job = _Job(tuple(shards), output, seed, settings, compute, source)
    device = choose_device(compute, processes=compute.devices)
    in_processes(compute.devices, device, _train, job)


def _train(team: Team, job: _Job) -> None:
    settings = job.settings
    device = prepare(job.compute, seed=job.seed, rank=team.rank)
    scaling = InputScaling(rgb=settings.input_scaling)
    model = network_to_train(settings, device)

    def save(path: Path) -> None:
        save_checkpoint(
            path,
            kind="siamfc",
            network={"width": settings.width, "channels": settings.channels},
            scaling=scaling,
            module=model,
            made_by=job.made_by,
        )

    plan = fit_pairs(
        model,
        job.shards,
        loaded=lambda z, x: (torch.from_numpy(z), torch.from_numpy(x)),
        inputs=lambda z, x: (scaling.rgb_tensor(z), scaling.rgb_tensor(x)),
        output=job.output,
        source=job.made_by,
        seed=job.seed,
        settings=settings,
        compute=job.compute,
        device=device,
        what="siamfc",
        save=save,
        team=team,
    )
    if team.leads:
        save(job.output)
        finish(plan)


def network_to_train(settings: SiamFCSettings, device: torch.device) -> SiamFC:
    """The network before the first step, as it is fast on the device."""
    model = build_siamfc(width=settings.width, channels=settings.channels)
    initialize(model)
    return placed(model, device, settings.precision)


def initialize(model: torch.nn.Module) -> None:
    """Kaiming weights and zero biases; siamfc-pytorch's current version starts with Xavier's."""
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            torch.nn.init.zeros_(module.bias)
