"""Training samples of colorization out of a list of label shards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from chromatrack.errors import InputError
from chromatrack.labels.cache import LabelShard


class LabelSamples:
    """Samples of consecutive kept frames; a batch is a function of its step number alone.

    Args:
        shards: label files.
        frames: frames of a sample: the references and, last, the target.
        batch_size: samples per batch.
        colours: number of labels; every shard must have been made with it.
        sampling: `random` draws uniformly over all positions of all clips; `sequential` goes
            clip by clip without overlap, as the thesis's code did.
        seed: of the random order.

    Raises:
        InputError: a shard with another number of colours, or no clip long enough.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        *,
        frames: int,
        batch_size: int,
        colours: int,
        sampling: str = "random",
        seed: int = 0,
    ):
        self.paths = [Path(path) for path in shards]
        self.frames = frames
        self.batch_size = batch_size
        self.seed = seed
        self.sampling = sampling
        self._opened: dict[int, LabelShard] = {}
        self._process = os.getpid()
        hop = 1 if sampling == "random" else frames
        self.starts = np.array(
            [
                (index, start)
                for index, path in enumerate(self.paths)
                for start in self._starts_of(path, hop, colours)
            ],
            dtype=np.int64,
        ).reshape(-1, 2)
        if len(self.starts) == 0:
            raise InputError(
                f"no clip in {len(self.paths)} label shards has the {frames} kept frames that a "
                "sample spans"
            )

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Luma (B, T, size, size) uint8 and labels (B, T, g, g) uint8 of one step."""
        if self.sampling == "random":
            random = np.random.default_rng([self.seed, step])
            chosen = random.integers(len(self.starts), size=self.batch_size)
        else:
            first = step * self.batch_size
            chosen = np.arange(first, first + self.batch_size) % len(self.starts)
        lumas, labels = [], []
        for shard_index, start in self.starts[chosen]:
            shard = self._shard(int(shard_index))
            span = range(int(start), int(start) + self.frames)
            lumas.append(np.stack([shard.luma(frame) for frame in span]))
            labels.append(np.stack([shard.labels(frame) for frame in span]))
        return np.stack(lumas), np.stack(labels)

    def _starts_of(self, path: Path, hop: int, colours: int) -> list[int]:
        shard = LabelShard(path)
        try:
            if shard.colours != colours:
                raise InputError(f"{path}: holds {shard.colours} colours, expected {colours}")
            offsets = shard.clip_offsets
            return [
                start
                for first, last in pairwise(offsets)
                for start in range(first, last - self.frames + 1, hop)
            ]
        finally:
            shard.close()

    def _shard(self, index: int) -> LabelShard:
        # An HDF5 handle must not cross a fork: each process opens its own.
        if self._process != os.getpid():
            self._opened, self._process = {}, os.getpid()
        if index not in self._opened:
            self._opened[index] = LabelShard(self.paths[index])
        return self._opened[index]
