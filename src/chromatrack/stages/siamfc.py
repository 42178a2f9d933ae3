"""Stage 5b: SiamFC training on prepared crops (thesis 3.1.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.data.crops import CropPairs
from chromatrack.files import canonical_json, digest_text, made_by
from chromatrack.losses import logistic_loss, target_map
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.training.compute import prepare
from chromatrack.training.engine import exponential_rate, finish, fit
from chromatrack.training.plan import FitPlan


def train_siamfc(
    shards: Sequence[Path],
    output: Path,
    *,
    seed: int,
    settings: SiamFCSettings,
    compute: ComputeSettings,
) -> None:
    """Train SiamFC on crop shards; writes the checkpoint and metrics.csv beside it."""
    device = prepare(compute, seed=seed)
    scaling = InputScaling(rgb=settings.input_scaling)
    description = {"width": settings.width, "channels": settings.channels}
    model = build_siamfc(**description)
    _initialize(model)
    model.to(device, memory_format=torch.channels_last)
    source = made_by(
        "siamfc",
        settings={**as_plain(settings), "seed": seed},
        inputs={path.name: path for path in shards},
    )
    plan = fit_pairs(
        model,
        shards,
        as_tensors=lambda z, x: (scaling.rgb_tensor(z), scaling.rgb_tensor(x)),
        output=output,
        source=source,
        seed=seed,
        settings=settings,
        compute=compute,
        device=device,
        what="siamfc",
    )
    save_checkpoint(
        output, kind="siamfc", network=description, scaling=scaling, module=model, made_by=source
    )
    finish(plan)


def fit_pairs(
    model: torch.nn.Module,
    shards: Sequence[Path],
    *,
    as_tensors: Callable,
    output: Path,
    source: dict,
    seed: int,
    settings: SiamFCSettings,
    compute: ComputeSettings,
    device: torch.device,
    what: str,
) -> FitPlan:
    """Train a siamese network in place on pairs of crops; SiamFC alone or the combined network.

    Args:
        model: maps what `as_tensors` gives to score maps (B, 1, n, n).
        as_tensors: uint8 exemplars and searches -> tensors for the model.
        source: what makes the result; its digest decides whether a killed run is continued.
    """
    pairs = CropPairs(
        shards,
        batch_size=settings.batch_size,
        search_size=settings.search_size,
        max_gap=settings.max_gap,
        stretch=settings.stretch,
        seed=seed,
    )
    per_epoch = settings.pairs_per_epoch or len(pairs.sequences)
    steps_per_epoch = max(1, per_epoch // settings.batch_size)
    side = (settings.search_size - 255) // 8 + 17
    target = target_map(side, radius=settings.label_radius, distance=settings.label_distance)
    target = target.to(device)
    plan = FitPlan(
        steps=settings.epochs * steps_per_epoch,
        samples=settings.batch_size,
        checkpoint_every=settings.checkpoint_every,
        folder=output.parent,
        identity=digest_text(canonical_json(source)),
        workers=compute.workers,
        device=device,
        what=what,
        seed=seed,
    )
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
    )
    fit(
        plan,
        module=model,
        optimizer=optimizer,
        rate=exponential_rate(
            settings.learning_rate,
            settings.final_learning_rate,
            epochs=settings.epochs,
            steps_per_epoch=steps_per_epoch,
        ),
        load_batch=lambda step: as_tensors(*pairs.batch(step)),
        loss_of=lambda network, batch: logistic_loss(network(*batch), target, kind=settings.loss),
    )
    return plan


def _initialize(model: torch.nn.Module) -> None:
    """Kaiming weights and zero biases, as siamfc-pytorch starts."""
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            torch.nn.init.zeros_(module.bias)
