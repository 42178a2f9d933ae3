"""Score maps of both branches and of their mix while a target is followed (Figures 3.4, 3.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chromatrack.geometry import ltwh_from_center
from chromatrack.patches import SEARCH_SIZE, STRIDE


@dataclass(frozen=True, eq=False)
class Maps:
    """What a tracker saw of a frame, at the scale that won.

    Attributes:
        search_ltwh: (4,) the part of the image that the maps cover, in pixels, 0-based.
        mixed: (n, n).
        siamfc, auxiliary: (n, n) as they are mixed; None for a branch that is not computed.
    """

    search_ltwh: np.ndarray
    mixed: np.ndarray
    siamfc: np.ndarray | None
    auxiliary: np.ndarray | None


def covered_ltwh(center_yx: np.ndarray, search_side: float, cells: int) -> np.ndarray:
    """(4,) what a map of that many cells covers: a cell for each stride of the patch, around its
    middle.

    Args:
        center_yx: of the patch, in pixels of the image.
        search_side: of the patch, in pixels of the image.
    """
    covered = cells * STRIDE / SEARCH_SIZE * search_side
    return ltwh_from_center(center_yx, np.array([covered, covered]))
