"""The colorization network, its training, and the check that one clip can be memorised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from chromatrack.models import trunks
from chromatrack.settings.checks import positive, require
from chromatrack.settings.keys import without
from chromatrack.settings.labels import LabelSettings

# The files in `models/trunks/`; it imports no torch.
Trunk = Literal[trunks.NAMES]


@dataclass(frozen=True)
class ColorizationSettings:
    """Pretraining by colorization (thesis 3.2)."""

    NETWORK: ClassVar = (
        "width", "embedding", "positions", "head", "padding", "input", "channel_dropout",
        "temperature", "directions",
    )  # fmt: skip
    """Keys of the network before any training, beside `normalization`."""
    CADENCE: ClassVar = ("checkpoint_every", "keep_every", "validate_every", "validation_batches")
    """Keys that leave the weights as they are: how often a training writes what."""

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
    loss: Literal["nll", "double_softmax", "nll_and_chroma", "walk"] = "nll"
    """Eq. 3.14; the softmax applied twice, as run (D23); eq. 3.14 and beside it the regression of a
    and b, which needs `labels.chroma`; or no colours: walks from patch to patch through time and
    back (training/walk.py)."""
    temperature: float | None = None
    """Divides the inner products before the softmax of eq. 3.11; null: the square root of the
    embedding's channels, 8 for 64; 1.0 is as written (D30)."""
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

    @property
    def reads_chroma(self) -> bool:
        """Whether the label cache has to hold a and b."""
        return self.input != "luma" or self.loss == "nll_and_chroma"

    def __post_init__(self) -> None:
        positive(
            self, "width", "embedding", "references", "batch_size", "steps",
            "learning_rate", "checkpoint_every", "validate_every", "validation_batches",
        )  # fmt: skip
        require(self.keep_every >= 0, f"keep_every: expected 0 or more, got {self.keep_every}")
        require(
            0 <= self.validation_clips < 1,
            f"validation_clips: expected 0 to less than 1, got {self.validation_clips}",
        )
        require(
            self.temperature is None or self.temperature > 0,
            f"temperature: expected more than 0, or null, got {self.temperature}",
        )
        require(
            not self.directions or self.temperature is not None,
            "temperature: directions are compared at a low one, 0.07 for instance; expected a "
            "number, got null",
        )
        require(
            self.loss != "walk" or self.head == "none",
            f"loss: walk trains the trunk alone; expected head: none, got {self.head}",
        )
        require(
            self.loss != "walk" or self.local_window is None,
            f"local_window: walk looks at whole frames; expected null, got {self.local_window}",
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
class SingleVideoSettings:
    """One clip memorised, with several k and losses (thesis 5.3.3); the rest as `colorization`."""

    TAKES_THE_PLACE_OF: ClassVar = ("steps", "drop_at", "loss", "validation_clips")
    """Keys of `colorization` that the memorising of a clip does not read."""

    clip: str | None = None
    """Id of the clip; null takes the first one that was fetched."""
    trunk: Trunk = "resnet18"
    """Trunk that memorises it."""
    colours: tuple[int, ...] = (8, 16)
    """Numbers of labels k."""
    losses: tuple[Literal["nll", "double_softmax"], ...] = ("nll", "double_softmax")
    """Each k is memorised with each of them."""
    steps: int = 490
    """Optimiser steps of each training."""
    drop_at: int | None = None
    """Step after which the rate is divided by ten; null: all steps at the first rate."""
    show_at: tuple[int, ...] = (0, 10, 30)
    """Steps after which predictions are shown, beside the last (Figure 5.7)."""
    images: int = 6
    """Target frames that the figures show, spread over the clip."""

    def __post_init__(self) -> None:
        positive(self, "steps", "images")
        for name in ("colours", "losses"):
            values = getattr(self, name)
            require(len(values) > 0, f"{name}: expected at least one value")
            require(len(set(values)) == len(values), f"{name}: a value is given twice")
        for colours in self.colours:
            require(2 <= colours <= 255, f"colours: expected 2 to 255, got {colours}")
        require(
            self.drop_at is None or 0 < self.drop_at < self.steps,
            f"drop_at: expected 1 to less than steps ({self.steps}), or null, got {self.drop_at}",
        )
        for step in self.show_at:
            require(
                0 <= step < self.steps,
                f"show_at: expected 0 to less than steps ({self.steps}), got {step}",
            )

    def read_of(
        self, labels: LabelSettings, colorization: ColorizationSettings
    ) -> dict[str, dict[str, Any]]:
        """What the memorising of a clip reads of these parts beside its own."""
        own = (*self.TAKES_THE_PLACE_OF, *colorization.CADENCE)
        return {
            "labels": without(labels, "colours", "chroma", "full_resolution"),
            "colorization": without(colorization, *own),
        }
