"""The frames that a tool is given: of a video, of a folder of images, or of DAVIS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

from chromatrack.data import davis
from chromatrack.data.frames import list_frames
from chromatrack.data.images import read_image_rgb
from chromatrack.errors import InputError
from chromatrack.video.decode import read_frames
from chromatrack.video.opened import NoVideo, open_video

RATE = 25
"""Frames per second of what has no rate of its own: a folder of frames."""


@dataclass(frozen=True)
class Footage:
    """Frames of one size, read as they are asked for.

    Attributes:
        first: (H, W, 3) uint8 RGB.
        frames: all of them, the first one too.
        names: of the frames: those of their files, or their numbers.
        rate: frames per second, whole.
    """

    first: np.ndarray
    frames: Iterator[np.ndarray]
    names: Iterator[str]
    rate: int


def open_footage(source: Path, max_frames: int | None = None) -> Footage:
    """The frames of a video, of a folder, or of the first sequence of a root of DAVIS-2017.

    Raises:
        InputError: there is nothing, or (while reading) a frame has another size than the first.
    """
    if source.is_dir():
        is_davis = (source / "ImageSets").is_dir()
        paths = (
            davis.frames(source, davis.read_names(source)[0])
            if is_davis
            else list_frames(source, any_step=True)
        )
        frames, rate = (read_image_rgb(path) for path in paths), RATE
        names = (path.stem for path in paths)
    elif source.exists():
        frames, rate = read_frames(source), _rate(source)
        names = (f"{number:05d}" for number in count())
    else:
        raise InputError(f"{source}: no such video or folder")
    first = next(frames, None)
    if first is None:
        raise InputError(f"{source}: no frame found (expected a video, or numbered images)")
    shown = of_one_size(source, islice(chain([first], frames), max_frames))
    return Footage(first=first, frames=shown, names=names, rate=rate)


def size_text(image: np.ndarray) -> str:
    """Width and height of an image, for messages."""
    return f"{image.shape[1]}x{image.shape[0]} pixels"


def of_one_size(source: Path, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The frames, until one has another size than the first: an `InputError`."""
    size = None
    for number, image in enumerate(frames):
        size = size or image.shape
        if image.shape != size:
            raise InputError(f"{source}: frame {number} has another size than the first")
        yield image


def _rate(video: Path) -> int:
    try:
        with open_video(video) as opened:
            return max(1, round(opened.rate)) if opened.rate else RATE
    except NoVideo:
        return RATE  # whoever decodes it says what is wrong
