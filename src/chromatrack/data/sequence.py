"""One annotated target in one video: what every tracking data set is read into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Sequence:
    """Frames of a video and the annotation of one target.

    Attributes:
        name: the target's name, unique in its data set ("Jogging-1").
        frames: image files in temporal order, one per row of `boxes_ltwh`; none at all where
            annotations come without images.
        boxes_ltwh: (N, 4) float64: left, top, width, height in pixels, 0-based.
        attributes: names of the challenges the sequence shows ("IV", "OCC", ...).
        polygons: (N, 8) float64 x1, y1, ..., x4, y4 in pixels, 0-based; VOT only.
        visible: (N,) bool, False where the target cannot be seen; all True if not annotated.
    """

    name: str
    frames: tuple[Path, ...]
    boxes_ltwh: np.ndarray
    attributes: tuple[str, ...] = ()
    polygons: np.ndarray | None = None
    visible: np.ndarray | None = field(default=None)

    def __len__(self) -> int:
        return len(self.frames)

    def first(self, count: int | None) -> Sequence:
        """The same sequence cut to its first `count` frames (all of them for None)."""
        if count is None or count >= len(self.boxes_ltwh):
            return self
        return self._cut(slice(0, count))

    def since(self, start: int) -> Sequence:
        """The same sequence from frame `start` on."""
        return self._cut(slice(start, None))

    def _cut(self, frames: slice) -> Sequence:
        return replace(
            self,
            frames=self.frames[frames],
            boxes_ltwh=self.boxes_ltwh[frames],
            polygons=None if self.polygons is None else self.polygons[frames],
            visible=None if self.visible is None else self.visible[frames],
        )
