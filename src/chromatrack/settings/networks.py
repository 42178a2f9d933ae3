"""The networks, their training and their fusion."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from chromatrack.models import trunks
from chromatrack.settings.checks import positive, require

# The files in `models/trunks/`; it imports no torch.
Trunk = Literal[trunks.NAMES]


@dataclass(frozen=True)
class ColorizationSettings:
    """Pretraining by colorization (thesis 3.2)."""

    width: float = 1.0
    """Multiplier of all channel counts."""
    embedding: int = 64
    """Channels of the embedding (Table 3.3)."""
    positions: Literal["linspace", "without_zero"] = "linspace"
    """Spatial features: evenly spaced, or as Figure 3.10 prints them (D25)."""
    head: Literal["3d", "2d", "none"] = "3d"
    """Head over the frames of a sample; `2d` sees every frame by itself, `none` compares what the
    trunk gives."""
    padding: Literal["zeros", "reflect"] = "zeros"
    """Padding of the trunk's convolutions; AlexNet has none."""
    input: Literal["luma", "lab", "rgb"] = "luma"
    """What the network sees; `lab` and `rgb` need `labels.chroma`."""
    channel_dropout: float = 0.0
    """Probability that a channel of colour input is left out of a sample."""
    references: int = 3
    """Reference frames of a sample, beside one target frame."""
    batch_size: int = 8
    """Samples per step (8 x (3 + 1) = 32 frames)."""
    sampling: Literal["random", "sequential"] = "random"
    """Order of samples; `sequential` is as run: clip by clip (D21)."""
    loss: Literal["nll", "double_softmax"] = "nll"
    """Eq. 3.14, or the softmax applied twice, as run (D23)."""
    temperature: float = 1.0
    """Divides the inner products before the softmax of eq. 3.11."""
    directions: bool = False
    """Compare embeddings without their mean, and by direction alone; wants a low temperature."""
    local_window: int | None = None
    """Rows and columns, in cells, up to which a position looks for its colour; null: all."""
    normalization: Literal["measured", "published", "half"] = "measured"
    """Mean and standard deviation of L: of this data set, of the thesis, or 0.5 / 0.5 (D18)."""
    steps: int = 140_000
    """Optimiser steps."""
    precision: Literal[32, "bf16", "16-mixed"] = 32
    """Bits, or mixed precision in bfloat16 or, with scaled losses, float16."""
    learning_rate: float = 1e-3
    """Adam's rate at first."""
    drop_at: int = 60_000
    """Step after which the rate is divided by ten."""
    checkpoint_every: int = 1_000
    """Steps between checkpoints; a killed run continues from the last one."""
    keep_every: int = 0
    """Steps between networks that are kept beside the last and the best one; 0 keeps none."""
    validation_clips: float = 0.01
    """Share of the clips, by a hash of their ids, that are not trained on; 0 for none."""
    validate_every: int = 1_000
    """Steps between measurements of the validation loss."""
    validation_batches: int = 16
    """Batches of the validation loss, always the same ones."""

    def __post_init__(self) -> None:
        positive(
            self, "width", "embedding", "references", "batch_size", "temperature", "steps",
            "learning_rate", "checkpoint_every", "validate_every", "validation_batches",
        )  # fmt: skip
        require(self.keep_every >= 0, f"keep_every: expected 0 or more, got {self.keep_every}")
        require(
            0 <= self.validation_clips < 1,
            f"validation_clips: expected 0 to less than 1, got {self.validation_clips}",
        )
        require(
            self.local_window is None or self.local_window >= 1,
            f"local_window: expected 1 cell or more, or null, got {self.local_window}",
        )
        require(
            0 <= self.channel_dropout < 1,
            f"channel_dropout: expected 0 to less than 1, got {self.channel_dropout}",
        )
        require(
            self.input != "luma" or self.channel_dropout == 0,
            "channel_dropout: luma is one channel, of which none can be left out; expected 0, got "
            f"{self.channel_dropout}",
        )


@dataclass(frozen=True)
class CropSettings:
    """GOT-10k crops, prepared once (thesis 3.1.4)."""

    shard_size: int = 200
    """Sequences per shard."""
    margin: int = 8
    """Pixels around the 255 px search patch that random shifts may use, on each side."""
    quality: int = 95
    """JPEG quality of the crops."""

    def __post_init__(self) -> None:
        positive(self, "shard_size", "quality")


@dataclass(frozen=True)
class SiamFCSettings:
    """SiamFC training (thesis 3.1)."""

    width: float = 1.0
    """Multiplier of all channel counts."""
    channels: Literal["as_run", "as_written"] = "as_run"
    """AlexNet: 96-256-384-384-256, or the 96-256-192-192-128 of Table 3.1 (D1)."""
    label_distance: Literal["l1", "l2"] = "l1"
    """Distance of eq. 3.2; as written l2 (D2)."""
    label_radius: float = 16.0
    """R of eq. 3.2 in pixels of the search patch."""
    loss: Literal["balanced", "mean"] = "balanced"
    """Positives and negatives weigh the same, or the plain mean of eq. 3.4 (D3)."""
    search_size: int = 239
    """Side of the search patch in training; as written 255 (D4)."""
    pairs_per_epoch: int = 50_000
    """Pairs per epoch; 0 takes one per sequence, as run (D5)."""
    epochs: int = 50
    """Epochs."""
    batch_size: int = 8
    """Pairs per step."""
    learning_rate: float = 1e-2
    """Rate of the first epoch."""
    final_learning_rate: float = 1e-5
    """Rate of the last epoch; exponential in between."""
    momentum: float = 0.9
    weight_decay: float = 5e-4
    precision: Literal[32, "bf16", "16-mixed"] = 32
    """Bits, or mixed precision in bfloat16 or, with scaled losses, float16."""
    min_gap: int = 1
    """Least distance of exemplar and search frame, in frames."""
    max_gap: int = 100
    """Largest distance of exemplar and search frame, in frames."""
    stretch: float = 0.05
    """Largest random change of size of a patch."""
    shift: int = 0
    """Pixels by which the search patch moves at random, its label with it; 0: as siamfc-pytorch,
    up to 4 px (none for 255) under a label that stays."""
    color_jitter: float = 0.0
    """Brightness, contrast and saturation change by factors of up to 1 -/+ this much."""
    grey: float = 0.0
    """Probability that both patches of a pair are grey."""
    input_scaling: Literal["unit", "byte"] = "unit"
    """RGB in [-1, 1] or in 0..255 (D9); a checkpoint records its own."""
    checkpoint_every: int = 1_000
    """Steps between checkpoints."""
    keep_every: int = 10
    """Epochs between networks that are kept and validated beside the last one; 0: none."""
    validation_frames: int = 100
    """Each of them tracks so many first frames of every sequence of GOT-10k val, if the run has it;
    0: no validation."""
    select: Literal["last", "best_ao"] = "last"
    """Which one is used: the last, as in the thesis, or the one with the highest AO, and of equal
    ones the later."""

    def __post_init__(self) -> None:
        positive(
            self, "width", "epochs", "batch_size", "learning_rate", "final_learning_rate",
            "min_gap", "max_gap", "checkpoint_every", "label_radius",
        )  # fmt: skip
        require(self.pairs_per_epoch >= 0, "pairs_per_epoch: expected 0 or more")
        require(
            self.search_size in (239, 255),
            f"search_size: expected 239 or 255, got {self.search_size}",
        )
        for name in ("keep_every", "validation_frames"):
            value = getattr(self, name)
            require(value >= 0, f"{name}: expected 0 or more, got {value}")
        require(
            self.select == "last" or self.validation_frames > 0,
            "select: best_ao needs validation_frames of more than 0",
        )
        require(self.min_gap <= self.max_gap, f"min_gap: expected {self.max_gap} (max_gap) or less")
        require(0 <= self.stretch < 0.5, f"stretch: expected 0 to 0.5, got {self.stretch}")
        require(0 <= self.shift <= 48, f"shift: expected 0 to 48 pixels, got {self.shift}")
        for name, limit in (("color_jitter", 0.9), ("grey", 1)):
            value = getattr(self, name)
            require(0 <= value <= limit, f"{name}: expected 0 to {limit}, got {value}")


@dataclass(frozen=True)
class FusionSettings:
    """How the two score maps are made and mixed (thesis 4.3)."""

    normalize: bool = True
    """Eq. 4.1 with the measured statistics; as run false (D13)."""
    part: Literal["trunk", "full"] = "trunk"
    """What of the colorization network tracks: its trunk, or all of it (D11)."""
    grey: Literal["lab_l", "channel_mean"] = "lab_l"
    """Grey input of the colorization branch; as run the mean of R, G, B in [-1, 1] (D10)."""
    statistics_pairs: int = 1_000
    """Pairs over which mean and standard deviation of each branch are measured (D14)."""
    statistics_mode: Literal["eval", "train"] = "eval"
    """`eval`: as the tracker computes them (17x17); `train`: as run (15x15, batch 1) (D14)."""

    def __post_init__(self) -> None:
        positive(self, "statistics_pairs")


@dataclass(frozen=True)
class FineTuneSettings:
    """Training of both branches together (thesis 5.4.2); the rest is as in `siamfc`."""

    epochs: int = 50
    """Epochs; 25 in the author's last commit (D15)."""
    pairs_per_epoch: int = 50_000
    """Pairs per epoch; 0 takes one per sequence, as run (D5)."""
    learning_rate: float = 1e-2
    """Rate of the first epoch."""
    final_learning_rate: float = 1e-5
    """Rate of the last epoch; exponential in between."""

    def __post_init__(self) -> None:
        positive(self, "epochs", "learning_rate", "final_learning_rate")
        require(self.pairs_per_epoch >= 0, "pairs_per_epoch: expected 0 or more")

    def applied_to(self, siamfc: SiamFCSettings) -> SiamFCSettings:
        """The settings of SiamFC training with the length and the rates of fine-tuning."""
        return replace(siamfc, **{f.name: getattr(self, f.name) for f in fields(self)})
