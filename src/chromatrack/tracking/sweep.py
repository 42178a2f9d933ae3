"""Several alphas of one checkpoint over a sequence, in one go.

Each frame is decoded once, and what trackers that are at the same place see is embedded once. The
boxes are those of each alpha alone, bit by bit.
"""

from __future__ import annotations

import time

import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.tracking.contract import at_frame
from chromatrack.tracking.networks import Known
from chromatrack.tracking.tracker import SiameseTracker


def sweep(
    tracker: SiameseTracker, sequence: Sequence, variants: list[int]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Follow the target with some of the alphas of a tracker's network.

    Args:
        tracker: whose network has several alphas.
        variants: numbers of those that are to follow it.

    Returns:
        Of each, boxes_ltwh (N, 4), and seconds (N,) per frame: its share of what the frame took.
    """
    trackers = [tracker.twin() for _ in variants]
    for one, variant in zip(trackers, variants, strict=True):
        one.network = tracker.network.only(variant)
    boxes_ltwh = np.zeros((len(variants), len(sequence), 4))
    boxes_ltwh[:, 0] = sequence.boxes_ltwh[0]
    seconds = np.zeros(len(sequence))
    for index, path in enumerate(sequence.frames):
        began = time.perf_counter()
        with at_frame(sequence, index):
            image = read_image_rgb(path)
            if index == 0:
                _start(trackers, image, sequence.boxes_ltwh[0])
            else:
                seen: dict[bytes, tuple[np.ndarray, Known]] = {}
                for number, one in enumerate(trackers):
                    boxes_ltwh[number, index] = _update(one, image, seen)
        seconds[index] = (time.perf_counter() - began) / len(variants)
    return [(boxes, seconds) for boxes in boxes_ltwh]


def _start(trackers: list[SiameseTracker], image: np.ndarray, box_ltwh: np.ndarray) -> None:
    made: Known = {}
    for one in trackers:
        one.exemplar = one.network.embed_exemplar(one.aim(image, box_ltwh), made)


def _update(
    one: SiameseTracker, image: np.ndarray, seen: dict[bytes, tuple[np.ndarray, Known]]
) -> np.ndarray:
    where = one.place()
    if where not in seen:
        seen[where] = one.search_patches(image), {}
    return one.update(image, *seen[where])
