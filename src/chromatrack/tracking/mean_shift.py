"""Mean shift on a colour histogram, with a window of fixed or of adaptive size (thesis 2.1)."""

from __future__ import annotations

import cv2
import numpy as np

from chromatrack.tracking.contract import check_box
from chromatrack.tracking.pixels import inside, meets, whole_pixels

BINS = 16
SURROUNDINGS = 2.0
"""Side of the window whose colours count as background, in sides of the target."""
STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1)


class MeanShiftTracker:
    """Climbs the probability that a pixel has a colour of the target rather than of what is around.

    The colours are those of the first frame: RGB in 16 bins each, which also serves grey video,
    where a hue has no meaning. (Comaniciu et al., CVPR 2000; Bradski, 1998.)

    Args:
        adaptive: CamShift, whose window takes the size of the mass that it finds; else mean shift.
    """

    def __init__(self, *, adaptive: bool):
        self.adaptive = adaptive

    def init(self, image: np.ndarray, box_ltwh: np.ndarray) -> None:
        check_box(box_ltwh, image.shape)
        self.box_ltwh = np.array(box_ltwh, dtype=np.float64)
        self.window = whole_pixels(self.box_ltwh)
        self.seen = meets(self.window, image.shape)
        self.lost = not self.seen
        if self.seen:
            self.share = _share_of_target(_colours(image), self.window)

    def update(self, image: np.ndarray) -> np.ndarray:
        if self.seen:
            mass = self.share[_colours(image)]
            search = cv2.CamShift if self.adaptive else cv2.meanShift
            _, window = search(mass, self.window, STOP)
            # Without any mass, or out of the image, the target is lost: the last box stays.
            self.lost = not (meets(window, mass.shape) and _part(mass, window).any())
            if not self.lost:
                self.window = window
                self.box_ltwh = np.array(window, dtype=np.float64)
        return self.box_ltwh.copy()


def _colours(image: np.ndarray) -> np.ndarray:
    """(H, W) number of the bin of each pixel."""
    red, green, blue = np.moveaxis(image.astype(np.intp) * BINS // 256, -1, 0)
    return (red * BINS + green) * BINS + blue


def _share_of_target(colours: np.ndarray, window: tuple[int, int, int, int]) -> np.ndarray:
    """(bins,) uint8: of the pixels of a colour in and around a window, the share in it, of 255."""
    left, top, width, height = window
    grow = (SURROUNDINGS - 1) / 2
    around = whole_pixels(
        (left - grow * width, top - grow * height, SURROUNDINGS * width, SURROUNDINGS * height)
    )
    inner, outer = (
        np.bincount(_part(colours, part).ravel(), minlength=BINS**3) for part in (window, around)
    )
    return np.rint(255 * inner / np.maximum(outer, 1)).astype(np.uint8)


def _part(values: np.ndarray, window: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = inside(window, values.shape)
    return values[top:bottom, left:right]
