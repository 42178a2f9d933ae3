"""Frames of a camera, as they come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from chromatrack.errors import InputError

NAME = re.compile(r"camera:(\d+)|/dev/video(\d+)")


def is_camera(source: Path) -> bool:
    """Whether this names a camera: camera:0 or /dev/video0."""
    return NAME.fullmatch(str(source)) is not None


def read_camera(source: Path) -> Iterator[np.ndarray]:
    """Yield frames (H, W, 3) uint8 RGB until the camera gives no more.

    Raises:
        InputError: it cannot be opened.
    """
    number = int(next(filter(None, NAME.fullmatch(str(source)).groups())))
    camera = cv2.VideoCapture(number)
    try:
        if not camera.isOpened():
            raise InputError(f"{source}: no such camera, or another program has it")
        while True:
            got, image = camera.read()
            if not got:
                return
            yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    finally:
        camera.release()
