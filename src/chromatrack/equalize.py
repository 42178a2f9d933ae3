"""Histogram equalisation of a frame, in each of the ways that decisions row D22 names."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from chromatrack.scratch import Scratch

_CLAHE = {"clipLimit": 2.0, "tileGridSize": (8, 8)}


def _each_channel(change: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    def equalize_one(rgb: np.ndarray, scratch: Scratch) -> np.ndarray:
        channels = cv2.split(rgb, scratch.planes("channels", 3, rgb.shape[:2]))
        for channel in channels:
            change(channel, channel)  # in place
        return cv2.merge(channels, scratch.array("equalized", rgb.shape))

    return equalize_one


def _first_channel(there: int, back: int, change: Callable[[np.ndarray], np.ndarray]):
    def equalize_one(rgb: np.ndarray, _: Scratch) -> np.ndarray:
        converted = cv2.cvtColor(rgb, there)
        converted[..., 0] = change(np.ascontiguousarray(converted[..., 0]))
        return cv2.cvtColor(converted, back)

    return equalize_one


def _clahe(channel: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    return cv2.createCLAHE(**_CLAHE).apply(channel, out)


MODES: dict[str, Callable[[np.ndarray, Scratch], np.ndarray]] = {
    "none": lambda rgb, _: rgb,
    "per_channel": _each_channel(cv2.equalizeHist),
    "y": _first_channel(cv2.COLOR_RGB2YCrCb, cv2.COLOR_YCrCb2RGB, cv2.equalizeHist),
    "l": _first_channel(cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB, cv2.equalizeHist),
    "clahe_l": _first_channel(cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB, _clahe),
    "clahe_per_channel": _each_channel(_clahe),
}


def equalize(rgb: np.ndarray, *, mode: str, scratch: Scratch | None = None) -> np.ndarray:
    """Equalise a frame: (H, W, 3) uint8 RGB -> the same shape.

    Args:
        scratch: to work in, for the frames of a video: the result may be good until the next one.
    """
    return MODES[mode](rgb, scratch or Scratch())
