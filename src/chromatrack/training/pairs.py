"""Training a siamese network on pairs of crops: SiamFC alone, or the combined network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import torch
from torch import Tensor

from chromatrack.data.augmentation import Augmentation
from chromatrack.data.pairs import CropPairs
from chromatrack.files import canonical_json, digest_text
from chromatrack.losses import logistic_loss, target_map
from chromatrack.patches import SEARCH_SIZE, STRIDE
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.training.engine import exponential_rate, fit
from chromatrack.training.plan import FitPlan, Keeping
from chromatrack.training.processes import Team


def fit_pairs(
    model: torch.nn.Module,
    shards: Sequence[Path],
    *,
    loaded: Callable[..., tuple[Tensor, ...]],
    inputs: Callable[..., tuple[Tensor, ...]],
    output: Path,
    source: dict,
    seed: int,
    settings: SiamFCSettings,
    compute: ComputeSettings,
    device: torch.device,
    what: str,
    save: Callable[[Path], None] | None = None,
    team: Team | None = None,
) -> FitPlan:
    """Train a siamese network in place on pairs of crops; SiamFC alone or the combined network.

    Args:
        model: maps what `inputs` gives to score maps (B, 1, n, n).
        loaded: uint8 exemplars and searches (arrays) -> tensors that travel to the device; runs in
            the processes that load.
        inputs: those tensors, on the device -> arguments of the model.
        source: what makes the result; its digest decides whether a killed run is continued.
        save: writes the network to a path: every `settings.keep_every` epochs and after the last
            step; None keeps none.
        team: the processes of this training; None: this one alone.
    """
    team = team or Team()
    # Loaders are processes already: OpenCV's threads would only get in their way.
    cv2.setNumThreads(0)
    pairs = crop_pairs(shards, settings, seed=seed)
    per_epoch = settings.pairs_per_epoch or len(pairs.sequences)
    steps_per_epoch = max(1, per_epoch // settings.batch_size)
    share = team.share(settings.batch_size)
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
        precision=settings.precision,
        clip_norm=settings.clip_norm,
    )
    target = _target(settings, device)
    keep_every = settings.keep_every * steps_per_epoch

    def kept(step: int) -> bool:
        return step == plan.steps or bool(keep_every and step and step % keep_every == 0)

    def load_batch(step: int) -> tuple[Tensor, ...]:
        batch = pairs.batch(step, share)
        patches = loaded(batch.exemplars, batch.searches)
        return (torch.from_numpy(batch.offsets), *patches)

    def loss_of(network: torch.nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        offsets_yx, *patches = batch
        response = network(*inputs(*patches))
        return logistic_loss(response, target(offsets_yx), kind=settings.loss)

    fit(
        plan,
        module=model,
        optimizer=torch.optim.SGD(
            [weight for weight in model.parameters() if weight.requires_grad],
            lr=settings.learning_rate,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
        ),
        rate=exponential_rate(
            settings.learning_rate,
            settings.final_learning_rate,
            epochs=settings.epochs,
            steps_per_epoch=steps_per_epoch,
        ),
        load_batch=load_batch,
        loss_of=loss_of,
        keeping=Keeping(save, kept) if save else None,
        team=team,
    )
    return plan


def crop_pairs(shards: Sequence[Path], settings: SiamFCSettings, *, seed: int) -> CropPairs:
    """The pairs that these settings train on."""
    return CropPairs(
        shards,
        batch_size=settings.batch_size,
        augmentation=Augmentation(
            search_size=settings.search_size,
            stretch=settings.stretch,
            shift=settings.shift,
            color_jitter=settings.color_jitter,
            grey=settings.grey,
        ),
        min_gap=settings.min_gap,
        max_gap=settings.max_gap,
        seed=seed,
    )


def _target(settings: SiamFCSettings, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Offsets of the targets (B, 2) -> true maps: of each, or one for all where labels stay."""
    shape = {
        "size": (settings.search_size - SEARCH_SIZE) // STRIDE + 17,
        "radius": settings.label_radius,
        "distance": settings.label_distance,
    }
    if settings.shift:
        return lambda offsets_yx: target_map(**shape, offsets_yx=offsets_yx)
    fixed = target_map(**shape).to(device)
    return lambda offsets_yx: fixed
