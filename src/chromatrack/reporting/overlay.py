"""Boxes, names and score maps drawn into frames of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLOURS = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0),
    (0, 114, 178), (148, 103, 189),
)  # fmt: skip
"""RGB, told apart by the colour-blind (Okabe and Ito)."""
DASH = 8
"""Pixels of a dash, and of the gap behind it, of the box of a lost target."""


@dataclass(frozen=True, eq=False)
class Mark:
    """What is drawn of a target.

    Attributes:
        box_ltwh: (4,) in pixels, 0-based; NaN: none.
        text: name and score.
        lost: its box is dashed.
        map: (n, n) from 0 to 1, or None.
    """

    box_ltwh: np.ndarray
    text: str
    lost: bool = False
    map: np.ndarray | None = None


def marked(image: np.ndarray, marks: Sequence[Mark]) -> np.ndarray:
    """A copy of an (H, W, 3) uint8 RGB image with boxes, names, and maps along its lower edge."""
    drawn = image.copy()
    width = max(2, round(min(image.shape[:2]) / 240))
    for number, mark in enumerate(marks):
        if np.isfinite(mark.box_ltwh).all():
            colour = COLOURS[number % len(COLOURS)]
            _draw_box(drawn, mark, colour, width)
    _draw_maps(drawn, marks)
    return drawn


def _draw_box(image: np.ndarray, mark: Mark, colour: tuple[int, int, int], width: int) -> None:
    height_of, width_of = image.shape[:2]
    left, top, wide, high = mark.box_ltwh
    ends = np.clip([left, top, left + wide - 1, top + high - 1], -1e4, 1e5)
    x, y, right, bottom = (round(float(end)) for end in ends)
    if mark.lost:
        _dashed(image, (x, y, right, bottom), colour, width)
    else:
        cv2.rectangle(image, (x, y), (right, bottom), (0, 0, 0), width + 2)
        cv2.rectangle(image, (x, y), (right, bottom), colour, width)
    label = tile(mark.text, colour, max(12, min(height_of, width_of) // 28))
    rows, columns = label.shape[:2]
    place_y = y - rows if y >= rows else min(max(y, 0), height_of - rows)
    paste(image, label, min(max(x, 0), max(0, width_of - columns)), place_y)


def _dashed(image: np.ndarray, ends, colour: tuple[int, int, int], width: int) -> None:
    x, y, right, bottom = ends
    for start, end in (
        ((x, y), (right, y)), ((right, y), (right, bottom)), ((right, bottom), (x, bottom)),
        ((x, bottom), (x, y)),
    ):  # fmt: skip
        length = max(1, abs(end[0] - start[0]) + abs(end[1] - start[1]))
        for place in range(0, min(length, 20_000), 2 * DASH):
            shares = place / length, min(1.0, (place + DASH) / length)
            a, b = (
                tuple(round(s + (e - s) * share) for s, e in zip(start, end, strict=True))
                for share in shares
            )
            cv2.line(image, a, b, colour, width)


def _draw_maps(image: np.ndarray, marks: Sequence[Mark]) -> None:
    """As many maps as there is room for, from the lower right corner to the left."""
    side, gap = max(32, min(image.shape[:2]) // 5), 6
    right = image.shape[1] - gap
    for number, mark in enumerate(marks):
        if mark.map is None:
            continue
        left, top = right - side, image.shape[0] - gap - side
        if left < gap or top < 0:
            return
        paste(image, heat(mark.map, side), left, top)
        cv2.rectangle(
            image, (left - 1, top - 1), (right, top + side), COLOURS[number % len(COLOURS)], 2
        )
        right = left - gap


def heat(values: np.ndarray, side: int) -> np.ndarray:
    """(n, n) from 0 to 1 -> (side, side, 3) uint8 RGB, dark blue to yellow."""
    grey = np.clip(np.rint(np.clip(values, 0, 1) * 255), 0, 255).astype(np.uint8)
    large = cv2.resize(grey, (side, side), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(cv2.applyColorMap(large, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2RGB)


def paste(image: np.ndarray, part: np.ndarray, left: int, top: int) -> None:
    """Lay a smaller image over a larger one; what lies outside falls away."""
    rows = slice(max(0, top), min(image.shape[0], top + part.shape[0]))
    columns = slice(max(0, left), min(image.shape[1], left + part.shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        image[rows, columns] = part[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font of matplotlib, which has more than Latin letters."""
    return ImageFont.truetype(
        str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size
    )


@lru_cache(maxsize=512)
def tile(text: str, colour: tuple[int, int, int], size: int) -> np.ndarray:
    """A line of black text on a colour, (h, w, 3) uint8 RGB."""
    left, _, right, _ = font(size).getbbox(text)
    shown = Image.new("RGB", (max(1, right - left) + 6, size + 6), colour)
    ImageDraw.Draw(shown).text((3, 1), text, fill=(0, 0, 0), font=font(size))
    return np.asarray(shown)
