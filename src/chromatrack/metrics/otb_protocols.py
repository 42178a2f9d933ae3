"""Where the runs of the temporal and the spatial robustness evaluation start (OTB: TRE, SRE).

TRE starts at 20 frames of a sequence and runs to its end each time; SRE starts 12 times at the
first frame, from boxes that are shifted or scaled. (Wu, Lim and Yang, PAMI 2015, section 4.2; the
rounding is that of the benchmark's MATLAB toolkit, splitSeqTRE and shiftInitBB.)
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Protocol = Literal["ope", "tre", "sre"]

TRE_STARTS = 20
TRE_SHORTEST = 20
"""Frames that the last start has left, at least."""
SHIFT = 0.1
"""Shift in sizes of the target."""
SCALES = (0.8, 0.9, 1.1, 1.2)
SRE_STARTS = 8 + len(SCALES)


def tre_starts(annotations_ltwh: np.ndarray, hidden: np.ndarray | None = None) -> list[int]:
    """Indices of the frames that TRE starts at: evenly spaced, the first and the last one included.

    Only frames count whose annotation is positive throughout (1-based, as in the files), and that
    leave at least 20 frames. 20 starts, fewer where a sequence has fewer such frames; a sequence
    without any starts once, at its first frame.

    Args:
        annotations_ltwh: (N, 4), 0-based; NaN where the target is absent.
        hidden: (N,) bool, frames that no run starts at (`data.otb_starts`).
    """
    annotated = (annotations_ltwh + np.array([1.0, 1.0, 0.0, 0.0]) > 0).all(axis=1)
    if hidden is not None:
        annotated &= ~hidden
    possible = np.flatnonzero(annotated)
    possible = possible[possible <= len(annotations_ltwh) - TRE_SHORTEST]
    count, gaps = len(possible), TRE_STARTS - 1
    if count == 0:
        return [0]
    # MATLAB: floor(1 : count / gaps : count), and count itself; in whole numbers, without rounding.
    steps = [step for step in range(gaps) if step * count <= gaps * (count - 1)]
    places = [1 + step * count // gaps for step in steps]
    return [int(possible[place - 1]) for place in dict.fromkeys([*places, count])]


def sre_boxes(box_ltwh: np.ndarray, image_hw: tuple[int, int]) -> list[np.ndarray]:
    """The 12 boxes that SRE starts from: 4 shifts, 4 moved corners, 4 scalings of the first box.

    In MATLAB's order: left, right, up, down; top left, top right, bottom left and bottom right
    corner moved outward; 0.8, 0.9, 1.1, 1.2 times the size around the centre. What sticks out of
    the image to the right or below is cut off; what would to the left or above is moved in.

    Args:
        box_ltwh: (4,) first annotation, 0-based.
        image_hw: height and width of the first frame in pixels.

    Returns:
        boxes_ltwh (4,), 0-based.
    """
    box = np.asarray(box_ltwh, dtype=np.float64)
    position, size = box[:2] + 1, box[2:]
    boxes = [
        *(_shifted(position, size, np.array(way)) for way in ((-1, 0), (1, 0), (0, -1), (0, 1))),
        *(_cornered(position, size, np.array(way)) for way in ((-1, -1), (1, -1), (-1, 1), (1, 1))),
        *(_scaled(position, size, scale) for scale in SCALES),
    ]
    return [_inside(*box, image_hw) for box in boxes]


def _shifted(position: np.ndarray, size: np.ndarray, way_xy: np.ndarray):
    return position + way_xy * np.ceil(SHIFT * size), size


def _cornered(position: np.ndarray, size: np.ndarray, way_xy: np.ndarray):
    """One corner moves outward, the opposite one stays."""
    first, last = position, position + size - 1
    first = np.where(way_xy < 0, _round(first - SHIFT * size), first)
    last = np.where(way_xy > 0, _round(last + SHIFT * size), last)
    return first, last - first + 1


def _scaled(position: np.ndarray, size: np.ndarray, scale: float):
    return _round(position + size / 2 - scale * size / 2), _round(scale * size)


def _inside(position: np.ndarray, size: np.ndarray, image_hw: tuple[int, int]) -> np.ndarray:
    position = np.maximum(position, 1)
    size = np.minimum(size, np.array(image_hw[::-1]) - position + 1)
    # A target at the very border keeps a pixel: a tracker cannot start from nothing.
    return np.concatenate([position - 1, np.maximum(size, 1)])


def _round(values: np.ndarray) -> np.ndarray:
    """Halves away from zero, as MATLAB rounds."""
    return np.copysign(np.floor(np.abs(values) + 0.5), values)
