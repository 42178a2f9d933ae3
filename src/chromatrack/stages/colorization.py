"""Stage 4: colorization pretraining (thesis 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F

from chromatrack.checkpoints import save_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.files import canonical_json, digest_text, made_by, read_json
from chromatrack.labels.samples import LabelSamples
from chromatrack.losses import label_loss
from chromatrack.models.build import build_colorizer
from chromatrack.models.colorizer import affinity, copy_labels
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ColorizationSettings, ComputeSettings
from chromatrack.stages.lab_statistics import THESIS_LAB
from chromatrack.training.compute import prepare
from chromatrack.training.engine import FitPlan, finish, fit


def train_colorization(
    shards: Sequence[Path],
    statistics: Path,
    output: Path,
    *,
    trunk: str,
    colours: int,
    seed: int,
    settings: ColorizationSettings,
    compute: ComputeSettings,
) -> None:
    """Train the network on the label cache; writes the checkpoint and metrics.csv beside it.

    Args:
        shards: label files.
        statistics: Lab statistics, for the normalisation of L.
        trunk: name of the trunk.
        colours: number of labels in the cache.
    """
    device = prepare(compute, seed=seed)
    scaling = luma_scaling(statistics, settings)
    description = _description(trunk, settings)
    model = build_colorizer(**description)
    model.trunk.to(memory_format=torch.channels_last)
    model.to(device)
    samples = LabelSamples(
        shards,
        frames=settings.references + 1,
        batch_size=settings.batch_size,
        colours=colours,
        sampling=settings.sampling,
        seed=seed,
    )
    inputs = {path.name: path for path in (*shards, statistics)}
    source = made_by(
        "colorization",
        settings={**as_plain(settings), "trunk": trunk, "colours": colours, "seed": seed},
        inputs=inputs,
    )

    def load_batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        luma, labels = samples.batch(step)
        frames = scaling.normalized_luma(luma.reshape(-1, *luma.shape[2:]))
        return frames.unflatten(0, luma.shape[:2]), torch.from_numpy(labels).long()

    def loss_of(batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        frames, labels = batch
        predicted, truth = predict_labels(model, frames, labels, colours, settings.temperature)
        return label_loss(predicted, truth, kind=settings.loss)

    plan = FitPlan(
        steps=settings.steps,
        checkpoint_every=settings.checkpoint_every,
        work_dir=output.parent / "work",
        metrics=output.parent / "metrics.csv",
        identity=digest_text(canonical_json(source)),
        workers=compute.workers,
        device=device,
        what=f"colorization {trunk}",
    )
    fit(
        plan,
        module=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=settings.learning_rate),
        rate=lambda step: settings.learning_rate * (0.1 if step >= settings.drop_at else 1.0),
        load_batch=load_batch,
        loss_of=loss_of,
    )
    save_checkpoint(
        output,
        kind="colorization",
        network=description,
        scaling=scaling,
        module=model,
        made_by=source,
    )
    finish(plan)


def initial_colorization(
    statistics: Path, output: Path, *, trunk: str, seed: int, settings: ColorizationSettings
) -> None:
    """Write a checkpoint of random weights, where experiment 3 starts from."""
    torch.manual_seed(seed)
    description = _description(trunk, settings)
    save_checkpoint(
        output,
        kind="colorization",
        network=description,
        scaling=luma_scaling(statistics, settings),
        module=build_colorizer(**description),
        made_by=made_by(
            "initial-colorization",
            settings={**as_plain(settings), "trunk": trunk, "seed": seed},
            inputs={statistics.name: statistics},
        ),
    )


def predict_labels(
    model: torch.nn.Module,
    frames: torch.Tensor,
    labels: torch.Tensor,
    colours: int,
    temperature: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Copy the labels of all frames but the last to the last.

    Args:
        frames: (B, T, 1, H, W) normalised L.
        labels: (B, T, g, g) int64. A trunk without padding gives fewer cells: the labels are
            cut to the central ones, which are the cells that it sees.

    Returns:
        (B, K, h, w) predicted distribution and (B, h, w) true labels of the last frame.
    """
    embeddings = model(frames)
    labels = _central(labels, embeddings.shape[-2:])
    one_hot = F.one_hot(labels[:, :-1], colours).permute(0, 1, 4, 2, 3).to(embeddings.dtype)
    weights = affinity(embeddings[:, :-1], embeddings[:, -1], temperature=temperature)
    return copy_labels(weights, one_hot), labels[:, -1]


def _central(labels: torch.Tensor, size: torch.Size) -> torch.Tensor:
    top = (labels.shape[-2] - size[0]) // 2
    left = (labels.shape[-1] - size[1]) // 2
    return labels[..., top : top + size[0], left : left + size[1]]


def _description(trunk: str, settings: ColorizationSettings) -> dict:
    return {
        "trunk": trunk,
        "width": settings.width,
        "embedding": settings.embedding,
        "positions": settings.positions,
    }


def luma_scaling(statistics: Path, settings: ColorizationSettings) -> InputScaling:
    """Normalisation of L: measured, the thesis's, or 0.5 / 0.5 (D18)."""
    if settings.normalization == "half":
        return InputScaling(grey_mean=0.5, grey_std=0.5)
    measured = settings.normalization == "measured"
    lab = read_json(statistics) if measured else THESIS_LAB
    return InputScaling(grey_mean=lab["mean"][0], grey_std=max(lab["std"][0], 1e-6))
