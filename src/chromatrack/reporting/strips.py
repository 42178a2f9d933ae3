"""What the viewer of sequences reads of boxes: a strip of pictures, boxes as data, overlaps.

Of any trackers, from a run or from folders of results: a target and the tracks that were found of
it come in, and what goes into strips.json comes out, one target at a time (docs/report.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.reporting import coding
from chromatrack.reporting.frames import fitting, partings, thinned

LEAST_BYTES = 5_000_000
"""Of JPEG that all pictures of sequences together may take, in a small run."""
MOST_BYTES = 9_000_000
"""In a large one."""
EACH_BYTES = 90_000
"""Of a sequence, between the two."""
SIDES = (320, 240, 160, 120)
"""Longest sides of pictures in pixels; the smaller ones where trackers part at many frames."""
WITHOUT_PICTURES = 100
"""Frames of a sequence whose boxes are told where there are no images."""


@dataclass(frozen=True)
class Track:
    """What a tracker found of a target.

    Attributes:
        boxes_ltwh: (N, 4) in pixels, 0-based; NaN where it has none.
        overlaps: (N,) with the truth, as they were scored; NaN in frames that do not count.
    """

    boxes_ltwh: np.ndarray
    overlaps: np.ndarray


@dataclass
class Budget:
    """Bytes that pictures may take, shared out evenly among what is left.

    Attributes:
        left: bytes.
        parts: that are still to come.
    """

    left: int
    parts: int

    @classmethod
    def of(cls, sequences: int) -> Budget:
        """That of the pictures of so many sequences."""
        return cls(min(MOST_BYTES, max(LEAST_BYTES, EACH_BYTES * sequences)), sequences)

    @property
    def share(self) -> int:
        return self.left // max(1, self.parts)

    def spend(self, used: int) -> None:
        """What one part has used; what it left is for the others."""
        self.left, self.parts = self.left - used, self.parts - 1


def strip(
    target: Sequence, tracks: Mapping[str, Track], baseline: str | None, budget: Budget
) -> dict[str, Any]:
    """What strips.json says of one sequence.

    Args:
        target: with its true boxes; its frames may be none, where there are no images.
        tracks: name of a tracker -> what it found.
        baseline: whose partings with the others are shown; None: nobody's.
        budget: of all pictures; it is spent from.
    """
    truth, count = target.boxes_ltwh, len(target.boxes_ltwh)
    others = [track.overlaps for name, track in tracks.items() if name != baseline]
    always = partings(tracks[baseline].overlaps, others) if baseline in tracks else []
    if target.frames:
        height, width = read_image_rgb(target.frames[0]).shape[:2]
        frames, pictures = _pictures(target, always, budget)
    else:
        corners = np.nanmax(truth[:, :2] + truth[:, 2:], axis=0)
        width, height = (max(1, int(np.ceil(corner))) for corner in corners)
        frames, pictures = thinned(count, max(WITHOUT_PICTURES, len(always) + 2), always), []
    return {
        "name": target.name,
        "width": width,
        "height": height,
        "count": count,
        "frames": frames,
        "pictures": pictures,
        "truth": coding.quarter_pixels(truth[frames]),
        "boxes": {
            name: coding.quarter_pixels(track.boxes_ltwh[frames]) for name, track in tracks.items()
        },
        "overlaps": {name: coding.levels(track.overlaps) for name, track in tracks.items()},
    }


def _pictures(target: Sequence, always: list[int], budget: Budget) -> tuple[list[int], list[str]]:
    """The frames that are shown, and their pictures."""

    @cache
    def coded(frame: int, side: int) -> bytes:
        return coding.picture(read_image_rgb(target.frames[frame]), side)

    side, frames = fitting(
        len(target), always, SIDES, budget.share, lambda frame, side: len(coded(frame, side))
    )
    pictures = [coded(frame, side) for frame in frames]
    budget.spend(sum(map(len, pictures)))
    return frames, [coding.text(picture) for picture in pictures]
