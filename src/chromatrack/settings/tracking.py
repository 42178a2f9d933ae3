"""The tracker, label propagation and the experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromatrack.settings.checks import positive, require, within
from chromatrack.settings.networks import Trunk

Classical = Literal["meanshift", "camshift", "klt", "mosse", "kcf", "csrt"]
"""Trackers of before deep learning (thesis 2.1, 2.2) that OpenCV has."""

MOST_SCALES = 31


@dataclass(frozen=True)
class TrackerSettings:
    """The tracker around the network (thesis 3.1.5)."""

    scales: int = 3
    """Sizes at which the target is searched."""
    scale_step: float = 1.0375
    """Ratio of neighbouring sizes."""
    scale_penalty: float = 0.9745
    """Factor on the score maps of changed sizes."""
    scale_rate: float = 0.59
    """How far the size follows the best scale (eq. 3.7, 3.8)."""
    window_influence: float = 0.176
    """Weight of the cosine window (D7)."""
    upsampled_size: int = 272
    """Side of the upsampled score map; as written 255 (D6)."""
    template_rate: float = 0.0
    """beta of eq. 3.9; as written 0.01 (D8)."""
    clamp: bool = False
    """Keep the centre inside the image (D28)."""
    precision: Literal[32, "bf16"] = 32
    """Bits, or bfloat16: about twice as fast, other numbers."""

    def __post_init__(self) -> None:
        odd = self.scales % 2 == 1 and 1 <= self.scales <= MOST_SCALES
        require(odd, f"scales: expected an odd number from 1 to {MOST_SCALES}, got {self.scales}")
        within(self, 1, 2, "scale_step")
        within(self, 0, 1, "scale_penalty", "scale_rate", "window_influence", "template_rate")
        within(self, 17, 4096, "upsampled_size")


@dataclass(frozen=True)
class PropagationSettings:
    """Label propagation (thesis 3.2.4, 5.3.7); all but `methods` is about `soft`."""

    methods: tuple[Literal["soft", "thesis"], ...] = ("soft", "thesis")
    """Ways that DAVIS is scored with: `soft` as below; `thesis`: the frame before, hard labels at
    every step, central 256 crop (D24)."""
    features: Literal["trunk", "middle", "embedding"] = "trunk"
    """What is compared: output of the trunk, of its middle (before the last layers), or of the
    head."""
    references: int = 4
    """Previous frames that labels are copied from."""
    first_frame: bool = True
    """The annotated frame is one more reference, all the way."""
    center: bool = True
    """Take the mean of all cells away before they are compared."""
    normalize: bool = True
    """Compare directions alone (L2-normalised features)."""
    temperature: float = 0.05
    """Divides the inner products; the lower, the less labels spread."""
    top_k: int | None = 10
    """Most similar cells that a cell copies from; null is all."""
    radius: int | None = 6
    """Cells to every side in which a cell looks for its like; null is the whole frame."""
    short_side: int = 480
    """Short side of the frame that the network sees, in pixels."""

    def __post_init__(self) -> None:
        positive(self, "references", "temperature")
        require(self.short_side >= 16, f"short_side: expected 16 or more, got {self.short_side}")
        require(self.top_k is None or self.top_k > 0, "top_k: expected more than 0, or null")
        require(self.radius is None or self.radius >= 0, "radius: expected 0 or more, or null")
        require(len(self.methods) > 0, "methods: expected at least one")
        require(len(set(self.methods)) == len(self.methods), "methods: one is given twice")


@dataclass(frozen=True)
class ExperimentSettings:
    """One combination of the two branches; tested for each alpha and seed."""

    trunk: Trunk = "resnet18"
    """Trunk of the colorization branch."""
    weights: Literal["pretrained", "random"] = "pretrained"
    """Where the colorization branch starts from."""
    train: bool = False
    """Fine-tune both branches together for each alpha, or only test."""
    auxiliary_at_test: Literal["trained", "random"] = "trained"
    """`random`: the published code's evaluation of experiment 3 (D27b)."""


def thesis_experiments() -> dict[str, ExperimentSettings]:
    """Experiments 1 to 5 of thesis 5.4."""
    return {
        "1": ExperimentSettings(trunk="resnet18"),
        "2": ExperimentSettings(trunk="resnet18", train=True),
        "3": ExperimentSettings(trunk="resnet18", weights="random", train=True),
        "4": ExperimentSettings(trunk="alexnet"),
        "5": ExperimentSettings(trunk="alexnet", train=True),
    }
