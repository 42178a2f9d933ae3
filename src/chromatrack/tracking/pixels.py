"""Boxes as OpenCV takes them: whole pixels."""

from __future__ import annotations

from collections.abc import Sequence

SMALLEST_SIDE = 4
"""Pixels: OpenCV's trackers cannot learn from fewer."""


def whole_pixels(box_ltwh: Sequence[float]) -> tuple[int, int, int, int]:
    """A box of about the same centre with whole sides of at least `SMALLEST_SIDE`.

    Halves go to the even number, and a thousandth around a half is one: a box that went through
    single precision and text, as those of vot-toolkit do, gives the same pixels.
    """
    left, top, width, height = (float(value) for value in box_ltwh)
    columns, rows = (max(SMALLEST_SIDE, _whole(side)) for side in (width, height))
    return _whole(left + (width - columns) / 2), _whole(top + (height - rows) / 2), columns, rows


def _whole(value: float) -> int:
    return round(round(value, 3))


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
