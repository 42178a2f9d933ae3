"""Score maps of both branches and of their mix while a target is followed (Figures 3.4, 3.9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.geometry import ltwh_from_center
from chromatrack.tracking.contract import at_frame
from chromatrack.tracking.networks import Embedding, FusedNetwork
from chromatrack.tracking.tracker import SEARCH_SIZE, STRIDE, SiameseTracker


@dataclass(frozen=True, eq=False)
class FrameMaps:
    """What a tracker saw in a frame, at the scale that won.

    Attributes:
        frame: from 0.
        search_ltwh: (4,) the part of the image that the maps cover, in pixels, 0-based.
        siamfc, auxiliary: (n, n) as they are mixed.
        mixed: (n, n).
    """

    frame: int
    search_ltwh: np.ndarray
    siamfc: np.ndarray
    auxiliary: np.ndarray
    mixed: np.ndarray


class _Watched:
    """A network whose last maps are kept; trackers that are not watched do not know of it."""

    def __init__(self, network: FusedNetwork):
        self.network = network
        self.embed, self.embed_exemplar = network.embed, network.embed_exemplar
        self.maps: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def respond(self, exemplar: Embedding, search: Embedding) -> Tensor:
        mixed = self.network.respond(exemplar, search)
        first, second = self.network.branch_maps(exemplar, search)
        self.maps = tuple(np.asarray(maps.cpu()) for maps in (first, second, mixed))
        return mixed


def track_with_maps(
    tracker: SiameseTracker, sequence: Sequence, frames: Collection[int]
) -> tuple[np.ndarray, list[FrameMaps]]:
    """Follow the target as `single.track_sequence` does, and keep the maps of some frames.

    Args:
        tracker: whose network has one alpha and computes both branches.
        frames: whose maps are kept; the first one has none.

    Returns:
        boxes_ltwh (N, 4), and the maps in the order of the frames.
    """
    one = tracker.twin()
    one.network = watched = _Watched(tracker.network)
    boxes_ltwh, found = np.zeros((len(sequence), 4)), []
    boxes_ltwh[0] = sequence.boxes_ltwh[0]
    for index, path in enumerate(sequence.frames):
        with at_frame(sequence, index):
            image = read_image_rgb(path)
            if index == 0:
                one.init(image, sequence.boxes_ltwh[0])
                continue
            center_yx, side = one.center_yx.copy(), one.search_side
            boxes_ltwh[index] = one.update(image)
        if index in frames:
            siamfc, auxiliary, mixed = (maps[one.best_scale] for maps in watched.maps)
            # A map has a cell for each stride of the patch, around its middle.
            covered = len(mixed) * STRIDE / SEARCH_SIZE * side * one.factors[one.best_scale]
            region = ltwh_from_center(center_yx, np.array([covered, covered]))
            found.append(FrameMaps(index, region, siamfc, auxiliary, mixed))
    return boxes_ltwh, found
