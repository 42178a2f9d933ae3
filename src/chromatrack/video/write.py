"""H.264 files that are the same byte for byte for the same frames."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags

from chromatrack.streams import whole_stream


def write_video(
    path: str | Path,
    frames: Iterable[np.ndarray],
    *,
    width: int,
    height: int,
    fps: int,
    quality: int,
) -> None:
    """Encode frames (height, width, 3) uint8 RGB, both sides even, as H.264, yuv420p.

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
        for rgb in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            sink.check()
        out.mux(stream.encode())
