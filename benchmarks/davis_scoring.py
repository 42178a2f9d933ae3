"""How long J and F of one frame of DAVIS take, all objects together.

    python -m benchmarks.davis_scoring            (real masks: CHROMATRACK_REAL_DATA)

The masks of three objects are those of the three real sequences laid over each other, each against
its own mask of some frames later. `spread` is as bad as it gets: three objects in stripes over the
whole frame, whose boundaries are everywhere. CPU time of one thread, without and with reading.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.data import davis as data
from chromatrack.metrics import davis

FRAMES = 40
LATER = 5
BAR = "<= 30"


def score(ids: np.ndarray, truth: np.ndarray) -> None:
    """J and F of the objects 1 to 3 of one frame."""
    for number in (1, 2, 3):
        pair = davis.object_mask(ids, number), davis.object_mask(truth, number)
        davis.region_similarity(*pair)
        davis.contour_accuracy(*pair)


def milliseconds(work: Callable[[int], None]) -> list[float]:
    """CPU milliseconds of each of FRAMES calls, after one that warms up."""
    work(0)
    times = []
    for index in range(FRAMES):
        began = time.process_time()
        work(index)
        times.append(1000 * (time.process_time() - began))
    return times


def main() -> None:
    cv2.setNumThreads(1)
    root = REAL_DATA / "davis"
    if not root.is_dir():
        sys.exit(f"{root}: expected sequences of DAVIS; set CHROMATRACK_REAL_DATA")
    paths = [data.masks(root, name) for name in data.read_names(root)]

    def layered(index: int) -> np.ndarray:
        ids = np.zeros((480, 854), dtype=np.uint8)
        for number, masks in enumerate(paths, start=1):
            ids[data.read_mask(masks[index % len(masks)]) > 0] = number
        return ids

    real = [layered(index) for index in range(FRAMES + LATER)]
    stripes = np.indices((480, 854)).sum(axis=0) // 20 % 4
    spread = stripes.astype(np.uint8), np.roll(stripes, 7, axis=1).astype(np.uint8)
    parts = {
        "real": lambda index: score(real[index + LATER], real[index]),
        "real, three masks decoded too": lambda index: score(layered(index + LATER), real[index]),
        "spread": lambda index: score(*spread),
    }
    results = []
    for name, work in parts.items():
        times = milliseconds(work)
        what = f"{name}: J and F of 3 objects at 854x480"
        results.append(result(f"{what}, median", statistics.median(times), "ms", BAR))
        results.append(result(f"{what}, slowest of {FRAMES}", max(times), "ms", BAR))
    finish(results)


if __name__ == "__main__":
    main()
