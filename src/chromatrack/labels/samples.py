"""Training samples of colorization out of a list of label shards."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromatrack.errors import InputError
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.frames import Frames

OPEN_FILES = 256
"""Shards that one process keeps open; a process may usually open 1,024 files."""


class LabelSamples:
    """Samples of consecutive kept frames; a batch is a function of its step number alone.

    Safe with many workers, forked or spawned: nothing of it is tied to a process.

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
        self.frames = frames
        self.batch_size = batch_size
        self.seed = seed
        self.sampling = sampling
        self._hop = 1 if sampling == "random" else frames
        self._shards: list[Frames] = []
        self._open: OrderedDict[int, None] = OrderedDict()
        first_shape: tuple[int, int, int] | None = None
        first, samples, shard_of = [], [], []
        for index, path in enumerate(shards):
            shard = LabelShard(path)
            if shard.colours != colours:
                raise InputError(f"{path}: holds {shard.colours} colours, expected {colours}")
            shape = (shard.size, shard.grid, shard.frame_stride)
            if (first_shape := first_shape or shape) != shape:
                raise InputError(
                    f"{path}: frames of {shape[0]} px, {shape[1]} cells, every {shape[2]}th; "
                    f"expected {first_shape} as in {shards[0]}"
                )
            lengths = np.diff(shard.clip_offsets)
            first.append(shard.clip_offsets[:-1])
            samples.append(np.maximum(0, (lengths - frames) // self._hop + 1))
            shard_of.append(np.full(len(lengths), index))
            self._shards.append(shard.frames)
        # One entry per clip: of every position, a list would take a gigabyte at full size.
        self._clip_first = np.concatenate(first or [[]]).astype(np.int64)
        self._clip_shard = np.concatenate(shard_of or [[]]).astype(np.int64)
        self._clip_end = np.cumsum(np.concatenate(samples or [[]])).astype(np.int64)
        if len(self) == 0:
            raise InputError(
                f"no clip in {len(self._shards)} label shards has the {frames} kept frames that a "
                "sample spans"
            )

    def __len__(self) -> int:
        """Number of different samples."""
        return int(self._clip_end[-1]) if len(self._clip_end) else 0

    def place(self, index: int) -> tuple[int, int]:
        """Shard, and first frame in it, of a sample."""
        clip = int(np.searchsorted(self._clip_end, index, side="right"))
        begin = int(self._clip_end[clip - 1]) if clip else 0
        first = int(self._clip_first[clip]) + (int(index) - begin) * self._hop
        return int(self._clip_shard[clip]), first

    def sample(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Luma (T, size, size) uint8 and labels (T, g, g) uint8."""
        shard, first = self.place(index)
        frames = self._opened(shard)
        return frames.luma(first, self.frames), frames.labels(first, self.frames)

    def encoded(self, index: int) -> tuple[list[np.ndarray], np.ndarray]:
        """As `sample` with the luma as it is stored: T JPEGs for a decoder on the GPU."""
        shard, first = self.place(index)
        frames = self._opened(shard)
        return frames.encoded(first, self.frames), frames.labels(first, self.frames)

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Luma (B, T, size, size) uint8 and labels (B, T, g, g) uint8 of one step."""
        if self.sampling == "random":
            random = np.random.default_rng([self.seed, step])
            chosen = random.integers(len(self), size=self.batch_size)
        else:
            first = step * self.batch_size
            chosen = np.arange(first, first + self.batch_size) % len(self)
        lumas, labels = zip(*(self.sample(index) for index in chosen), strict=True)
        return np.stack(lumas), np.stack(labels)

    def _opened(self, shard: int) -> Frames:
        self._open[shard] = None
        self._open.move_to_end(shard)
        if len(self._open) > OPEN_FILES:
            self._shards[self._open.popitem(last=False)[0]].close()
        return self._shards[shard]
