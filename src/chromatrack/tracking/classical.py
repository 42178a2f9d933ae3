"""Trackers of before deep learning, behind the contract of ours (thesis 2.1, 2.2).

OpenCV holds the algorithms. Its trackers take boxes of whole pixels; images reach them as BGR.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable

import cv2
import numpy as np

from chromatrack.errors import InputError
from chromatrack.tracking.contract import Tracker, check_box
from chromatrack.tracking.klt import KLTTracker
from chromatrack.tracking.mean_shift import MeanShiftTracker
from chromatrack.tracking.pixels import meets, whole_pixels


class FilterTracker:
    """A correlation filter of OpenCV; where it loses its target, the last box stays.

    A target that it cannot start on (CSRT on one of a few columns) counts as lost from the start.

    Args:
        make: makes the tracker of OpenCV; it starts once, so each target needs its own.
    """

    def __init__(self, make: Callable[[], object]):
        self.make = make

    def init(self, image: np.ndarray, box_ltwh: np.ndarray) -> None:
        check_box(box_ltwh, image.shape)
        self.box_ltwh = np.array(box_ltwh, dtype=np.float64)
        window = whole_pixels(self.box_ltwh)
        self.tracker = self.make()
        self.seen = meets(window, image.shape) and self._started(image, window)
        self.lost = not self.seen

    def update(self, image: np.ndarray) -> np.ndarray:
        found, box_ltwh = self._search(image) if self.seen else (False, None)
        if found and np.isfinite(box_ltwh).all() and min(box_ltwh[2:]) > 0:
            self.box_ltwh = np.array(box_ltwh, dtype=np.float64)
        self.lost = not found
        return self.box_ltwh.copy()

    def _started(self, image: np.ndarray, window: tuple[int, int, int, int]) -> bool:
        try:
            self.tracker.init(_bgr(image), window)
        except cv2.error:
            return False
        return True

    def _search(self, image: np.ndarray) -> tuple[bool, tuple | None]:
        # Some filters fail an assertion of OpenCV, instead of saying so, where a target has left
        # the image; it may come back.
        with contextlib.suppress(cv2.error):
            return self.tracker.update(_bgr(image))
        return False, None


def _bgr(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR)


def _mosse() -> Tracker:
    return FilterTracker(cv2.legacy.TrackerMOSSE_create)


def _csrt() -> Tracker:
    return FilterTracker(cv2.TrackerCSRT_create)


def _kcf() -> Tracker:
    # OpenCV gives a target up below a peak of 0.5 and then stands still; the KCF of the paper
    # always takes the best place (Henriques et al., PAMI 2015).
    settings = cv2.TrackerKCF_Params()
    settings.detect_thresh = 0.0
    return FilterTracker(functools.partial(cv2.TrackerKCF_create, settings))


CLASSICAL: dict[str, Callable[[], Tracker]] = {
    "meanshift": lambda: MeanShiftTracker(adaptive=False),
    "camshift": lambda: MeanShiftTracker(adaptive=True),
    "klt": KLTTracker,
    "mosse": _mosse,
    "kcf": _kcf,
    "csrt": _csrt,
}
"""Name -> how to make the tracker."""


def open_classical(name: str) -> Tracker:
    """A tracker of `CLASSICAL`; OpenCV then works with one thread, and from one seed.

    Raises:
        InputError: there is no tracker of this name, or OpenCV was built without it.
    """
    if name not in CLASSICAL:
        raise InputError(f"tracker {name!r}: expected one of {', '.join(CLASSICAL)}")
    cv2.setNumThreads(1)
    cv2.setRNGSeed(0)
    try:
        return CLASSICAL[name]()
    except AttributeError as error:
        raise InputError(
            f"tracker {name!r}: this OpenCV ({cv2.__version__}) is without it ({error}); install "
            "opencv-contrib-python-headless in the place of opencv-python-headless"
        ) from None
