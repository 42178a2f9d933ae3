"""Memory that is used again for every frame of a video."""

from __future__ import annotations

import numpy as np

LINE = 64
"""Bytes of a line of the cache."""


class Scratch:
    """uint8 arrays by name, one of each: fresh memory costs a frame as much as the work on it."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The array of this name, with what was left in it; a new one if the shape is another."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape:
            array = self._arrays[name] = np.empty(shape, dtype=np.uint8)
        return array

    def planes(self, name: str, count: int, shape: tuple[int, int]) -> list[np.ndarray]:
        """As many contiguous planes, each of which begins at another place of a line of the cache.

        Where they begin at the same place, OpenCV's `split` writes past the cache: twenty times as
        long for rows of 340 pixels that lie apart in the source.
        """
        size = shape[0] * shape[1]
        room = -(-size // LINE) * LINE + 1
        memory = self.array(name, (count * room,))
        return [memory[i * room :][:size].reshape(shape) for i in range(count)]
