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
    """Luma, labels and maybe chroma of the frames of one file; it is opened at the first read.

    Args:
        path: the file.
        planes: `luma` and, if kept, `chroma` -> first byte in the file of the dataset and of its
            offsets; None if empty.
        labels_at: first byte of the labels; None if empty.
        grid: side of a label map, in cells.
        size: side of the frames, in pixels.
        raw: the planes are stored as they are; else as JPEGs.
    """

    def __init__(
        self,
        path: Path,
        *,
        planes: dict[str, tuple[int | None, int | None]],
        labels_at: int | None,
        grid: int,
        size: int,
        raw: bool = False,
    ):
        self.path = path
        self._planes = planes
        self._labels_at = labels_at
        self._grid = grid
        self._size = size
        self._raw = raw
        self._descriptor: int | None = None

    def encoded(self, first: int, count: int = 1, *, plane: str = "luma") -> list[np.ndarray]:
        """A plane of consecutive frames as it is stored, (bytes,) uint8 each."""
        data, offsets = self._stored(plane, first, count)
        return np.split(data, offsets[1:-1])

    def _stored(self, plane: str, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Bytes of consecutive frames, and (count + 1,) where each begins and the last one ends."""
        at, offsets_at = self._planes[plane]
        offsets = self._read(offsets_at + 8 * first, 8 * (count + 1)).view(np.int64)
        data = self._read(at + int(offsets[0]), int(offsets[-1] - offsets[0]))
        return data, offsets - offsets[0]

    def luma(self, first: int, count: int = 1) -> np.ndarray:
        """(count, size, size) uint8 L channel of consecutive frames."""
        return self._pixels("luma", first, count, width=self._size)

    def lab(self, first: int, count: int = 1) -> np.ndarray:
        """(count, size, size, 3) uint8 Lab of consecutive frames; a and b are interpolated."""
        half = self._pixels("chroma", first, count, width=self._size // 2)
        frames = []
        for luma, planes in zip(self.luma(first, count), half, strict=True):
            ab = [
                cv2.resize(plane, luma.shape, interpolation=cv2.INTER_LINEAR)
                for plane in np.split(planes, 2)
            ]
            frames.append(cv2.merge([luma, *ab]))
        return np.stack(frames)

    def _pixels(self, plane: str, first: int, count: int, *, width: int) -> np.ndarray:
        """(count, size, width) uint8."""
        shape = (self._size, width)
        size = self._size * width
        data, offsets = self._stored(plane, first, count)
        if self._raw and (np.diff(offsets) == size).all():
            return data.reshape(count, *shape)  # and not copied
        parts = [] if self._raw else np.split(data, offsets[1:-1])
        images = [cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE) for jpeg in parts]
        if not images or any(image is None or image.size != size for image in images):
            raise InputError(
                f"{self.path}: damaged: the {plane} of frame {first} is not {width}x{self._size}"
            )
        return np.stack([image.reshape(shape) for image in images])

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
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            # pread has no position: processes that share the descriptor do not disturb each other.
            data = os.pread(self._descriptor, size, place)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        if len(data) < size:
            raise InputError(f"{self.path}: damaged: ends before the frames that it lists")
        return np.frombuffer(data, dtype=np.uint8)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_descriptor": None}

    def __del__(self) -> None:
        self.close()
