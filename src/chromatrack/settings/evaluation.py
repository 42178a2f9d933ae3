"""Benchmarks, trackers, and the propagation of segments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from chromatrack.settings.checks import positive, require, within

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
    penalty_on: Literal["raw", "normalized"] = "raw"
    """Which score maps it multiplies: before their means are taken away, so that alpha 0 is the
    baseline; or after, where a negative peak grows by it (D31)."""
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
    """Label propagation (thesis 3.2.4, 5.3.7); all but `methods` is about `soft` and
    `whole-frame`."""

    methods: tuple[Literal["soft", "whole-frame", "thesis"], ...] = ("soft", "thesis")
    """Ways that DAVIS is scored with: `soft` as below; `whole-frame`: the same without a radius, as
    eq. 3.11; `thesis`: the frame before, hard labels at every step, central 256 crop (D24)."""
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
class BenchmarkSettings:
    """A benchmark that the run has (docs/evaluation.md)."""

    root: str | None = None
    """Its folder, as it is published; null: the world's, in a demo."""
    names: str | None = None
    """File with one name per line, or the name of a published list (otb2013, tb50, otb2015;
    test and train of LaSOT); null: all (D27c)."""
    attributes: str | None = None
    """Folder of attribute vectors, where they are not beside the annotations."""
    edition: str | None = None
    """Of a benchmark that has several: vot2015 to vot2019, 30 or 240 of NfS; null: the usual."""
    protocols: tuple[str, ...] | None = None
    """How trackers are run (ope, tre, sre, ...); null: the benchmark's usual way alone."""
    max_frames: int | None = None
    """Cut each sequence to its first frames; the page says so."""
    trackers: Literal["all", "baselines"] = "all"
    """All trackers of the run, or the first baseline and those that are not of experiments."""

    def __post_init__(self) -> None:
        require(
            self.max_frames is None or self.max_frames >= 2,
            f"max_frames: expected 2 or more, got {self.max_frames}",
        )
        require(self.protocols != (), "protocols: expected at least one, or null")


@dataclass(frozen=True)
class OwnTracker:
    """A tracker that is not of this project, beside the others in tables and plots."""

    results: str | None = None
    """Folder of its results; {benchmark} in it stands for the benchmark."""
    name: str | None = None
    """Whose results are taken from a folder of several trackers' (NAME_TRACKER.mat); null: those of
    its own name."""
    module: str | None = None
    """`module:Class` with `init(image, box)` and `update(image)` (docs/evaluation.md)."""
    options: dict[str, int | float | bool | str] = field(default_factory=dict)
    """Arguments of the class."""
    benchmarks: tuple[str, ...] | None = None
    """Benchmarks that it has results on, or is run on; null: all that take boxes in one pass."""

    def __post_init__(self) -> None:
        require(
            (self.results is None) != (self.module is None),
            "expected results: FOLDER or module: MODULE:CLASS",
        )
        require(
            self.module is None
            or re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", self.module) is not None,
            f"module: expected module:Class, got {self.module!r}",
        )
