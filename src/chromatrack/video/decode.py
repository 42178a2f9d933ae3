"""Frames of a video, only the ones that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from chromatrack.errors import InputError
from chromatrack.video.opened import DAMAGE, NoVideo, Video, open_video, reason_of
from chromatrack.video.sparse import every_nth

AHEAD = 2**22
"""Pixels of the frames that are decoded before the first of them is given: 48 of 340x256."""


def read_frames(
    path: str | Path,
    *,
    stride: int = 1,
    start: int = 0,
    ahead: bool = False,
    known: int = 0,
) -> Iterator[np.ndarray]:
    """Yield every `stride`-th frame as it is shown, (H, W, 3) uint8 RGB, frame `start` first.

    Args:
        ahead: decode several before the first of them is given, for work on all of them: it takes a
            tenth off, as the decoder's own frames stay in the processor's cache.
        known: how many frames there are, where all of them were decoded before: with a stride, what
            need not be decoded is left out, and what is wrong with it is not seen.

    Raises:
        InputError: the file is no video, or not all of it decodes; the frames before are given.
        Irregular: of `known` files, those to be read without; seen at the end at the latest.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        with open_video(path) as video:
            if known and stride > 1 and start == 0:
                frames = every_nth(video, stride=stride, frames=known)
            else:
                frames = islice(_decoded(video), start, None, stride)
            for frame in _several(frames) if ahead else frames:
                yield video.upright(frame)
    except NoVideo as error:
        raise InputError(f"{path}: {error}") from None


def _several(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The same frames and the same error after them, `AHEAD` pixels at a time."""
    held: list[av.VideoFrame] = []
    try:
        for frame in frames:
            held.append(frame)
            if len(held) * frame.width * frame.height >= AHEAD:
                yield from held
                held.clear()
    except NoVideo:
        yield from held
        raise
    yield from held


def _decoded(video: Video) -> Iterator[av.VideoFrame]:
    """All frames: fewer, or others than were encoded, would pass for the video."""
    count = 0
    try:
        for packet in video.packets():
            if packet.is_corrupt:
                raise NoVideo(f"damaged after {count} frames (a packet is not whole)")
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise NoVideo(f"damaged: frame {count} does not decode as it should")
                yield frame
                count += 1
    except DAMAGE as error:
        what = f"damaged after {count} frames" if count else "not a video that can be decoded"
        raise NoVideo(f"{what} ({reason_of(error)})") from None
    if count == 0:
        raise NoVideo("no frame could be decoded")
    fault = video.ends_early()
    if fault:
        raise NoVideo(f"cut short: {fault}")


def square(rgb: np.ndarray, *, size: int, geometry: str = "short_side") -> np.ndarray:
    """Resize and centre-crop to (size, size, 3); a view of the frame where it has the size.

    Args:
        geometry: `short_side` resizes the short side to `size`; `width` the width, as the thesis
            writes, and repeats the border where the height falls short of `size`.
    """
    height, width = rgb.shape[:2]
    scale = size / (width if geometry == "width" else min(height, width))
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    if (new_width, new_height) == (width, height):
        resized = rgb
    else:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = cv2.resize(rgb, (new_width, new_height), interpolation=way)
    missing = max(0, size - new_height)
    if missing:
        resized = cv2.copyMakeBorder(
            resized, missing // 2, missing - missing // 2, 0, 0, cv2.BORDER_REPLICATE
        )
    top = (resized.shape[0] - size) // 2
    left = (resized.shape[1] - size) // 2
    return resized[top : top + size, left : left + size]
