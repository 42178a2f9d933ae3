"""The fusion of both branches, and their training together."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from chromatrack.settings.checks import positive, require
from chromatrack.settings.keys import only, without
from chromatrack.settings.siamfc import SiamFCSettings

Layer = Literal["layer2", "layer3", "layer4", "head"]


@dataclass(frozen=True)
class AuxiliarySettings:
    """What the second branch makes of its network (thesis 4.2); an experiment says it."""

    layer: Layer = "layer4"
    """What is correlated: a layer of the trunk (layer4: its end), or the 64-channel head (D11)."""
    border: Literal["padded", "cropped"] = "padded"
    """`cropped`: the cells alone that see no zero padding."""
    input: Literal["as_trained", "channel_mean", "colour"] = "as_trained"
    """What the network sees: what it was trained on, the mean of R, G, B as run (D10), or colour,
    for networks that take it."""
    equalization: str = "none"
    """Of each patch."""
    probe: bool = False
    """A 1x1 convolution on top is the one part that is trained."""


@dataclass(frozen=True)
class FusionSettings:
    """How the two score maps are mixed (thesis 4.3)."""

    normalize: bool = True
    """Eq. 4.1 with the measured statistics; as run false (D13)."""
    statistics_pairs: int = 1_000
    """Pairs over which mean and standard deviation of each branch are measured (D14)."""
    statistics_mode: Literal["eval", "train"] = "eval"
    """`eval`: as the tracker computes them (17x17); `train`: as run (15x15, batch 1) (D14)."""

    def __post_init__(self) -> None:
        positive(self, "statistics_pairs")

    def composition(self) -> dict[str, Any]:
        """What a combined network depends on; the other keys are of its statistics."""
        return only(self, "normalize")

    def measuring(self) -> dict[str, Any]:
        """What the score-map statistics depend on."""
        return without(self, "normalize")

    def pairs_measured(self, siamfc: SiamFCSettings) -> dict[str, Any]:
        """What they read of `siamfc`: which frames make a pair, and as run the size of patches."""
        size = ("search_size",) if self.statistics_mode == "train" else ()
        return only(siamfc, "min_gap", "max_gap", *size)


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
    clip_norm: float | None = None
    """Longest gradient of a step (2-norm over all weights); null: as long as it is."""

    def __post_init__(self) -> None:
        positive(self, "epochs", "learning_rate", "final_learning_rate")
        if self.clip_norm is not None:
            positive(self, "clip_norm")
        require(self.pairs_per_epoch >= 0, "pairs_per_epoch: expected 0 or more")

    def applied_to(self, siamfc: SiamFCSettings) -> SiamFCSettings:
        """The settings of SiamFC training with the length and the rates of fine-tuning."""
        return replace(siamfc, **{f.name: getattr(self, f.name) for f in fields(self)})

    def pairs_read(self, siamfc: SiamFCSettings) -> dict[str, Any]:
        """What fine-tuning reads of `siamfc`: how pairs are made, compared and learned from."""
        own = {f.name for f in fields(self)}
        return {name: value for name, value in siamfc.learning().items() if name not in own}
