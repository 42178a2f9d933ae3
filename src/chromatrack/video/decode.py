"""Frames of a video, only the ones that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from chromatrack.errors import InputError


def read_frames(path: str | Path, *, stride: int = 1) -> Iterator[np.ndarray]:
    """Yield every `stride`-th frame as (H, W, 3) uint8 RGB, the first one first.

    Raises:
        InputError: the file is not a video that can be decoded.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        # The "file:" keeps FFmpeg from reading a protocol or an option into an odd name.
        with av.open(f"file:{path}") as container:
            if not container.streams.video:
                raise InputError(f"{path}: holds no video")
            stream = container.streams.video[0]
            # One job is one core; threads of the decoder cost more than they bring at these sizes.
            stream.thread_count = 1
            for index, frame in enumerate(container.decode(stream)):
                if index % stride == 0:
                    yield frame.reformat(format="rgb24", threads=1).to_ndarray()
    except av.error.FFmpegError as error:
        reason = error.strerror or "unknown format"
        raise InputError(f"{path}: not a video that can be decoded ({reason})") from None


def square(rgb: np.ndarray, *, size: int, geometry: str = "short_side") -> np.ndarray:
    """Resize and centre-crop to (size, size, 3).

    Args:
        geometry: `short_side` resizes the short side to `size`; `width` the width, as the thesis
            writes, and repeats the border where the height falls short of `size`.
    """
    height, width = rgb.shape[:2]
    scale = size / (width if geometry == "width" else min(height, width))
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    shrinks = scale < 1
    resized = cv2.resize(
        rgb, (new_width, new_height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    missing = max(0, size - new_height)
    if missing:
        resized = cv2.copyMakeBorder(
            resized, missing // 2, missing - missing // 2, 0, 0, cv2.BORDER_REPLICATE
        )
    top = (resized.shape[0] - size) // 2
    left = (resized.shape[1] - size) // 2
    return resized[top : top + size, left : left + size]
