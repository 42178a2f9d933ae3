"""Boxes and crops, rounded exactly as siamfc-pytorch rounds them.

Inside the program a box is `ltwh`: left, top, width, height in pixels, 0-based. The tracker works
with the centre and the size of the target in (y, x) order, as its peers do.
"""

from __future__ import annotations

import cv2
import numpy as np

CONTEXT = 0.5


def center_from_ltwh(box_ltwh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre (y, x) and size (height, width), both float32, of a box."""
    left, top, width, height = (float(value) for value in box_ltwh)
    center_yx = np.array([top + (height - 1) / 2, left + (width - 1) / 2], dtype=np.float32)
    return center_yx, np.array([height, width], dtype=np.float32)


def ltwh_from_center(center_yx: np.ndarray, size_hw: np.ndarray) -> np.ndarray:
    """The box (4,) of a centre and a size; inverse of `center_from_ltwh`."""
    return np.array(
        [
            center_yx[1] - (size_hw[1] - 1) / 2,
            center_yx[0] - (size_hw[0] - 1) / 2,
            size_hw[1],
            size_hw[0],
        ]
    )


def exemplar_side(size_hw: np.ndarray) -> np.float32:
    """Side in pixels of the square that holds the target and its context (eq. 3.6)."""
    context = CONTEXT * np.sum(size_hw)
    return np.sqrt(np.prod(size_hw + context))


def crop_square(
    image: np.ndarray,
    center_yx: np.ndarray,
    side: float,
    *,
    out_size: int,
    fill: np.ndarray,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Cut a square around a point and resize it; what lies outside the image gets `fill`.

    Args:
        image: (H, W, 3) uint8.
        side: side of the square in pixels of the image.
        out_size: side of the result in pixels.
        fill: (3,) colour outside the image.
        out: array that the result is written into.

    Returns:
        (out_size, out_size, 3) uint8.
    """
    size = max(1, round(float(side)))
    y, x = np.round(center_yx - (size - 1) / 2).astype(int).tolist()
    height, width = image.shape[:2]
    top, bottom = (min(max(edge, 0), height) for edge in (y, y + size))
    left, right = (min(max(edge, 0), width) for edge in (x, x + size))
    inside = image[top:bottom, left:right]
    color = np.rint(np.clip(fill, 0, 255)).tolist()
    if inside.size == 0:
        inside = np.array([[color]], dtype=image.dtype)
    elif inside.shape[:2] != (size, size):
        # Only the square is padded, never the image: a lost target far outside costs nothing.
        inside = cv2.copyMakeBorder(
            inside, top - y, y + size - bottom, left - x, x + size - right,
            cv2.BORDER_CONSTANT, value=color,
        )  # fmt: skip
    return cv2.resize(inside, (out_size, out_size), dst=out, interpolation=cv2.INTER_LINEAR)


def mean_color(image: np.ndarray) -> np.ndarray:
    """(3,) mean colour of an image, float64."""
    return np.asarray(cv2.mean(image)[:3])
