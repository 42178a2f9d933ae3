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
GAP = 6
"""Pixels beside a score map."""


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
    """A copy of an (H, W, 3) uint8 RGB image with boxes, names, and maps along its lower edge.

    Maps lie in the order of the marks, from left to right. Names that would lie over others give
    way as long as there is room.
    """
    drawn = image.copy()
    width = max(2, round(min(image.shape[:2]) / 240))
    shown = [
        (mark, COLOURS[number % len(COLOURS)])
        for number, mark in enumerate(marks)
        if np.isfinite(mark.box_ltwh).all()
    ]
    for mark, colour in shown:
        _draw_box(drawn, mark, colour, width)
    _draw_names(drawn, shown)
    _draw_maps(drawn, marks)
    return drawn


def _ends(mark: Mark) -> tuple[int, int, int, int]:
    """Left, top, right and bottom pixel of a box."""
    left, top, wide, high = mark.box_ltwh
    ends = np.clip([left, top, left + wide - 1, top + high - 1], -1e4, 1e5)
    x, y, right, bottom = (round(float(end)) for end in ends)
    return x, y, right, bottom


def _draw_box(image: np.ndarray, mark: Mark, colour: tuple[int, int, int], width: int) -> None:
    x, y, right, bottom = _ends(mark)
    if mark.lost:
        _dashed(image, (x, y, right, bottom), colour, width)
    else:
        cv2.rectangle(image, (x, y), (right, bottom), (0, 0, 0), width + 2)
        cv2.rectangle(image, (x, y), (right, bottom), colour, width)


def _draw_names(image: np.ndarray, shown: Sequence[tuple[Mark, tuple[int, int, int]]]) -> None:
    height_of, width_of = image.shape[:2]
    taken: list[tuple[int, int, int, int]] = []
    for mark, colour in shown:
        label = tile(mark.text, colour, max(12, min(height_of, width_of) // 28))
        rows, columns = label.shape[:2]
        x, y, _, _ = _ends(mark)
        left = min(max(x, 0), max(0, width_of - columns))
        top = y - rows if y >= rows else min(max(y, 0), height_of - rows)
        top = _free(taken, (left, top, columns, rows), height_of)
        taken.append((left, top, columns, rows))
        paste(image, label, left, top)


def _free(
    taken: Sequence[tuple[int, int, int, int]], wanted: tuple[int, int, int, int], height_of: int
) -> int:
    """The top, nearest to the wanted one, at which a name hides no other; if there is none, that.

    Args:
        taken: left, top, width, height of the names that are there, in pixels.
        wanted: of the one that is to be placed.
    """
    left, top, wide, high = wanted
    beside = [(y, h) for x, y, w, h in taken if x < left + wide and left < x + w]
    places = [top, *(y - high for y, _ in beside), *(y + h for y, h in beside)]
    for place in sorted(places, key=lambda place: abs(place - top)):
        inside = place == top or 0 <= place <= height_of - high
        if inside and all(place >= y + h or place + high <= y for y, h in beside):
            return place
    return top


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
    """All maps in rows at the lower right, as large as the lowest quarter has room for."""
    maps = [(number, mark.map) for number, mark in enumerate(marks) if mark.map is not None]
    if not maps:
        return
    height_of, width_of = image.shape[:2]
    side, columns = _room(len(maps), height_of, width_of)
    rows = -(-len(maps) // columns)
    for place, (number, values) in enumerate(maps):
        row, column = divmod(place, columns)
        in_row = min(columns, len(maps) - row * columns)
        left = width_of - (in_row - column) * (side + GAP)
        top = height_of - (rows - row) * (side + GAP)
        paste(image, heat(values, side), left, top)
        colour = COLOURS[number % len(COLOURS)]
        cv2.rectangle(image, (left - 1, top - 1), (left + side, top + side), colour, 2)


def _room(count: int, height_of: int, width_of: int) -> tuple[int, int]:
    """Side of so many maps in pixels, and how many of them make a row."""
    shorter = min(height_of, width_of)
    side = max(1, min(max(32, shorter // 5), shorter // 2))
    while True:
        columns = max(1, (width_of - GAP) // (side + GAP))
        if -(-count // columns) * (side + GAP) <= max(height_of // 4, 32 + GAP) or side == 1:
            return side, columns
        side -= 1


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
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    left, _, right, _ = font(size).getbbox(text)
    shown = Image.new("RGB", (max(1, right - left) + 6, size + 6), colour)
    ImageDraw.Draw(shown).text((3, 1), text, fill=(0, 0, 0), font=font(size))
    return np.asarray(shown)
