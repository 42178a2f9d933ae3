"""Crops, and the training of SiamFC on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from chromatrack.settings.checks import positive, require
from chromatrack.settings.keys import without


@dataclass(frozen=True)
class CropSettings:
    """GOT-10k crops, prepared once (thesis 3.1.4)."""

    CUTTING: ClassVar = ("margin", "quality")
    """Keys that the crops of a shard depend on."""

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

    NETWORK: ClassVar = ("width", "channels", "input_scaling")
    """Keys of the network before any training."""
    CADENCE: ClassVar = ("checkpoint_every", "keep_every")
    """Keys that leave the weights as they are: how often a training writes what."""
    CHOICE: ClassVar = ("validation_frames", "select", "checkpoint")
    """Keys that no training reads: which network is used, and how that is decided."""

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
    clip_norm: float | None = None
    """Longest gradient of a step (2-norm over all weights); null: as long as it is."""
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
    checkpoint: str | None = None
    """Checkpoint that is used and not trained, with {seed} for its seed; null: it is trained."""

    def __post_init__(self) -> None:
        positive(
            self, "width", "epochs", "batch_size", "learning_rate", "final_learning_rate",
            "min_gap", "max_gap", "checkpoint_every", "label_radius",
        )  # fmt: skip
        if self.clip_norm is not None:
            positive(self, "clip_norm")
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

    def learning(self) -> dict[str, Any]:
        """What a training on pairs of crops depends on, whatever the network."""
        return without(self, *self.NETWORK, *self.CADENCE, *self.CHOICE)

    def training(self) -> dict[str, Any]:
        """What the weights depend on."""
        return without(self, *self.CADENCE, *self.CHOICE)
