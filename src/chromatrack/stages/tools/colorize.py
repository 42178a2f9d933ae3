"""A grey video coloured from its first frame (thesis 3.2.4, the first of its downstream tasks)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import tee
from pathlib import Path

import cv2
import numpy as np

from chromatrack.errors import InputError
from chromatrack.progress import progress
from chromatrack.tracking import targets
from chromatrack.tracking.propagator import Propagator
from chromatrack.video.footage import open_footage
from chromatrack.video.write import check_container, even, write_video

PANELS = ("grey", "coloured", "truth")
"""What stands side by side in the video, from left to right."""


def colorize(
    propagator: Propagator, source: Path, output: Path, *, max_frames: int | None = None
) -> int:
    """Colour a grey video from the colours of its first frame; returns the number of frames.

    Every other frame gives its L alone: a and b of 8-bit Lab are carried like any other label.

    Args:
        propagator: with soft labels; a colour is no class that could win.
        source: a video, a folder of numbered images, or the root of DAVIS-2017 (the first sequence
            of its val list).
        output: video (.mp4, .mkv, ...) of the three `PANELS`.
    """
    check_container(output)
    if propagator.scaling.sees_colours:
        raise InputError(
            "--checkpoint: its network sees colours, and would copy what it is to find; expected "
            "one that was trained with colorization.input: luma"
        )
    footage = open_footage(source, max_frames)
    truths, given = tee(footage.frames)
    planes = propagator(given, targets.colour_planes(footage.first))
    shown = progress(zip(truths, planes, strict=True), what="colorize", unit="frame")
    height, width = footage.first.shape[0], len(PANELS) * footage.first.shape[1]
    write_video(
        output,
        _side_by_side(shown),
        width=width + width % 2,
        height=height + height % 2,
        fps=footage.rate,
        quality=18,
    )
    return shown.n


def _side_by_side(shown) -> Iterator[np.ndarray]:
    for truth, planes in shown:
        lightness = cv2.cvtColor(truth, cv2.COLOR_RGB2LAB)[..., 0]
        grey = cv2.cvtColor(lightness, cv2.COLOR_GRAY2RGB)
        yield even(np.hstack([grey, targets.coloured(truth, planes), truth]))
