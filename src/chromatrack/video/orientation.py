"""How a frame lies when it is shown upright: what containers declare as a display matrix."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np

NEARLY = 0.02
"""Part of a matrix's largest number below which another one counts as zero: about one degree."""


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways in which a right-angled picture can lie.

    Attributes:
        transposes: rows and columns change places, before anything is mirrored.
        mirrors_columns, mirrors_rows: left and right, and top and bottom, change places.
    """

    transposes: bool = False
    mirrors_columns: bool = False
    mirrors_rows: bool = False

    def apply(self, image: np.ndarray) -> np.ndarray:
        """(H, W, C) as it is stored -> as it is shown, contiguous."""
        if self == UPRIGHT:
            return image
        shown = image.swapaxes(0, 1) if self.transposes else image
        shown = shown[:, ::-1] if self.mirrors_columns else shown
        shown = shown[::-1] if self.mirrors_rows else shown
        return np.ascontiguousarray(shown)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as shown."""
        return (height, width) if self.transposes else (width, height)


UPRIGHT = Orientation()


def of_frame(frame: av.VideoFrame) -> Orientation:
    """The orientation that a frame declares: its container's, or its own (SEI, EXIF).

    Raises:
        ValueError: a rotation that is no multiple of 90 degrees.
    """
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # The frame carries something that this PyAV has no name for, and PyAV then lists nothing.
        return _of_angle(frame.rotation)
    return UPRIGHT if data is None else of_matrix(np.frombuffer(data, dtype=np.int32))


def of_matrix(matrix: np.ndarray) -> Orientation:
    """Of FFmpeg's nine numbers: a stored pixel (x, y) is shown at (a x + c y, b x + d y).

    Raises:
        ValueError: a rotation that is no multiple of 90 degrees.
    """
    a, b, c, d = (float(matrix[place]) for place in (0, 1, 3, 4))
    small = NEARLY * max(abs(a), abs(b), abs(c), abs(d))
    straight, crossed = max(abs(a), abs(d)) > small, max(abs(b), abs(c)) > small
    if straight and crossed:
        degrees = np.degrees(np.arctan2(b, a))
        raise ValueError(f"declares a rotation of {degrees:.0f} degrees, no multiple of 90")
    if crossed:
        return Orientation(transposes=True, mirrors_columns=c < 0, mirrors_rows=b < 0)
    return Orientation(mirrors_columns=a < 0, mirrors_rows=d < 0)


def _of_angle(degrees: int) -> Orientation:
    """Of a rotation against the clock, as PyAV gives it, where nothing tells of a mirror."""
    turned = round(degrees / 90) % 4
    return Orientation(
        transposes=turned in (1, 3), mirrors_columns=turned in (2, 3), mirrors_rows=turned in (1, 2)
    )
