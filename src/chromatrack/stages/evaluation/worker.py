"""Tracks one sequence after the other, in the process that it is in."""

from __future__ import annotations

import sys
from collections.abc import Sequence as Sequences

import cv2
import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.errors import ChromatrackError
from chromatrack.tracking.contract import Failed, OpenTracker
from chromatrack.tracking.single import track_sequence

Job = tuple[int, Sequence]
"""Number of the run, and the sequence."""

Found = tuple[int, str, np.ndarray, np.ndarray]
"""Number of the run, name of the sequence, boxes_ltwh (N, 4), seconds (N,)."""


class Worker:
    """With one tracker per run, made when it is needed."""

    def __init__(self, open_trackers: Sequences[OpenTracker]):
        # Parallel is over sequences: threads that share cores with others wait for each other, and
        # boxes do not depend on their number.
        cv2.setNumThreads(1)
        self.open_trackers = open_trackers
        self.trackers = {}

    def __call__(self, job: Job) -> Found | Failed:
        number, sequence = job
        if number not in self.trackers:
            self.trackers[number] = self.open_trackers[number]()
            if "torch" in sys.modules:  # nobody else waits for it
                sys.modules["torch"].set_num_threads(1)
        try:
            return number, sequence.name, *track_sequence(self.trackers[number], sequence)
        except ChromatrackError as error:
            return Failed(sequence.name, error)


class Sweeper:
    """With one tracker whose variants are the runs: each frame is decoded once for all of them."""

    def __init__(self, open_together: OpenTracker):
        cv2.setNumThreads(1)
        self.tracker = open_together()
        sys.modules["torch"].set_num_threads(1)

    def __call__(self, job: tuple[list[int], Sequence]) -> list[Found] | Failed:
        from chromatrack.tracking.sweep import sweep

        numbers, sequence = job
        try:
            found = sweep(self.tracker, sequence, numbers)
        except ChromatrackError as error:
            return Failed(sequence.name, error)
        return [(number, sequence.name, *one) for number, one in zip(numbers, found, strict=True)]
