"""Training samples of colorization out of a list of label shards."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chromatrack.data.kinetics import video_of
from chromatrack.errors import InputError
from chromatrack.files import some_of
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.frames import Frames

OPEN_FILES = 256
"""Shards that one process keeps open; a process may usually open 1,024 files."""

Part = Literal["all", "training", "held_out"]


def is_held_out(clip_id: str, share: float) -> bool:
    """Whether a clip is kept for validation.

    It follows from the id alone, however clips lie in shards, and two windows of one video go the
    same way.
    """
    digest = hashlib.sha256(video_of(clip_id).encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _unlike(one: dict[str, Any], other: dict[str, Any]) -> str:
    """The first thing in which a recipe differs from another, as key and value."""
    key = next(key for key in (*one, *other) if one.get(key) != other.get(key))
    return f"{key} {one.get(key)}"


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
        part: the clips to draw from; `held_out` are a share of them, see `is_held_out`.
        held_out: that share, 0 to 1.
        chroma: samples hold Lab, and not L alone; every shard must have kept its chroma.

    Attributes:
        size, grid: side of the frames in pixels, and of the label maps in cells.

    Raises:
        InputError: a shard with another number of colours or without chroma, or no clip long
            enough.
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
        part: Part = "all",
        held_out: float = 0.0,
        chroma: bool = False,
    ):
        self.frames = frames
        self.batch_size = batch_size
        self.colours = colours
        self.seed = seed
        self.sampling = sampling
        self.chroma = chroma
        self._hop = 1 if sampling == "random" else frames
        self._shards: list[Frames] = []
        self._open: OrderedDict[int, None] = OrderedDict()
        first_shape: tuple[int, int, int] | None = None
        recipe: dict[str, Any] | None = None
        first, samples, shard_of = [], [], []
        for index, path in enumerate(shards):
            shard = LabelShard(path)
            if shard.colours != colours:
                raise InputError(f"{path}: holds {shard.colours} colours, expected {colours}")
            if chroma and not shard.has_chroma:
                raise InputError(
                    f"{path}: holds L alone; input lab or rgb, and the loss nll_and_chroma, need a "
                    "cache made with labels.chroma: true"
                )
            shape = (shard.size, shard.grid, shard.frame_stride)
            if (first_shape := first_shape or shape) != shape:
                raise InputError(
                    f"{path}: frames of {shape[0]} px, {shape[1]} cells, every {shape[2]}th; "
                    f"expected {first_shape} as in {shards[0]}"
                )
            recipe = recipe or shard.recipe
            if shard.recipe != recipe:
                raise InputError(
                    f"{path}: was made with {_unlike(shard.recipe, recipe)}, and {shards[0]} was "
                    "not; expected caches of one recipe"
                )
            lengths = np.diff(shard.clip_offsets)
            first.append(shard.clip_offsets[:-1])
            possible = np.maximum(0, (lengths - frames) // self._hop + 1)
            if part != "all":
                held = np.array([is_held_out(clip, held_out) for clip in shard.clip_ids], bool)
                possible = np.where(held == (part == "held_out"), possible, 0)
            samples.append(possible)
            shard_of.append(np.full(len(lengths), index))
            self._shards.append(shard.frames)
        self.size, self.grid = (first_shape or (0, 0, 0))[:2]
        # One entry per clip: of every position, a list would take a gigabyte at full size.
        self._clip_first = np.concatenate(first or [[]]).astype(np.int64)
        self._clip_shard = np.concatenate(shard_of or [[]]).astype(np.int64)
        self._clip_end = np.cumsum(np.concatenate(samples or [[]])).astype(np.int64)
        if len(self) == 0:
            kind = {"all": "", "training": "training ", "held_out": "held-out "}[part]
            raise InputError(
                f"{some_of(shards)}: no {kind}clip in {len(self._shards)} label shards has the "
                f"{frames} kept frames that a sample spans"
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
        """Luma (T, size, size) or Lab (T, size, size, 3) uint8, and labels (T, g, g) uint8."""
        shard, first = self.place(index)
        frames = self._opened(shard)
        read = frames.lab if self.chroma else frames.luma
        labels = frames.labels(first, self.frames)
        if labels.max() >= self.colours:
            raise InputError(
                f"{self._name(shard, first)}: damaged: a label of {labels.max()}, expected less "
                f"than {self.colours}"
            )
        return read(first, self.frames), labels

    def encoded(self, index: int) -> tuple[list[np.ndarray], np.ndarray]:
        """As `sample` with the luma as it is stored: T JPEGs for a decoder on the GPU."""
        shard, first = self.place(index)
        frames = self._opened(shard)
        return frames.encoded(first, self.frames), frames.labels(first, self.frames)

    def batch(self, step: int, share: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Luma (B, T, size, size) or Lab (B, T, size, size, 3), and labels (B, T, g, g), uint8.

        Args:
            share: the samples of the batch that are read; a process reads its own.
        """
        chosen = self._chosen(step)[share]
        lumas, labels = zip(*(self.sample(index) for index in chosen), strict=True)
        return np.stack(lumas), np.stack(labels)

    def names(self, step: int, share: slice = slice(None)) -> list[str]:
        """Shard file and clip id of the samples of a batch, for messages."""
        places = [self.place(index) for index in self._chosen(step)[share]]
        return [self._name(shard, frame) for shard, frame in places]

    def _chosen(self, step: int) -> np.ndarray:
        if self.sampling == "random":
            random = np.random.default_rng([self.seed, step])
            return random.integers(len(self), size=self.batch_size)
        first = step * self.batch_size
        return np.arange(first, first + self.batch_size) % len(self)

    def _name(self, shard: int, frame: int) -> str:
        # Read again: the names of all clips would fill the memory of every loader process.
        opened = LabelShard(self._shards[shard].path)
        clip = int(np.searchsorted(opened.clip_offsets, frame, side="right")) - 1
        return f"{opened.clip_ids[clip]} in {opened.path.name}"

    def _opened(self, shard: int) -> Frames:
        self._open[shard] = None
        self._open.move_to_end(shard)
        if len(self._open) > OPEN_FILES:
            self._shards[self._open.popitem(last=False)[0]].close()
        return self._shards[shard]
