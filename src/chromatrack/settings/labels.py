"""Clips to colour labels, and the analysis of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from chromatrack.settings.checks import positive, require
from chromatrack.settings.keys import without

Equalization = Literal["per_channel", "none", "y", "l", "clahe_l", "clahe_per_channel"]


@dataclass(frozen=True)
class LabelSettings:
    """Frames to colour labels (thesis 5.3.1)."""

    STORAGE: ClassVar = ("full_resolution", "luma", "luma_quality", "chroma")
    """Keys of what is kept beside the labels, and how."""

    frame_stride: int = 5
    """Every how many frames one is kept (D21, D22c)."""
    equalization: Equalization = "per_channel"
    """Histogram equalisation before anything else (D22)."""
    geometry: Literal["short_side", "width"] = "short_side"
    """What is resized to `size` before the centre crop; as written `width` (D22b)."""
    size: int = 256
    """Side of the square frames, in pixels."""
    label_size: int = 32
    """Side of the label maps, in cells."""
    full_resolution: bool = False
    """Also keep the labels of every pixel: about a megabyte per clip more, for looking at."""
    colours: int = 8
    """Number of k-means clusters per clip."""
    cluster_on: Literal["frames", "label_grid"] = "frames"
    """Pixels that k-means sees: all of the kept frames; as run the 32x32 grid (D19)."""
    backend: Literal["auto", "histogram", "torch", "faiss"] = "auto"
    """k-means: numpy, torch (many clips at once on a GPU) or faiss; `auto`: torch if a GPU."""
    restarts: int = 10
    """Starts by greedy k-means++; the best one counts."""
    tolerance: float = 0.0
    """Centres that move less than this end a start (8-bit levels); as written 1e-4 (D20)."""
    max_iterations: int = 300
    """Iterations after which a start ends in any case."""
    luma: Literal["jpeg", "raw"] = "jpeg"
    """How the L channel is cached; `raw` takes four times the disk and is read without decoding."""
    luma_quality: int = 90
    """JPEG quality of the cached L channel, and of a and b."""
    chroma: bool = False
    """Also keep a and b of the frames, at half the size, for `colorization.input` lab or rgb."""
    seed: int = 0
    """Seed of the k-means starts."""

    def __post_init__(self) -> None:
        positive(self, "frame_stride", "restarts", "max_iterations", "label_size")
        require(self.tolerance >= 0, f"tolerance: expected 0 or more, got {self.tolerance}")
        require(2 <= self.colours <= 255, f"colours: expected 2 to 255, got {self.colours}")
        require(
            self.size % self.label_size == 0,
            f"size: expected a multiple of label_size ({self.label_size}), got {self.size}",
        )
        require(1 <= self.luma_quality <= 100, "luma_quality: expected 1 to 100")
        require(
            not self.chroma or self.size % 2 == 0,
            f"size: expected an even number where chroma is kept, got {self.size}",
        )

    def labelling(self) -> dict[str, Any]:
        """What the labels themselves depend on."""
        return without(self, *self.STORAGE)


@dataclass(frozen=True)
class AnalysisSettings:
    """Distance of centroids against consistency of labels (thesis 5.3.2)."""

    clips: int = 100
    """How many clips are analysed, spread evenly over all that were fetched."""
    chosen: tuple[str, ...] = ()
    """Clip ids that come first among them, in the figures too."""
    equalizations: tuple[Equalization, ...] = (
        "none",
        "per_channel",
        "y",
        "l",
        "clahe_l",
        "clahe_per_channel",
    )
    """Modes of histogram equalisation that are compared."""
    colours: tuple[int, ...] = (8, 16)
    """Numbers of clusters that are compared."""
    frames: int = 60
    """Kept frames of a clip that are analysed, at most: they stay in memory together."""
    still_levels: int = 2
    """8-bit levels by which R, G, B of a still region may move between two kept frames."""
    figures: int = 4
    """Clips that get figures: the first ones."""

    def __post_init__(self) -> None:
        positive(self, "clips", "frames")
        for name in ("still_levels", "figures"):
            value = getattr(self, name)
            require(value >= 0, f"{name}: expected 0 or more, got {value}")
        for name in ("equalizations", "colours"):
            require(len(getattr(self, name)) > 0, f"{name}: expected at least one value")
        for name in ("chosen", "equalizations", "colours"):
            values = getattr(self, name)
            require(len(set(values)) == len(values), f"{name}: a value is given twice")
        for colours in self.colours:
            require(2 <= colours <= 255, f"colours: expected 2 to 255, got {colours}")
        require(
            len(self.chosen) <= self.clips,
            f"chosen: expected at most clips ({self.clips}) ids, got {len(self.chosen)}",
        )
