"""Sequences and trackers that the tests of tracking runs share."""

import os
import signal
from functools import partial

import numpy as np
import torch

from chromatrack.data import otb
from chromatrack.settings import TrackerSettings
from chromatrack.tracking.load import load_tracker

CPU = torch.device("cpu")
SETTINGS = TrackerSettings()
SEQUENCES = {"A": 6, "B": 4, "C": 1, "D": 5}


def measure_batch_norm(backbone):
    """Statistics as training leaves them: score maps that are next to flat have their peaks where
    an order of additions puts them."""
    with torch.no_grad():
        for _ in range(20):
            backbone.train()(torch.rand(4, 3, 127, 127) * 2 - 1)
    backbone.eval()


def opener(checkpoints, **options):
    options = {"settings": SETTINGS, "device": CPU, **options}
    return partial(load_tracker, checkpoints / "siamfc.pt", **options)


class Standing:
    """A tracker that leaves the box where it is, and fails where it is told to."""

    def __init__(self, at=None, error=None):
        self.at, self.error = at, error

    def init(self, image, box_ltwh):
        self.box, self.frame = np.array(box_ltwh), 0

    def update(self, image):
        self.frame += 1
        if self.frame == self.at:
            if self.error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.error
        return self.box


def boxes(folder):
    return {name: otb.read_boxes(folder / "boxes" / f"{name}.txt") for name in SEQUENCES}
