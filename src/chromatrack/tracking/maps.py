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
class Maps:
    """What a tracker saw of a frame, at the scale that won.

    Attributes:
        search_ltwh: (4,) the part of the image that the maps cover, in pixels, 0-based.
        mixed: (n, n).
        siamfc, auxiliary: (n, n) as they are mixed; None for a branch that is not computed.
    """

    search_ltwh: np.ndarray
    mixed: np.ndarray
    siamfc: np.ndarray | None
    auxiliary: np.ndarray | None


@dataclass(frozen=True, eq=False)
class FrameMaps(Maps):
    """Those of one frame of several.

    Attributes:
        frame: from 0.
    """

    frame: int


def covered_ltwh(center_yx: np.ndarray, search_side: float, cells: int) -> np.ndarray:
    """(4,) what a map of that many cells covers: a cell for each stride of the patch, around its
    middle.

    Args:
        center_yx: of the patch, in pixels of the image.
        search_side: of the patch, in pixels of the image.
    """
    covered = cells * STRIDE / SEARCH_SIZE * search_side
    return ltwh_from_center(center_yx, np.array([covered, covered]))


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
            region = covered_ltwh(center_yx, side * one.factors[one.best_scale], len(mixed))
            found.append(FrameMaps(region, mixed, siamfc, auxiliary, index))
    return boxes_ltwh, found
