"""Counts of a clip's colours: its histogram, and sums for the mean and the deviation of Lab."""

from __future__ import annotations

import cv2
import numpy as np

from chromatrack.scratch import Scratch


class Counts:
    """How light the frames of a clip are, and how often each colour occurs in them.

    A histogram of colours is as large as a frame, so that several frames are counted at once.
    """

    def __init__(self, size: int):
        # OpenCV counts in float32, exact up to 2^24 pixels; the clip is summed in float64.
        frames = max(1, min(8, 2**24 // size**2))
        self._planes = Scratch().planes("counted", 3, (frames * size, size))
        self._size = size
        self._rows = 0
        self._lightness = np.zeros(2)
        self._colours = np.zeros((256, 256))

    def next_planes(self) -> list[np.ndarray]:
        """Where L, a and b of the next frame go, (size, size) each."""
        if self._rows == len(self._planes[0]):
            self._count()
        begin, self._rows = self._rows, self._rows + self._size
        return [plane[begin : self._rows] for plane in self._planes]

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Of all frames: (2,) sum of L and of its squares, (256, 256) counts of a, b; float64."""
        self._count()
        return self._lightness, self._colours

    def _count(self) -> None:
        luma, a, b = (plane[: self._rows] for plane in self._planes)
        squares = round(cv2.norm(luma, cv2.NORM_L2SQR))  # of a root: a millionth beside it
        self._lightness += cv2.sumElems(luma)[0], squares
        self._colours += histogram_of(a, b)
        self._rows = 0


def histogram_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(H, W) uint8 each -> (256, 256) float32 counts."""
    return cv2.calcHist([a, b], [0, 1], None, [256, 256], [0, 256, 0, 256])


def lab_sums(lightness: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """(2,) sums of L, (256, 256) counts -> (2, 3): sums of L, a, b in [0, 1], of their squares."""
    levels = np.arange(256, dtype=np.float64)
    counts = np.stack([colours.sum(axis=1), colours.sum(axis=0)])
    sums = np.stack([counts @ levels, counts @ levels**2])
    return np.column_stack([lightness, sums]) / [[255], [255**2]]
