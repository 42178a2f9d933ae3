"""The frames that a tool is given: of a video, a folder of images, a camera, or DAVIS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

from chromatrack.data import davis
from chromatrack.data.frames import list_frames
from chromatrack.data.images import read_image_rgb
from chromatrack.errors import InputError
from chromatrack.video.camera import is_camera, read_camera
from chromatrack.video.decode import read_frames
from chromatrack.video.opened import NoVideo, open_video

RATE = Fraction(25)
"""Frames per second of what has no rate of its own: a folder of frames."""


@dataclass(frozen=True)
class Footage:
    """Frames of one size, read as they are asked for.

    Attributes:
        first: (H, W, 3) uint8 RGB.
        frames: all of them, the first one too.
        names: of the frames: those of their files, or their numbers.
        rate: frames per second.
        count: of the frames, as far as it is told beforehand; None of a camera.
    """

    first: np.ndarray
    frames: Iterator[np.ndarray]
    names: Iterator[str]
    rate: Fraction
    count: int | None


def open_footage(source: Path, max_frames: int | None = None, *, start: int = 0) -> Footage:
    """The frames of a video, a folder, a camera, or the first sequence of a root of DAVIS-2017.

    Args:
        start: the first of the frames, from 0.

    Raises:
        InputError: there is nothing, or (while reading) a frame has another size than the first.
    """
    if source.is_dir():
        paths = _paths(source)[start:]
        frames, rate, known = (read_image_rgb(path) for path in paths), RATE, len(paths)
        names = (path.stem for path in paths)
    elif is_camera(source) or source.exists():
        rate, known = _rate_and_count(source)
        known = None if known is None else max(0, known - start)
        frames = (
            islice(read_camera(source), start, None)
            if is_camera(source)
            else read_frames(source, start=start)
        )
        names = (f"{number:05d}" for number in count(start))
    else:
        raise InputError(f"{source}: no such video or folder")
    first = next(frames, None)
    if first is None and start:
        raise InputError(f"{source}: ends before frame {start}")
    if first is None:
        raise InputError(f"{source}: no frame found (expected a video, or numbered images)")
    shown = of_one_size(source, islice(chain([first], frames), max_frames), start=start)
    known = min((one for one in (known, max_frames) if one is not None), default=None)
    return Footage(first=first, frames=shown, names=names, rate=rate, count=known)


def _paths(folder: Path) -> list[Path]:
    if (folder / "ImageSets").is_dir():
        return davis.frames(folder, davis.read_names(folder)[0])
    return list_frames(folder, any_step=True)


def of_one_size(
    source: Path, frames: Iterator[np.ndarray], *, start: int = 0
) -> Iterator[np.ndarray]:
    """The frames, until one has another size than the first: an `InputError`."""
    size = None
    for number, image in enumerate(frames, start):
        size = size or image.shape
        if image.shape != size:
            raise InputError(f"{source}: frame {number} has another size than the first")
        yield image


def _rate_and_count(video: Path) -> tuple[Fraction, int | None]:
    """Frames per second of a video, and about how many frames it says it has."""
    if is_camera(video):
        return RATE, None
    try:
        with open_video(video) as opened:
            rate = opened.rate
            told = opened.stream.frames or round((opened.declared or 0) * float(rate or 0))
            return (rate or RATE).limit_denominator(1001), told or None
    except NoVideo:
        return RATE, None  # whoever decodes it says what is wrong
