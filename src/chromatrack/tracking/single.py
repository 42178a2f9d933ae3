"""One sequence, one tracker: its boxes and the time of each frame."""

from __future__ import annotations

import time

import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.tracking.contract import Tracker, at_frame


def track_sequence(tracker: Tracker, sequence: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Follow the target from its first box.

    Returns:
        boxes_ltwh (N, 4), and seconds (N,) per frame, decoding included.
    """
    boxes_ltwh, seconds = np.zeros((len(sequence), 4)), np.zeros(len(sequence))
    boxes_ltwh[0] = sequence.boxes_ltwh[0]
    for index, path in enumerate(sequence.frames):
        began = time.perf_counter()
        with at_frame(sequence, index):
            image = read_image_rgb(path)
            if index == 0:
                tracker.init(image, sequence.boxes_ltwh[0])
            else:
                boxes_ltwh[index] = tracker.update(image)
        seconds[index] = time.perf_counter() - began
    return boxes_ltwh, seconds
