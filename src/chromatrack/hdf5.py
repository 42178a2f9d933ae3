"""What readers of HDF5 files share: what damage raises, and offsets that have to fit."""

from __future__ import annotations

import h5py
import numpy as np

UNREADABLE = (
    OSError, KeyError, TypeError, ValueError, IndexError, RuntimeError, AttributeError,
    MemoryError, OverflowError,
)  # fmt: skip
"""What h5py raises of a file that is damaged; a length of terabytes is a MemoryError."""


def check_offsets(offsets: np.ndarray, *, count: int, end: int) -> None:
    """A `ValueError` where they do not cut `end` items into `count` parts."""
    whole = offsets.dtype.kind in "iu" and offsets.shape == (count + 1,)
    if not whole or offsets[0] != 0 or (offsets[1:] < offsets[:-1]).any() or offsets[-1] != end:
        raise ValueError(f"expected {count + 1} ascending offsets from 0 to {end}")


def stored(file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset that is stored as it is: a `ValueError` where it claims more than the file has."""
    dataset = file[name]
    if dataset.nbytes > file.id.get_filesize():
        raise ValueError(f"{name}: claims {dataset.size} values, more than the file has")
    return dataset
