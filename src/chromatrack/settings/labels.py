"""Clips to colour labels, and the analysis of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromatrack.settings.checks import positive, require


@dataclass(frozen=True)
class LabelSettings:
    """Frames to colour labels (thesis 5.3.1)."""

    frame_stride: int = 5
    """Every how many frames one is kept (D21, D22c)."""
    equalization: Literal["per_channel", "none", "y", "l", "clahe_l", "clahe_per_channel"] = (
        "per_channel"
    )
    """Histogram equalisation before anything else (D22)."""
    geometry: Literal["short_side", "width"] = "short_side"
    """What is resized to `size` before the centre crop; as written `width` (D22b)."""
    size: int = 256
    """Side of the square frames, in pixels."""
    label_size: int = 32
    """Side of the label maps, in cells."""
    colours: int = 8
    """Number of k-means clusters per clip."""
    cluster_on: Literal["frames", "label_grid"] = "frames"
    """Pixels that k-means sees: all of the kept frames; as run the 32x32 grid (D19)."""
    backend: Literal["auto", "histogram", "faiss"] = "auto"
    """k-means implementation: exact on the AB histogram, or faiss (GPU where there is one)."""
    restarts: int = 10
    """k-means++ starts; the best one counts."""
    tolerance: float = 0.0
    """Centres that move less than this end a start (8-bit levels); as written 1e-4 (D20)."""
    max_iterations: int = 300
    """Iterations after which a start ends in any case."""
    luma_quality: int = 90
    """JPEG quality of the cached L channel."""
    seed: int = 0
    """Seed of the k-means starts."""

    def __post_init__(self) -> None:
        positive(self, "frame_stride", "restarts", "max_iterations", "label_size")
        require(2 <= self.colours <= 255, f"colours: expected 2 to 255, got {self.colours}")
        require(
            self.size % self.label_size == 0,
            f"size: expected a multiple of label_size ({self.label_size}), got {self.size}",
        )
        require(1 <= self.luma_quality <= 100, "luma_quality: expected 1 to 100")
