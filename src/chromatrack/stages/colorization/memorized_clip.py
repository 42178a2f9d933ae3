"""A training on one clip, done: what its networks predict on that clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.labels.samples import LabelSamples
from chromatrack.losses import double_softmax_floor
from chromatrack.models.similarity import predict_labels
from chromatrack.settings import ColorizationSettings


@dataclass(frozen=True)
class MemorizedClip:
    """One training on one clip, and the files of it.

    Attributes:
        colours: k.
        folder: of the networks and metrics.csv.
        labels: label cache with the clip.
        training: the settings of the training.
    """

    colours: int
    folder: Path
    labels: Path
    training: ColorizationSettings

    @property
    def loss(self) -> str:
        """Kind of the loss."""
        return self.training.loss

    def network_after(self, step: int | None) -> Path:
        """The checkpoint after so many steps; None: the last."""
        if step is None:
            return self.folder / "model.pt"
        return self.folder / "checkpoints" / f"step-{step:07d}.pt"

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and losses."""
        table = pd.read_csv(self.folder / "metrics.csv")
        return table["step"].to_numpy(), table["loss"].to_numpy()

    def samples(self) -> LabelSamples:
        """All samples of the clip, one per target frame."""
        return LabelSamples(
            [self.labels],
            frames=self.training.references + 1,
            batch_size=1,
            colours=self.colours,
            chroma=self.training.input != "luma",
        )

    @torch.inference_mode()
    def predict(
        self, step: int | None, chosen: Sequence[int], *, as_trained: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predicted and true labels of the targets of some samples, (N, h, w) each.

        Args:
            step: of the network; None: the last.
            as_trained: BatchNorm runs as in training, on each sample by itself: after ten steps
                its running statistics would still be those of the start, and hide what the weights
                have learned. Else with the running statistics, as the network is used afterwards.
        """
        checkpoint = load_checkpoint(self.network_after(step), kinds=("colorization",))
        network = checkpoint.build()
        if as_trained:
            network.train()
            if network.dropout is not None:
                network.dropout.eval()
        samples = self.samples()
        found = []
        for index in chosen:
            images, grid = samples.sample(index)
            scaling = checkpoint.scaling
            normalized = scaling.normalized_lab if samples.chroma else scaling.normalized_luma
            embeddings = network(normalized(images)[None])
            mixture, truth = predict_labels(
                embeddings,
                torch.from_numpy(grid.astype(np.int64))[None],
                colours=self.colours,
                temperature=network.temperature,
                window=self.training.local_window,
            )
            found.append((mixture.argmax(1)[0].numpy(), truth[0].numpy()))
        predicted, truth = zip(*found, strict=True)
        return np.stack(predicted), np.stack(truth)

    def measure(self) -> dict:
        """What the last network gets right over every target frame, as plain values."""
        everything = range(len(self.samples()))
        predicted, truth = self.predict(None, everything)
        in_use, _ = self.predict(None, everything, as_trained=False)
        wrong = float((predicted != truth).mean())
        floored = self.loss == "double_softmax"
        return {
            "colours": self.colours,
            "loss": self.loss,
            "last_loss": float(self.curve()[1][-1]),
            "floor": double_softmax_floor(self.colours) if floored else 0.0,
            "accuracy": 1 - wrong,
            "wrong_per_image": wrong * truth[0].size,
            "accuracy_in_use": float((in_use == truth).mean()),
            "positions": truth[0].size,
            "images": len(truth),
            "model": f"{self.folder.name}/model.pt",
            "metrics": f"{self.folder.name}/metrics.csv",
        }
