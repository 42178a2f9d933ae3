"""What a target costs the CPU beside its network: on a GPU, all that tracking waits for.

    python -m benchmarks.beside_network [--frames 40] [--rounds 5]     (CHROMATRACK_REAL_DATA)

CPU milliseconds of one thread: decoding a frame, cutting its three search patches, and what becomes
of the score maps (upsampling, window, peak). The network is left out: the maps are random, and the
target is put back where it is after each frame. Median over rounds of all sequences.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from benchmarks.common import REAL_DATA, finish, over_rounds, result
from chromatrack.cli.common import count_value
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_sequences
from chromatrack.data.sequence import Sequence
from chromatrack.tracking.tracker import SiameseTracker

STEPS = ("decoding a frame", "cutting three patches", "score maps to a box")


def follow(tracker: SiameseTracker, sequence: Sequence, random: np.random.Generator) -> np.ndarray:
    """(3,) CPU seconds of all its frames, step by step."""
    seconds = np.zeros(len(STEPS))
    for path, box_ltwh in zip(sequence.frames, sequence.boxes_ltwh, strict=True):
        maps = random.standard_normal((len(tracker.factors), 17, 17)).astype(np.float32)
        began = time.process_time()
        image = read_image_rgb(path)
        decoded = time.process_time()
        tracker.aim(image, box_ltwh)
        aimed = time.process_time()
        tracker.search_patches(image)
        cut = time.process_time()
        tracker.move(image, maps)
        seconds += decoded - began, cut - aimed, time.process_time() - cut
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=count_value, default=40, help="of each sequence")
    parser.add_argument("--rounds", type=count_value, default=5)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sequences = [sequence.first(options.frames) for sequence in read_sequences(REAL_DATA / "otb")]
    frames = sum(len(sequence) for sequence in sequences)
    tracker, random = SiameseTracker(network=None), np.random.default_rng(0)
    rounds = [
        1e3 / frames * sum(follow(tracker, sequence, random) for sequence in sequences)
        for _ in range(options.rounds)
    ]
    results = []
    for name, taken in zip(STEPS, zip(*rounds, strict=True), strict=True):
        results.append(result(name, *over_rounds(taken, "CPU milliseconds")))
    finish(results)


if __name__ == "__main__":
    main()
