"""The label cache: one HDF5 file per shard, documented in docs/labels.md.

luma            (bytes,)   uint8     L channels, one after another, as JPEGs (or as pixels)
luma_offsets    (N + 1,)   int64     frame i is luma[luma_offsets[i]:luma_offsets[i + 1]]
chroma          (bytes,)   uint8     a above b at half the size, stored as luma is; only where it
                                     was asked for, as are its offsets
chroma_offsets  (N + 1,)   int64     as luma_offsets
labels          (N, g, g)  uint8     index of the nearest centroid of every cell
full_labels     (N, s, s)  uint8     the same of every pixel; only where it was asked for
clip_offsets    (C + 1,)   int64     clip c holds frames clip_offsets[c]:clip_offsets[c + 1]
clip_ids        (C,)       str
clip_sha256     (C,)       str       of the video file
centroids       (C, k, 2)  float32   a, b in 8-bit levels; NaN beyond centroid_counts
centroid_counts (C,)       int64     fewer than k where a clip has fewer colours
inertia         (C,)       float64   sum of squared distances, squared 8-bit levels
lab_sums        (C, 2, 3)  float64   sum and sum of squares of L, a, b in [0, 1]
lab_counts      (C,)       int64     pixels that were summed
left_out        (L, 2)     str       clips that could not be labelled: id, reason
attributes: format, made_by (JSON), frame_stride, colours, luma ("jpeg" or "raw"), size
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from chromatrack.errors import InputError, in_one_line
from chromatrack.files import canonical_json
from chromatrack.hdf5 import UNREADABLE, check_offsets, stored
from chromatrack.labels.frames import Frames
from chromatrack.settings import LabelSettings
from chromatrack.streams import whole_stream

FORMAT = "chromatrack-labels/2"


@dataclass(frozen=True)
class ClipLabels:
    """Everything that is cached of one clip.

    Attributes:
        clip_id: its name.
        sha256: of the video file, 64 hexadecimal digits, or "".
        luma, luma_lengths, chroma, chroma_lengths, lab_sums, lab_count: as in `clip.DecodedClip`.
        labels: (N, g, g) uint8 index of the nearest centroid.
        full_labels: (N, size, size) uint8, or None.
        centroids: (k', 2) float32, k' <= k.
        inertia: of the clustering.
    """

    clip_id: str
    sha256: str
    luma: np.ndarray
    luma_lengths: np.ndarray
    chroma: np.ndarray
    chroma_lengths: np.ndarray
    labels: np.ndarray
    full_labels: np.ndarray | None
    centroids: np.ndarray
    inertia: float
    lab_sums: np.ndarray
    lab_count: int


def write_label_shard(
    path: str | Path,
    clips: Iterable[ClipLabels],
    sizes: Sequence[tuple[int, int, int]],
    *,
    settings: LabelSettings,
    made_by: dict,
    left_out: Sequence[tuple[str, str]] = (),
) -> None:
    """Write one shard, whole or not at all; equal content gives equal bytes.

    One clip is in memory at a time.

    Args:
        clips: in the order of the file.
        sizes: frames of each clip, bytes of its luma and of its chroma.
        left_out: id and reason of the clips that are missing.
    """
    frame_offsets, luma_offsets, chroma_offsets = (
        _offsets([clip[which] for clip in sizes]) for which in range(3)
    )
    planes = {"luma": luma_offsets}
    if settings.chroma:
        planes["chroma"] = chroma_offsets
    with (
        whole_stream(path, reread=True) as sink,
        h5py.File(sink, "w", track_order=True) as file,
    ):
        shapes = _shapes(frame_offsets[-1], len(sizes), settings)
        for name, offsets in planes.items():
            shapes[name] = ((offsets[-1],), np.uint8)
            shapes[f"{name}_offsets"] = ((frame_offsets[-1] + 1,), np.int64)
        for name, (shape, kind) in shapes.items():
            # Contiguous, so that a frame is one read at a known place (`Frames`).
            file.create_dataset(name, shape, kind, track_times=False)
        if settings.full_resolution and frame_offsets[-1]:
            shape = (frame_offsets[-1], settings.size, settings.size)
            file.create_dataset(
                "full_labels", shape, np.uint8, chunks=(1, *shape[1:]), compression="gzip",
                compression_opts=4, track_times=False,
            )  # fmt: skip
        file["clip_offsets"][:] = frame_offsets
        names = []
        for index, clip in enumerate(clips):
            span = slice(*frame_offsets[index : index + 2])
            _write_clip(file, index, clip, span)
            for plane, offsets in planes.items():
                _write_plane(file, plane, clip, span, offsets[index])
            names.append((clip.clip_id, clip.sha256))
            sink.check()
        for plane, offsets in planes.items():
            file[f"{plane}_offsets"][-1] = offsets[-1]
        _write_texts(file, "clip_ids", [clip_id for clip_id, _ in names])
        _write_texts(file, "clip_sha256", [sha256 for _, sha256 in names])
        _write_texts(file, "left_out", left_out, shape=(len(left_out), 2))
        file.attrs["format"] = FORMAT
        file.attrs["made_by"] = canonical_json(made_by)
        file.attrs["frame_stride"] = settings.frame_stride
        file.attrs["colours"] = settings.colours
        file.attrs["luma"] = settings.luma
        file.attrs["size"] = settings.size


def _shapes(frames: int, clips: int, settings: LabelSettings) -> dict:
    grid = settings.label_size
    return {
        "labels": ((frames, grid, grid), np.uint8),
        "clip_offsets": ((clips + 1,), np.int64),
        "centroids": ((clips, settings.colours, 2), np.float32),
        "centroid_counts": ((clips,), np.int64),
        "inertia": ((clips,), np.float64),
        "lab_sums": ((clips, 2, 3), np.float64),
        "lab_counts": ((clips,), np.int64),
    }


def _write_plane(file: h5py.File, name: str, clip: ClipLabels, span: slice, begin: int) -> None:
    content, lengths = getattr(clip, name), getattr(clip, f"{name}_lengths")
    file[name][begin : begin + len(content)] = content
    file[f"{name}_offsets"][span] = begin + np.cumsum(lengths) - lengths


def _write_clip(file: h5py.File, index: int, clip: ClipLabels, span: slice) -> None:
    if span.stop - span.start != len(clip.labels):
        raise ValueError(f"{clip.clip_id}: {len(clip.labels)} frames, expected those of `sizes`")
    file["labels"][span] = clip.labels
    if clip.full_labels is not None:
        file["full_labels"][span] = clip.full_labels
    centroids = np.full(file["centroids"].shape[1:], np.nan, dtype=np.float32)
    centroids[: len(clip.centroids)] = clip.centroids
    file["centroids"][index] = centroids
    file["centroid_counts"][index] = len(clip.centroids)
    file["inertia"][index] = clip.inertia
    file["lab_sums"][index] = clip.lab_sums
    file["lab_counts"][index] = clip.lab_count


def _write_texts(file: h5py.File, name: str, texts: Sequence, shape=None) -> None:
    array = np.empty(shape or (len(texts),), dtype=object)
    array[...] = np.array(texts, dtype=object).reshape(array.shape)
    file.create_dataset(name, data=array, dtype=h5py.string_dtype(), track_times=False)


def _offsets(lengths: Sequence[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _place(dataset: h5py.Dataset) -> int | None:
    place = dataset.id.get_offset()
    if place is None and dataset.size:
        raise ValueError(f"{dataset.name}: expected one contiguous block")
    return place


class LabelShard:
    """A label file: its index in memory, its frames read one by one.

    No HDF5 handle stays open: a shard can cross a fork and be used in many processes.

    Attributes:
        frames: luma and labels of the frames.
        made_by: canonical JSON of what made it.
        colours: k.
        frame_stride, size, grid: of the frames and label maps, as in the settings.
        has_chroma: whether a and b of the frames are kept too.
        clip_offsets, clip_ids, clip_sha256, centroids, centroid_counts, lab_sums, lab_counts,
            left_out: as in the file.

    Raises:
        InputError: the file is not a label cache.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            with h5py.File(path, "r", locking=False) as file:
                self._read(file)
        except UNREADABLE as error:
            raise InputError(f"{path}: not a readable label cache ({in_one_line(error)})") from None

    def _read(self, file: h5py.File) -> None:
        found = file.attrs.get("format")
        if found != FORMAT:
            raise InputError(
                f"{self.path}: expected a label cache of format {FORMAT}, got {found!r:.40}"
            )
        self.made_by = str(file.attrs["made_by"])
        self.colours = int(file.attrs["colours"])
        self.clip_offsets = stored(file, "clip_offsets")[:]
        self.clip_ids = list(stored(file, "clip_ids").asstr()[:])
        self.clip_sha256 = list(stored(file, "clip_sha256").asstr()[:])
        self.centroid_counts = stored(file, "centroid_counts")[:]
        self.centroids = stored(file, "centroids")[:]
        self.lab_sums = stored(file, "lab_sums")[:]
        self.lab_counts = stored(file, "lab_counts")[:]
        self.left_out = [tuple(line) for line in stored(file, "left_out").asstr()[:]]
        self.frame_stride = int(file.attrs["frame_stride"])
        self.size = int(file.attrs["size"])
        self.grid = int(file["labels"].shape[1])
        planes = ("luma", "chroma") if "chroma" in file else ("luma",)
        self.has_chroma = len(planes) > 1
        self._check_clips()
        if min(self.size, self.grid, self.frame_stride) < 1:
            raise ValueError("expected a size, labels and a stride of 1 or more")
        check_offsets(self.clip_offsets, count=len(self.clip_ids), end=len(file["labels"]))
        for name in planes:
            offsets = stored(file, f"{name}_offsets")[:]
            check_offsets(offsets, count=len(file["labels"]), end=len(file[name]))
        self.frames = Frames(
            self.path,
            planes={name: (_place(file[name]), _place(file[f"{name}_offsets"])) for name in planes},
            labels_at=_place(file["labels"]),
            grid=self.grid,
            size=self.size,
            raw=file.attrs["luma"] == "raw",
        )

    @property
    def recipe(self) -> dict[str, Any]:
        """Settings and version that its clips were labelled with, as far as they are told."""
        try:
            told = json.loads(self.made_by)
        except ValueError:
            return {}
        if not isinstance(told, dict):
            return {}
        settings = told.get("settings")
        version = {"version": told["version"]} if "version" in told else {}
        return {**(settings if isinstance(settings, dict) else {}), **version}

    def _check_clips(self) -> None:
        """A `ValueError` where what is kept of each clip is not what it can be."""
        count = len(self.clip_ids)
        shapes = {
            "clip_sha256": (count,), "centroid_counts": (count,), "lab_counts": (count,),
            "centroids": (count, self.colours, 2), "lab_sums": (count, 2, 3),
        }  # fmt: skip
        for name, shape in shapes.items():
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(f"{name}: expected the shape {shape}")
        known = self.centroid_counts
        if not ((known > 0) & (known <= self.colours)).all():
            raise ValueError(f"centroid_counts: expected 1 to {self.colours}")
        used = self.centroids[np.arange(self.colours) < known[:, None]]
        if not ((used >= 0) & (used <= 255)).all():
            raise ValueError("centroids: expected 8-bit levels")
        # L, a and b lie in [0, 1]: a square is no more than its value, and no sum than its count.
        limits = np.concatenate(
            [np.tile(self.lab_counts[:, None, None], 3), self.lab_sums[:, :1]], axis=1
        )
        if not ((self.lab_sums >= 0) & (self.lab_sums <= limits * (1 + 1e-9))).all():
            raise ValueError("lab_sums: expected sums of values in [0, 1]")

    def full_labels(self, frame: int) -> np.ndarray | None:
        """(size, size) uint8 labels of every pixel, where they were kept."""
        with h5py.File(self.path, "r", locking=False) as file:
            return file["full_labels"][frame] if "full_labels" in file else None
