"""What is said of a target in a frame, and the contract of what follows several of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chromatrack.tracking.confidence import height

if TYPE_CHECKING:  # it imports torch, which trackers of OpenCV do without
    from chromatrack.tracking.maps import Maps


@dataclass(frozen=True, eq=False)
class Seen:
    """A target in a frame.

    Attributes:
        box_ltwh: (4,) left, top, width, height in pixels, 0-based.
        score: how sure the tracker is, about 1 where it is as sure as it has been of this target
            (`confidence.py`); None where it does not say.
        lost: by the rule of `confidence.py`, or as the tracker itself says.
        maps: of a tracker of score maps; None in the first frame.
    """

    box_ltwh: np.ndarray
    score: float | None = None
    lost: bool = False
    maps: Maps | None = None

    @property
    def peaks(self) -> tuple[float | None, float | None, float | None]:
        """Of the mixed map, SiamFC's and the auxiliary's: how far it is above the map's mean."""
        if self.maps is None:
            return None, None, None
        shown = (self.maps.mixed, self.maps.siamfc, self.maps.auxiliary)
        return tuple(None if one is None else height(one) for one in shown)


class Followers(Protocol):
    """Follow targets of one video: `init` once, then `update` for each further frame."""

    labels: Sequence[str]
    """Of the ways in which each target is followed, such as "0.5" for an alpha; one is ""."""

    def init(self, image: np.ndarray, boxes_ltwh: np.ndarray) -> list[Seen]:
        """Take the targets from the first frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            boxes_ltwh: (T, 4) left, top, width, height in pixels, 0-based.

        Returns:
            T * len(labels), those of a target one after the other.
        """

    def update(self, image: np.ndarray) -> list[Seen]:
        """Them in the next frame, in the same order."""
