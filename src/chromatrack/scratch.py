"""Memory that is used again for every frame of a video."""

from __future__ import annotations

import numpy as np


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
