"""Boxes as OpenCV takes them: whole pixels."""

from __future__ import annotations

from collections.abc import Sequence

SMALLEST_SIDE = 4
"""Pixels: OpenCV's trackers cannot learn from fewer."""


def whole_pixels(box_ltwh: Sequence[float]) -> tuple[int, int, int, int]:
    """A box with its edges rounded to whole pixels and at least `SMALLEST_SIDE` on a side."""
    left, top, width, height = (float(value) for value in box_ltwh)
    columns = max(SMALLEST_SIDE, round(width))
    rows = max(SMALLEST_SIDE, round(height))
    # About the same centre, so that a box that had to grow grows to both sides.
    return round(left + (width - columns) / 2), round(top + (height - rows) / 2), columns, rows


def meets(window: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Whether enough of a window lies in an image of this shape to learn from it."""
    left, top, right, bottom = inside(window, shape)
    return right - left >= SMALLEST_SIDE and bottom - top >= SMALLEST_SIDE


def inside(window: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of a window in an image: left, top, and right, bottom one pixel after the last."""
    left, top, width, height = window
    rows, columns = shape[:2]
    right, bottom = min(left + width, columns), min(top + height, rows)
    return max(left, 0), max(top, 0), right, bottom
