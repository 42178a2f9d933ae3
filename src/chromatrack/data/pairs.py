"""Training pairs out of crop shards; a batch is a function of its step number alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from chromatrack.data.augmentation import Augmentation
from chromatrack.data.crops import CropShard
from chromatrack.errors import InputError
from chromatrack.files import some_of
from chromatrack.patches import EXEMPLAR_SIZE

OPEN_FILES = 256
"""Shards that one process keeps open; a process may usually open 1,024 files."""


class PairBatch(NamedTuple):
    """Pairs as bytes.

    Attributes:
        exemplars: (B, 127, 127, 3) uint8 RGB.
        searches: (B, S, S, 3) uint8 RGB.
        offsets: (B, 2) float32, pixels (y, x) by which the target lies off the place in the search
            patch that it has in the exemplar.
    """

    exemplars: np.ndarray
    searches: np.ndarray
    offsets: np.ndarray


class CropPairs:
    """Pairs of an exemplar and a search patch from a later frame of the same target.

    A sequence is drawn uniformly, then one of its pairs of frames uniformly. Pair number i is the
    same whatever the batches, the loader processes and the processes of a training are.

    Args:
        shards: crop files.
        batch_size: pairs of a step, of all processes together.
        augmentation: what happens to the crops.
        min_gap, max_gap: least and largest distance of the two frames, in frames.
        seed: of the random order.

    Raises:
        InputError: a file that is no crop shard, crops that are too small for the augmentation, or
            no sequence with two usable frames.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        *,
        batch_size: int,
        augmentation: Augmentation,
        min_gap: int = 1,
        max_gap: int = 100,
        seed: int = 0,
    ):
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.seed = seed
        self._shards = [CropShard(path) for path in shards]
        self._open: OrderedDict[int, None] = OrderedDict()
        self.sequences: list[tuple[int, int, np.ndarray, np.ndarray]] = []
        for index, shard in enumerate(self._shards):
            if shard.size < augmentation.crop_size:
                raise InputError(
                    f"{shard.path}: crops of {shard.size} px, but siamfc.shift needs "
                    f"{augmentation.crop_size} px; raise crops.margin"
                )
            self.sequences += _sequences(index, shard, min_gap, max_gap)
        if not self.sequences:
            raise InputError(
                f"{some_of(shards)}: no sequence in {len(self._shards)} crop shards has two "
                f"usable frames (visible, 20 to 500 px, aspect ratio 1:4 to 4:1) {min_gap} to "
                f"{max_gap} apart"
            )

    def batch(self, step: int, share: slice = slice(None)) -> PairBatch:
        """The pairs of one step.

        Args:
            share: the pairs of the batch that are read; a process reads its own.
        """
        chosen = range(self.batch_size)[share]
        size = self.augmentation.search_size
        batch = PairBatch(
            np.empty((len(chosen), EXEMPLAR_SIZE, EXEMPLAR_SIZE, 3), dtype=np.uint8),
            np.empty((len(chosen), size, size, 3), dtype=np.uint8),
            np.empty((len(chosen), 2), dtype=np.float32),
        )
        for place, index in enumerate(chosen):
            random = np.random.default_rng([self.seed, step * self.batch_size + index])
            shard, early, late = self._draw(random)
            batch.offsets[place] = self.augmentation.pair(
                self._crop(shard, early),
                self._crop(shard, late),
                random,
                exemplar=batch.exemplars[place],
                search=batch.searches[place],
            )
        return batch

    def _draw(self, random: np.random.Generator) -> tuple[int, int, int]:
        """Shard, and in it the crops of exemplar and search patch."""
        shard, first, later, ends = self.sequences[random.integers(len(self.sequences))]
        pair = int(random.integers(ends[-1]))
        early = int(np.searchsorted(ends, pair, side="right"))
        before = int(ends[early - 1]) if early else 0
        return shard, first + early, first + int(later[early]) + pair - before

    def _crop(self, index: int, crop: int) -> np.ndarray:
        shard = self._shards[index]
        self._open[index] = None
        self._open.move_to_end(index)
        if len(self._open) > OPEN_FILES:
            self._shards[self._open.popitem(last=False)[0]].close()
        image = cv2.imdecode(shard.jpeg(crop), cv2.IMREAD_COLOR)
        if image is None or image.shape[:2] != (shard.size, shard.size):
            raise InputError(f"{shard.path}: damaged: crop {crop} is no JPEG of {shard.size} px")
        return image


def _sequences(
    index: int, shard: CropShard, min_gap: int, max_gap: int
) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    """Sequences that hold a pair: shard, first crop, and per crop, as the earlier of a pair, the
    first one that may be the later, and the number of pairs up to it."""
    found = []
    bounds = shard.sequence_offsets
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        numbers = shard.frames[first:last]
        later = np.searchsorted(numbers, numbers + min_gap, side="left")
        ends = np.cumsum(np.searchsorted(numbers, numbers + max_gap, side="right") - later)
        if len(ends) and ends[-1] > 0:
            found.append((index, first, later, ends))
    return found
