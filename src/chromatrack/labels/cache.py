"""The label cache: one HDF5 file per shard, documented in docs/label-cache.md.

luma            (bytes,)   uint8     JPEGs of the L channel, one after another
luma_offsets    (N + 1,)   int64     frame i is luma[luma_offsets[i]:luma_offsets[i + 1]]
labels          (N, g, g)  uint8     index of the nearest centroid of every cell
clip_offsets    (C + 1,)   int64     clip c holds frames clip_offsets[c]:clip_offsets[c + 1]
clip_ids        (C,)       str
centroids       (C, k, 2)  float32   a, b in 8-bit levels; NaN beyond centroid_counts
centroid_counts (C,)       int64
inertia         (C,)       float64   sum of squared distances, squared 8-bit levels
lab_sums        (C, 2, 3)  float64   sum and sum of squares of L, a, b in [0, 1]
lab_counts      (C,)       int64     pixels that were summed
attributes: format, made_by (JSON), frame_stride, colours
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import h5py
import numpy as np

from chromatrack.errors import InputError
from chromatrack.files import canonical_json, whole_file

FORMAT = "chromatrack-labels/1"


@dataclass(frozen=True)
class ClipLabels:
    """Everything that is cached of one clip.

    Attributes:
        clip_id: its name.
        luma_jpegs: N JPEG files in memory.
        labels: (N, g, g) uint8.
        centroids: (k', 2) float32.
        inertia: of the clustering.
        lab_sums: (2, 3) float64: sum and sum of squares of L, a, b in [0, 1].
        lab_count: pixels that were summed.
    """

    clip_id: str
    luma_jpegs: tuple[bytes, ...]
    labels: np.ndarray
    centroids: np.ndarray
    inertia: float
    lab_sums: np.ndarray
    lab_count: int


def write_label_shard(
    path: str | Path,
    clips: Sequence[ClipLabels],
    *,
    colours: int,
    label_size: int,
    frame_stride: int,
    made_by: dict,
) -> None:
    """Write one shard, whole or not at all; equal content gives equal bytes."""
    jpegs = [jpeg for clip in clips for jpeg in clip.luma_jpegs]
    centroids = np.full((len(clips), colours, 2), np.nan, dtype=np.float32)
    for index, clip in enumerate(clips):
        centroids[index, : len(clip.centroids)] = clip.centroids
    none = np.zeros((0, label_size, label_size), dtype=np.uint8)
    content = {
        "luma": np.frombuffer(b"".join(jpegs), dtype=np.uint8),
        "luma_offsets": _offsets(len(jpeg) for jpeg in jpegs),
        "labels": np.concatenate([none, *(clip.labels for clip in clips)]),
        "clip_offsets": _offsets(len(clip.luma_jpegs) for clip in clips),
        "centroids": centroids,
        "centroid_counts": np.array([len(clip.centroids) for clip in clips], dtype=np.int64),
        "inertia": np.array([clip.inertia for clip in clips], dtype=np.float64),
        "lab_sums": np.array([clip.lab_sums for clip in clips]).reshape(-1, 2, 3),
        "lab_counts": np.array([clip.lab_count for clip in clips], dtype=np.int64),
    }
    with whole_file(path) as part, h5py.File(part, "w", track_order=True) as file:
        for name, array in content.items():
            compressed = {"compression": "gzip", "compression_opts": 4} if name == "labels" else {}
            chunks = (1, label_size, label_size) if name == "labels" and len(array) else None
            file.create_dataset(
                name, data=array, track_times=False, chunks=chunks, **(compressed if chunks else {})
            )
        file.create_dataset(
            "clip_ids",
            data=np.array([clip.clip_id for clip in clips], dtype=object),
            dtype=h5py.string_dtype(),
            track_times=False,
        )
        file.attrs["format"] = FORMAT
        file.attrs["made_by"] = canonical_json(made_by)
        file.attrs["frame_stride"] = frame_stride
        file.attrs["colours"] = colours


def _offsets(lengths) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(list(lengths), dtype=np.int64)]).astype(np.int64)


class LabelShard:
    """A label file opened for reading; the index is in memory, frames are read one by one."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise InputError(f"{path}: not a readable HDF5 file ({error})") from None
        if self._file.attrs.get("format") != FORMAT:
            raise InputError(f"{path}: expected a label cache of format {FORMAT}")
        self.colours = int(self._file.attrs["colours"])
        self.clip_offsets = self._file["clip_offsets"][:]
        self.clip_ids = [str(name) for name in self._file["clip_ids"].asstr()[:]]
        self.centroid_counts = self._file["centroid_counts"][:]
        self.centroids = self._file["centroids"][:]
        self.lab_sums = self._file["lab_sums"][:]
        self.lab_counts = self._file["lab_counts"][:]
        self._luma_offsets = self._file["luma_offsets"][:]

    def luma(self, frame: int) -> np.ndarray:
        """(size, size) uint8 L channel of one frame of the shard."""
        first, last = self._luma_offsets[frame : frame + 2]
        return cv2.imdecode(self._file["luma"][first:last], cv2.IMREAD_GRAYSCALE)

    def labels(self, frame: int) -> np.ndarray:
        """(g, g) uint8 labels of one frame of the shard."""
        return self._file["labels"][frame]

    def close(self) -> None:
        self._file.close()
