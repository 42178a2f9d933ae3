"""How sure a tracker is of a target, from the peaks of its score maps, and when it is lost."""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np

MEMORY = 50
"""Frames in which the target was not lost, whose peaks are the measure."""
LOST = 0.65
"""Score below which"""
PATIENCE = 3
"""frames in a row make it lost."""
FOUND = 0.85
"""Score from which on it is found again."""


def height(response: np.ndarray) -> float:
    """How far the highest value of a score map (n, n) is above its mean.

    Unlike the value itself, it is the same whether or not a mean was taken away before.
    """
    return float(response.max() - response.mean())


class History:
    """The peaks of one target so far.

    The score of a frame is the height of its peak over the median height of the last `MEMORY`
    frames in which the target was not lost. It is lost after `PATIENCE` frames in a row with a
    score below `LOST`, and until one of `FOUND` or more.
    """

    def __init__(self) -> None:
        self._heights: deque[float] = deque(maxlen=MEMORY)
        self._low = 0
        self.lost = False

    def take(self, height: float) -> tuple[float, bool]:
        """The score of the next frame, and whether the target is lost in it."""
        measure = median(self._heights) if self._heights else height
        score = height / measure if measure > 0 else 1.0
        self._low = self._low + 1 if score < LOST else 0
        if self._low >= PATIENCE:
            self.lost = True
        elif score >= FOUND:
            self.lost = False
        if not self.lost and not self._low:
            self._heights.append(height)
        return score, self.lost
