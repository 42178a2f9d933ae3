"""Frames of a label cache, read at their place in the file and not through HDF5.

The big datasets are contiguous, so that where a frame lies is arithmetic, and a read is one call of
the operating system: no library state that a fork or a thread could break, and tens of thousands of
reads per second.
"""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from chromatrack.errors import InputError


class Frames:
    """Luma and labels of the frames of one file; it is opened at the first read.

    Args:
        path: the file.
        luma_at, offsets_at, labels_at: first byte of these datasets in the file; None if empty.
        grid: side of a label map, in cells.
        raw_size: side of the frames in pixels where luma is stored as it is; None: JPEGs.
    """

    def __init__(
        self,
        path: Path,
        *,
        luma_at: int | None,
        offsets_at: int | None,
        labels_at: int | None,
        grid: int,
        raw_size: int | None = None,
    ):
        self.path = path
        self._luma_at = luma_at
        self._offsets_at = offsets_at
        self._labels_at = labels_at
        self._grid = grid
        self._raw_size = raw_size
        self._descriptor: int | None = None

    def encoded(self, first: int, count: int = 1) -> list[np.ndarray]:
        """The luma of consecutive frames as it is stored, (bytes,) uint8 each."""
        offsets = self._read(self._offsets_at + 8 * first, 8 * (count + 1)).view(np.int64)
        data = self._read(self._luma_at + int(offsets[0]), int(offsets[-1] - offsets[0]))
        return np.split(data, offsets[1:-1] - offsets[0])

    def luma(self, first: int, count: int = 1) -> np.ndarray:
        """(count, size, size) uint8 L channel of consecutive frames."""
        if self._raw_size:
            pixels = self._raw_size**2
            data = self._read(self._luma_at + pixels * first, pixels * count)
            return data.reshape(count, self._raw_size, self._raw_size)
        decoded = [cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE) for jpeg in self.encoded(first, count)]
        if any(image is None for image in decoded):
            raise InputError(f"{self.path}: damaged: frame {first} is not a JPEG")
        return np.stack(decoded)

    def labels(self, first: int, count: int = 1) -> np.ndarray:
        """(count, g, g) uint8 labels of consecutive frames."""
        cells = self._grid**2
        data = self._read(self._labels_at + cells * first, cells * count)
        return data.reshape(count, self._grid, self._grid)

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self, place: int, size: int) -> np.ndarray:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        # pread has no position: processes that share the descriptor do not disturb each other.
        data = os.pread(self._descriptor, size, place)
        if len(data) < size:
            raise InputError(f"{self.path}: damaged: ends before the frames that it lists")
        return np.frombuffer(data, dtype=np.uint8)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_descriptor": None}

    def __del__(self) -> None:
        self.close()
