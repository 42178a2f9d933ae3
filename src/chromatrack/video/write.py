"""H.264 files that are the same byte for byte for the same frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.codec.context import Flags

from chromatrack.errors import InputError
from chromatrack.streams import whole_stream

CONTAINERS = (".mp4", ".mkv", ".mov", ".avi")
"""Suffixes of files that hold H.264."""


def check_container(path: Path) -> None:
    """An `InputError` where the name of a video to write does not tell its format."""
    if path.suffix.lower() not in CONTAINERS:
        raise InputError(f"{path}: expected a name that ends in {', '.join(CONTAINERS)}")


@contextmanager
def video_writer(
    path: str | Path, *, width: int, height: int, fps: int | Fraction, quality: int
) -> Iterator[Callable[[np.ndarray], None]]:
    """A function that adds a frame (height, width, 3) uint8 RGB, both sides even, to a file.

    The file is H.264, yuv420p; it appears when the body ends, and not at all where it raises.

    Args:
        quality: x264 constant rate factor, 0 (lossless) to 51.
    """
    with whole_stream(path) as sink, av.open(sink, "w", options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        # x264's macroblock tree reads memory that nobody wrote (MALLOC_PERTURB_ shows it): with it
        # the same frames give different bytes from run to run.
        x264 = "mbtree=0"
        stream.options = {"crf": str(quality), "preset": "veryfast", "x264-params": x264}
        # More threads would cut the frames into other slices on other machines.
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= Flags.bitexact

        def add(rgb: np.ndarray) -> None:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            sink.check()

        yield add
        out.mux(stream.encode())


def write_video(
    path: str | Path,
    frames: Iterable[np.ndarray],
    *,
    width: int,
    height: int,
    fps: int | Fraction,
    quality: int,
) -> None:
    """Encode frames as `video_writer` takes them."""
    with video_writer(path, width=width, height=height, fps=fps, quality=quality) as add:
        for rgb in frames:
            add(rgb)


def even(image: np.ndarray) -> np.ndarray:
    """An image with both sides even, as yuv420p needs them: the last row or column is repeated."""
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
