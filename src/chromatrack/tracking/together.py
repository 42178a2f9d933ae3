"""Several targets of one video, and several alphas, with one network: one call for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from chromatrack.tracking.confidence import History, height
from chromatrack.tracking.embeddings import joined, of_places, rows
from chromatrack.tracking.maps import Maps, covered_ltwh
from chromatrack.tracking.networks import Embedding
from chromatrack.tracking.seen import Seen
from chromatrack.tracking.tracker import SiameseTracker

ON_CPU = 6
"""Patches of a call to the network on a CPU: with more of them each takes longer, as what is in
between leaves the caches (docs/benchmarks.md)."""
ON_GPU = 384
"""On a GPU."""


class Together:
    """Follows targets with the network and the settings of one tracker (`seen.Followers`).

    Each alpha of the network follows each target. Trackers at the same place see the same patches,
    which are embedded once. Boxes are those of each target alone, up to rounding (0.01 pixels).

    Args:
        patches: of a call to the network, at most.
    """

    def __init__(self, tracker: SiameseTracker, *, patches: int = ON_CPU):
        self.patches = patches
        self.tracker, self.network = tracker, tracker.network
        alphas = self.network.alphas
        self.labels = [_label(alpha) for alpha in alphas] if len(alphas) > 1 else [""]

    def init(self, image: np.ndarray, boxes_ltwh: np.ndarray) -> list[Seen]:
        ways = len(self.labels)
        self.trackers = [self.tracker.twin() for _ in range(len(boxes_ltwh) * ways)]
        self.variants = [*range(ways)] * len(boxes_ltwh)
        self.histories = [History() for _ in self.trackers]
        each = np.repeat(np.asarray(boxes_ltwh, dtype=np.float64), ways, axis=0)
        patches = [one.aim(image, box) for one, box in zip(self.trackers, each, strict=True)]
        self._look_at(self.network.embed_exemplar, np.concatenate(patches))
        return [Seen(box) for box in each]

    def update(self, image: np.ndarray) -> list[Seen]:
        patches, places = self._search_patches(image)
        embedded = of_places(self._in_parts(self.network.embed, patches), [places])
        parts = self.network.respond_in_parts(self.exemplars, embedded, self.variants)
        mixed, siamfc, auxiliary = (_of_each(maps, len(self.trackers)) for maps in parts)
        seen = [
            self._moved(number, image, mixed[number], siamfc[number], auxiliary[number])
            for number in range(len(self.trackers))
        ]
        if self.tracker.template_rate > 0:
            renewed = np.concatenate([one.exemplar_patch(image) for one in self.trackers])
            self._look_at(self.network.embed_exemplar, renewed)
        return seen

    def _search_patches(self, image: np.ndarray) -> tuple[np.ndarray, list[int]]:
        """(places * scales, 255, 255, 3), and of each tracker the number of its place."""
        numbers: dict[bytes, int] = {}
        patches = []
        for one in self.trackers:
            if numbers.setdefault(one.place(), len(numbers)) == len(patches):
                patches.append(one.search_patches(image))
        return np.concatenate(patches), [numbers[one.place()] for one in self.trackers]

    def _moved(
        self,
        number: int,
        image: np.ndarray,
        mixed: np.ndarray,
        siamfc: np.ndarray | None,
        auxiliary: np.ndarray | None,
    ) -> Seen:
        """A target after its score maps (scales, n, n)."""
        one = self.trackers[number]
        center_yx, side = one.center_yx.copy(), one.search_side
        box_ltwh = one.move(image, mixed)
        best = one.best_scale
        maps = Maps(
            covered_ltwh(center_yx, side * one.factors[best], mixed.shape[-1]),
            mixed[best],
            None if siamfc is None else siamfc[best],
            None if auxiliary is None else auxiliary[best],
        )
        return Seen(box_ltwh, *self.histories[number].take(height(maps.mixed)), maps)

    def _look_at(self, embed: Callable[[np.ndarray], Embedding], patches: np.ndarray) -> None:
        """Take exemplars, or mix them into those that are there."""
        for one, exemplar in zip(self.trackers, rows(self._in_parts(embed, patches)), strict=True):
            if one.exemplar is None:
                one.exemplar = exemplar
            else:
                one.renew(exemplar)
        self.exemplars = joined(one.exemplar for one in self.trackers)

    def _in_parts(self, embed: Callable[[np.ndarray], Embedding], patches: np.ndarray) -> Embedding:
        """The embeddings of any number of patches."""
        starts = range(0, len(patches), self.patches)
        return joined(embed(patches[start : start + self.patches]) for start in starts)


def _label(alpha: float) -> str:
    """Short where that is exact: two alphas never have one label."""
    short = f"{alpha:g}"
    return short if float(short) == alpha else repr(float(alpha))


def _of_each(maps: Tensor | None, count: int) -> list:
    """(trackers * scales, n, n) -> that of each tracker, (scales, n, n)."""
    if maps is None:
        return [None] * count
    return np.split(np.asarray(maps.cpu()), count)
