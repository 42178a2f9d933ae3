"""Crops of the targets of training sequences, prepared once: one HDF5 file per shard.

jpegs             (bytes,)  uint8  JPEGs of square crops around the target, one after another
offsets           (N + 1,)  int64  crop i is jpegs[offsets[i]:offsets[i + 1]]
frames            (N,)      int64  frame number of each crop in its sequence
sequence_offsets  (S + 1,)  int64  sequence s holds crops sequence_offsets[s]:...[s + 1]
names             (S,)      str
attributes: format, made_by (JSON), size (side of the crops in pixels)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import h5py
import numpy as np

from chromatrack.data.augmentation import EXEMPLAR_SIZE, SEARCH_SIZE
from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, whole_file
from chromatrack.geometry import center_from_ltwh, crop_square, exemplar_side, mean_color

FORMAT = "chromatrack-crops/1"


def usable_frames(target: Target) -> np.ndarray:
    """Indices of the frames that siamfc-pytorch trains on: visible, 20 to 500 px, not too thin."""
    width, height = target.boxes_ltwh[:, 2], target.boxes_ltwh[:, 3]
    usable = (np.minimum(width, height) >= 20) & (np.maximum(width, height) <= 500)
    ratio = width / np.maximum(height, 1)
    usable &= (ratio >= 0.25) & (ratio <= 4)
    if target.visible is not None:
        usable &= target.visible
    return np.flatnonzero(usable)


def crop_jpegs(target: Target, frames: np.ndarray, *, margin: int, quality: int) -> list[bytes]:
    """Square crops of (255 + 2 margin) px around the target, at the scale of the search patch."""
    size = SEARCH_SIZE + 2 * margin
    jpegs = []
    for frame in frames:
        image = read_image_rgb(target.frames[frame])
        center_yx, size_hw = center_from_ltwh(target.boxes_ltwh[frame])
        side = float(exemplar_side(size_hw)) * size / EXEMPLAR_SIZE
        crop = crop_square(image, center_yx, side, out_size=size, fill=mean_color(image))
        done, jpeg = cv2.imencode(
            ".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        assert done, "OpenCV could not encode a crop as JPEG"
        jpegs.append(jpeg.tobytes())
    return jpegs


def write_crop_shard(
    path: str | Path,
    sequences: Sequence[tuple[str, np.ndarray, list[bytes]]],
    *,
    margin: int,
    made_by: dict,
) -> None:
    """Write (name, frame numbers, crops) of each sequence, whole or not at all."""
    jpegs = [jpeg for _, _, crops in sequences for jpeg in crops]
    with whole_file(path) as part, h5py.File(part, "w", track_order=True) as file:
        for name, array in {
            "jpegs": np.frombuffer(b"".join(jpegs), dtype=np.uint8),
            "offsets": np.cumsum([0, *(len(jpeg) for jpeg in jpegs)], dtype=np.int64),
            "frames": np.concatenate(
                [np.zeros(0, dtype=np.int64), *(frames for _, frames, _ in sequences)]
            ).astype(np.int64),
            "sequence_offsets": np.cumsum(
                [0, *(len(crops) for _, _, crops in sequences)], dtype=np.int64
            ),
        }.items():
            file.create_dataset(name, data=array, track_times=False)
        file.create_dataset(
            "names",
            data=np.array([name for name, _, _ in sequences], dtype=object),
            dtype=h5py.string_dtype(),
            track_times=False,
        )
        file.attrs["format"] = FORMAT
        file.attrs["made_by"] = canonical_json(made_by)
        file.attrs["size"] = SEARCH_SIZE + 2 * margin


class CropShard:
    """A crop file to read from; its index is in memory, crops are read at their place in the file.

    Attributes:
        size: side of the crops in pixels.
        names: of the sequences.
        sequence_offsets, frames: as in the file.

    Raises:
        InputError: not a crop shard.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._descriptor: int | None = None
        try:
            with h5py.File(self.path, "r") as file:
                if file.attrs.get("format") != FORMAT:
                    raise InputError(f"{self.path}: expected a crop shard of format {FORMAT}")
                self.size = int(file.attrs["size"])
                self.names = file["names"].asstr()[:].tolist()
                self.sequence_offsets = file["sequence_offsets"][:]
                self.frames = file["frames"][:]
                self._offsets = file["offsets"][:]
                self._jpegs_at = file["jpegs"].id.get_offset()
        except OSError as error:
            raise InputError(f"{self.path}: not a readable HDF5 file ({error})") from None

    def jpeg(self, index: int) -> np.ndarray:
        """(bytes,) uint8 of a crop."""
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        first, last = self._offsets[index : index + 2].tolist()
        # pread has no position: processes that share the descriptor do not disturb each other.
        data = os.pread(self._descriptor, last - first, self._jpegs_at + first)
        if len(data) < last - first:
            raise InputError(f"{self.path}: damaged: ends before the crops that it lists")
        return np.frombuffer(data, dtype=np.uint8)

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_descriptor": None}

    def __del__(self) -> None:
        self.close()
