"""Histogram equalisation of a frame, in each of the ways that decisions row D22 names."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

_CLAHE = {"clipLimit": 2.0, "tileGridSize": (8, 8)}


def _per_channel(rgb: np.ndarray) -> np.ndarray:
    return cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(rgb)])


def _clahe_per_channel(rgb: np.ndarray) -> np.ndarray:
    clahe = cv2.createCLAHE(**_CLAHE)
    return cv2.merge([clahe.apply(channel) for channel in cv2.split(rgb)])


def _first_channel(there: int, back: int, change: Callable[[np.ndarray], np.ndarray]):
    def equalize_one(rgb: np.ndarray) -> np.ndarray:
        converted = cv2.cvtColor(rgb, there)
        converted[..., 0] = change(np.ascontiguousarray(converted[..., 0]))
        return cv2.cvtColor(converted, back)

    return equalize_one


MODES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda rgb: rgb,
    "per_channel": _per_channel,
    "y": _first_channel(cv2.COLOR_RGB2YCrCb, cv2.COLOR_YCrCb2RGB, cv2.equalizeHist),
    "l": _first_channel(cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB, cv2.equalizeHist),
    "clahe_l": _first_channel(
        cv2.COLOR_RGB2LAB,
        cv2.COLOR_LAB2RGB,
        lambda channel: cv2.createCLAHE(**_CLAHE).apply(channel),
    ),
    "clahe_per_channel": _clahe_per_channel,
}


def equalize(rgb: np.ndarray, *, mode: str) -> np.ndarray:
    """Equalise a frame: (H, W, 3) uint8 RGB -> the same shape."""
    return MODES[mode](rgb)
