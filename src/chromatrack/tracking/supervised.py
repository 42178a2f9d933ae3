"""The supervised experiment of VOT: a failed tracker is started again (thesis 5.5.1)."""

from __future__ import annotations

import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.data.vot import regions
from chromatrack.metrics.regions import region_overlap
from chromatrack.metrics.vot import (
    FAILED,
    INITIALIZED,
    RESTART_AFTER,
    SKIPPED,
    TRACKED,
)
from chromatrack.tracking.contract import Tracker, at_frame


def supervised_run(
    tracker: Tracker, sequence: Sequence
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Track a sequence; start again 5 frames after each failure.

    Returns:
        overlaps (N,), states (N,) as `metrics/vot.py` defines them, and boxes_ltwh (N, 4), NaN
        where no tracker was running.
    """
    count = len(sequence)
    starts, truth = sequence.boxes_ltwh, regions(sequence)
    overlaps = np.zeros(count)
    states = np.full(count, SKIPPED)
    boxes_ltwh = np.full((count, 4), np.nan)
    start_at = 0
    for index, path in enumerate(sequence.frames):
        if index < start_at:
            continue
        with at_frame(sequence, index):
            image = read_image_rgb(path)
            if index == start_at:
                tracker.init(image, starts[index])
            else:
                boxes_ltwh[index] = tracker.update(image)
        if index == start_at:
            boxes_ltwh[index], states[index], overlaps[index] = starts[index], INITIALIZED, 1.0
            continue
        overlaps[index] = region_overlap(boxes_ltwh[index], truth[index], image.shape[:2])
        states[index] = TRACKED if overlaps[index] > 0 else FAILED
        if states[index] == FAILED:
            start_at = index + RESTART_AFTER
    return overlaps, states, boxes_ltwh
