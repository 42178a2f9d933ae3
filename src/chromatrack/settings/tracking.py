"""The tracker, label propagation and the experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromatrack.settings.checks import positive, require
from chromatrack.settings.networks import Trunk


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

    def __post_init__(self) -> None:
        require(self.scales % 2 == 1, f"scales: expected an odd number, got {self.scales}")
        require(self.upsampled_size >= 17, "upsampled_size: expected 17 or more")


@dataclass(frozen=True)
class PropagationSettings:
    """Label propagation on DAVIS (thesis 5.3.7)."""

    method: Literal["soft", "thesis"] = "soft"
    """`soft`: soft labels, whole frame, argmax last; `thesis`: hard argmax, 256 crop (D24)."""
    references: int = 3
    """Previous frames that labels are copied from, as in training; `thesis` takes one."""
    temperature: float = 1.0
    """Divides the inner products; below that of training, labels spread less."""
    short_side: int = 256
    """Short side of the frame that the network sees, in pixels."""

    def __post_init__(self) -> None:
        positive(self, "references", "temperature", "short_side")


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
