"""Features followed by optical flow: the KLT tracker (thesis 2.1)."""

from __future__ import annotations

import cv2
import numpy as np

from chromatrack.tracking.contract import check_box
from chromatrack.tracking.pixels import inside, meets, whole_pixels

FEATURES = 100
"""Corners looked for in a target."""
FEWEST = 4
"""With fewer followed corners the target counts as lost in a frame."""
THERE_AND_BACK = 1.0
"""Pixels by which a corner may miss itself when it is followed forth and back."""
GROWTH = 1.1
"""Bound on the ratio of sizes of neighbouring frames."""


class KLTTracker:
    """Moves and scales the box as the median of the corners inside moves and spreads.

    Corners are those of Shi and Tomasi, followed by the pyramidal Lucas-Kanade method, kept where
    following them back returns, and found anew where few are left. (Lucas and Kanade, 1981;
    Kalal et al., ICPR 2010 for the median and the way back.)
    """

    def init(self, image: np.ndarray, box_ltwh: np.ndarray) -> None:
        check_box(box_ltwh, image.shape)
        self.box_ltwh = np.array(box_ltwh, dtype=np.float64)
        self.grey = _grey(image)
        self.points = _corners(self.grey, self.box_ltwh)
        self.lost = False

    def update(self, image: np.ndarray) -> np.ndarray:
        grey = _grey(image)
        before, after = _follow(self.grey, grey, self.points)
        self.lost = len(after) < FEWEST
        if not self.lost:
            self.box_ltwh = _moved(self.box_ltwh, before, after)
        self.grey, self.points = grey, _inside_box(after, self.box_ltwh)
        if len(self.points) < FEATURES // 4:
            self.points = _corners(grey, self.box_ltwh)
        return self.box_ltwh.copy()


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)


def _corners(grey: np.ndarray, box_ltwh: np.ndarray) -> np.ndarray:
    """(K, 2) float32 x, y of the corners inside a box; none where it is outside of the image."""
    window = whole_pixels(box_ltwh)
    found = None
    if meets(window, grey.shape):
        left, top, right, bottom = inside(window, grey.shape)
        patch = np.ascontiguousarray(grey[top:bottom, left:right])
        found = cv2.goodFeaturesToTrack(patch, FEATURES, qualityLevel=0.01, minDistance=3)
    if found is None:
        return np.zeros((0, 2), dtype=np.float32)
    return found.reshape(-1, 2) + np.float32((left, top))


def _follow(
    before: np.ndarray, after: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (K, 2) of the frame before that are found in the one after, and where."""
    if len(points) == 0:
        return points, points
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None)
    missed = np.linalg.norm(points - back, axis=1)
    kept = (found.ravel() == 1) & (returned.ravel() == 1) & (missed <= THERE_AND_BACK)
    return points[kept], there[kept]


def _moved(box_ltwh: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The box after the median shift of its points and the median ratio of their distances."""
    shift = np.median(after - before, axis=0)
    one, other = np.triu_indices(len(before), k=1)
    old = np.linalg.norm(before[one] - before[other], axis=1)
    new = np.linalg.norm(after[one] - after[other], axis=1)
    ratio = np.clip(np.median(new[old > 0] / old[old > 0]), 1 / GROWTH, GROWTH)
    center = box_ltwh[:2] + box_ltwh[2:] / 2 + shift
    size = np.maximum(box_ltwh[2:] * ratio, 1.0)
    return np.concatenate([center - size / 2, size]).astype(np.float64)


def _inside_box(points: np.ndarray, box_ltwh: np.ndarray) -> np.ndarray:
    low, high = box_ltwh[:2], box_ltwh[:2] + box_ltwh[2:]
    return points[((points >= low) & (points <= high)).all(axis=1)]
