"""Several targets of one video, each with a tracker of its own: of OpenCV, or somebody's class."""

from __future__ import annotations

import math

import numpy as np

from chromatrack.errors import WorkError
from chromatrack.tracking.contract import OpenTracker, Tracker
from chromatrack.tracking.seen import Seen


class Apart:
    """Follows targets one by one (`seen.Followers`); each frame is decoded once all the same.

    A tracker may say more than its box: what it has as `score` (a number) and `lost` (true or
    false) after an update is told with it.
    """

    labels = ("",)

    def __init__(self, open_tracker: OpenTracker):
        self.open_tracker = open_tracker

    def init(self, image: np.ndarray, boxes_ltwh: np.ndarray) -> list[Seen]:
        self.trackers = [self.open_tracker() for _ in boxes_ltwh]
        for one, box_ltwh in zip(self.trackers, boxes_ltwh, strict=True):
            one.init(image, np.array(box_ltwh, dtype=np.float64))
        return [Seen(np.array(box_ltwh, dtype=np.float64)) for box_ltwh in boxes_ltwh]

    def update(self, image: np.ndarray) -> list[Seen]:
        return [_seen(one, one.update(image)) for one in self.trackers]


def _seen(tracker: Tracker, box_ltwh: np.ndarray) -> Seen:
    box_ltwh = np.asarray(box_ltwh, dtype=np.float64)
    name = f"tracker {getattr(tracker, 'target', type(tracker).__name__)}"
    if not np.isfinite(box_ltwh).all() or box_ltwh[2:].min() <= 0:
        told = ",".join(f"{value:g}" for value in box_ltwh)
        raise WorkError(f"{name}: expected a box of positive width and height, got {told}")
    score = getattr(tracker, "score", None)
    try:
        value = math.nan if score is None else float(score)
    except (TypeError, ValueError, OverflowError):
        value = math.inf
    if math.isinf(value):
        raise WorkError(f"{name}: expected a number in score, got {score!r:.60}")
    said = None if math.isnan(value) else value
    return Seen(box_ltwh, said, bool(getattr(tracker, "lost", False)))
