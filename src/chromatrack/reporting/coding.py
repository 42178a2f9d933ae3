"""Pictures, boxes and overlaps as text for a page: base64 of JPEG, PNG and small integers."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from PIL import Image

from chromatrack.data.davis import palette
from chromatrack.data.images import jpeg_bytes

QUALITY = 70
"""Of the JPEG pictures."""
PER_PIXEL = 4
"""Steps of a coordinate within a pixel."""
ABSENT = -32768
"""Every coordinate of a box that is not there."""
LEVELS = 250
"""An overlap of 1."""
UNCOUNTED = 255
"""The overlap of a frame that does not count."""


def text(content: bytes) -> str:
    """Base64."""
    return base64.b64encode(content).decode("ascii")


def size_within(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of a picture whose longest side is at most `side` pixels; none grows."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def picture(image: np.ndarray, side: int) -> bytes:
    """An (H, W, 3) uint8 RGB image as JPEG whose longest side is at most `side` pixels."""
    height, width = size_within(*image.shape[:2], side)
    if (height, width) != image.shape[:2]:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return jpeg_bytes(image, QUALITY)


def mask(ids: np.ndarray, side: int) -> bytes:
    """Object ids (H, W) uint8 as an indexed PNG of the size that `picture` gives."""
    height, width = size_within(*ids.shape, side)
    small = cv2.resize(ids, (width, height), interpolation=cv2.INTER_NEAREST)
    image, buffer = Image.fromarray(small), io.BytesIO()
    # The colours in use alone: few indices take few bits of a pixel, too.
    image.putpalette(palette()[: 3 * (int(small.max(initial=0)) + 1)])
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def quarter_pixels(boxes_ltwh: np.ndarray) -> str:
    """(N, 4) boxes as little-endian int16 in quarters of a pixel; `ABSENT` for one with NaN."""
    steps = np.clip(np.rint(boxes_ltwh * PER_PIXEL), ABSENT + 1, -ABSENT - 1)
    whole = np.isfinite(boxes_ltwh).all(axis=1, keepdims=True)
    return text(np.where(whole, np.nan_to_num(steps), ABSENT).astype("<i2").tobytes())


def levels(overlaps: np.ndarray) -> str:
    """(N,) overlaps from 0 to 1 as uint8 in steps of 1 / 250; `UNCOUNTED` for NaN."""
    steps = np.clip(np.rint(np.nan_to_num(overlaps) * LEVELS), 0, LEVELS)
    return text(np.where(np.isnan(overlaps), UNCOUNTED, steps).astype(np.uint8).tobytes())
