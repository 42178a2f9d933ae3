"""Batches of pretraining: what a loader makes of the samples, and the loss on the device."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from chromatrack.labels.samples import LabelSamples
from chromatrack.losses import chroma_loss, label_loss
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ColorizationSettings
from chromatrack.training.walk import DROPOUT, walk_loss


def loading(
    samples: LabelSamples, share: slice, scaling: InputScaling, settings: ColorizationSettings
) -> Callable[[int], tuple[torch.Tensor, ...]]:
    """Step -> images and labels; luma as bytes (B, T, H, W), colours normalised (B, T, 3, H, W).

    For `nll_and_chroma`, a and b of the cells follow, (B, T, g, g, 2) in levels of 8 bits.
    """

    def load(step: int) -> tuple[torch.Tensor, ...]:
        frames, labels = samples.batch(step, share)
        images, rest = torch.from_numpy(frames), [torch.from_numpy(labels)]
        if settings.loss == "nll_and_chroma":
            rest.append(cell_means(frames[..., 1:], samples.grid))
        if settings.input != "luma":
            # OpenCV knows Lab and has no kernel on a device: loader processes do it.
            flat = scaling.normalized_lab(frames.reshape(-1, *frames.shape[2:]))
            images = flat.unflatten(0, frames.shape[:2])
        elif samples.chroma:
            images = images[..., 0].contiguous()
        return images, *rest

    return load


class BatchLoss:
    """The loss of a batch that `loading` made, once it is on the device."""

    def __init__(
        self,
        settings: ColorizationSettings,
        *,
        colours: int,
        temperature: float,
        scaling: InputScaling,
    ):
        self.kind, self.input = settings.loss, settings.input
        self.colours, self.scaling = colours, scaling
        self.compared = {"temperature": temperature, "window": settings.local_window}

    def __call__(self, network: torch.nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        images, labels, *chroma = batch
        embeddings = network(self.frames(images))
        if self.kind == "walk":
            return walk_loss(embeddings, dropout=DROPOUT if network.training else 0.0)
        kind = "double_softmax" if self.kind == "double_softmax" else "nll"
        loss = label_loss(
            embeddings, labels.long(), colours=self.colours, kind=kind, **self.compared
        )
        if self.kind == "nll_and_chroma":
            loss = loss + chroma_loss(embeddings, chroma_units(*chroma), **self.compared)
        return loss

    def frames(self, images: torch.Tensor) -> torch.Tensor:
        """(B, T, C, H, W) for the network."""
        if self.input != "luma":
            return images
        # Bytes travel to the device: a quarter of what the normalised frames are.
        return self.scaling.normalized_luma(images.flatten(0, 1)).unflatten(0, images.shape[:2])


def cell_means(channels: np.ndarray, grid: int) -> torch.Tensor:
    """(B, T, S, S, C) uint8 -> (B, T, grid, grid, C) float32, the mean over each cell."""
    side = channels.shape[2] // grid
    cells = torch.from_numpy(np.ascontiguousarray(channels)).float()
    return cells.unflatten(2, (grid, side)).unflatten(4, (grid, side)).mean(dim=(3, 5))


def chroma_units(levels: torch.Tensor) -> torch.Tensor:
    """(B, T, g, g, 2) levels of a and b -> (B, T, 2, g, g) as `chroma_loss` takes them."""
    return (levels.permute(0, 1, 4, 2, 3) - 128) / 10
