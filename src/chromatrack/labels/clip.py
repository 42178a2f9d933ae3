"""From one clip to its luma and colour labels (thesis 5.3.1): decode, then cluster, then label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from chromatrack.equalize import equalize
from chromatrack.errors import InputError
from chromatrack.labels.cache import ClipLabels
from chromatrack.labels.counts import Counts, histogram_of, lab_sums
from chromatrack.labels.kmeans import Clusters, cluster_many, label_table, look_up
from chromatrack.scratch import Scratch
from chromatrack.settings import LabelSettings
from chromatrack.video.decode import read_frames, square
from chromatrack.video.sparse import Irregular

COLOURS = 65536
"""(a, b) values of 8-bit Lab; the code of a colour is 256 a + b."""


@dataclass(frozen=True)
class DecodedClip:
    """What clustering and the cache need of a clip; N frames were kept.

    Attributes:
        luma: (bytes,) uint8: the L channels, one after another, as JPEGs or as they are.
        luma_lengths: (N,) int64: bytes of each.
        chroma: (bytes,) uint8: a above b at half the size, in the same way; empty if not kept.
        chroma_lengths: (N,) int64: bytes of each, or (0,).
        cells: (N, g, g, 2) uint8: mean a, b of each cell of the label map.
        codes, counts: (n,) int64: the colours that are to be clustered, and how often they occur.
        lab_sums: (2, 3) float64: sum and sum of squares of L, a, b in [0, 1].
        lab_count: pixels that were summed.
        planes: (N, size, size, 2) uint8 a, b for labels at full resolution; or (0, 0, 0, 2).
    """

    luma: np.ndarray
    luma_lengths: np.ndarray
    chroma: np.ndarray
    chroma_lengths: np.ndarray
    cells: np.ndarray
    codes: np.ndarray
    counts: np.ndarray
    lab_sums: np.ndarray
    lab_count: int
    planes: np.ndarray

    @property
    def histogram(self) -> np.ndarray:
        """(65536,) int64 counts of the colours."""
        return self.summary.histogram

    @property
    def summary(self) -> Summary:
        """Its sizes and colours alone."""
        return Summary(
            sizes=(len(self.cells), len(self.luma), len(self.chroma)),
            codes=self.codes.astype(np.uint16),
            counts=self.counts.astype(np.uint32),
        )


@dataclass(frozen=True)
class Summary:
    """What is wanted of all clips of a shard at one time.

    Attributes:
        sizes: frames, bytes of luma, bytes of chroma.
        codes, counts: as in `DecodedClip`, in fewer bytes.
    """

    sizes: tuple[int, int, int]
    codes: np.ndarray
    counts: np.ndarray

    @property
    def histogram(self) -> np.ndarray:
        """(65536,) int64 counts of the colours."""
        histogram = np.zeros(COLOURS, dtype=np.int64)
        histogram[self.codes] = self.counts
        return histogram


def lab_frames(
    video: str | Path,
    settings: LabelSettings,
    *,
    scratch: Scratch | None = None,
    known: int = 0,
) -> Iterator[np.ndarray]:
    """Yield (size, size, 3) uint8 Lab of the kept frames: equalise, resize, crop, convert.

    Args:
        scratch: to work in: a frame is good until the next one is asked for.
        known: as of `read_frames`.

    Raises:
        InputError: the file cannot be decoded.
        Irregular: as of `read_frames`.
    """
    for rgb in read_frames(video, stride=settings.frame_stride, ahead=True, known=known):
        equalized = equalize(rgb, mode=settings.equalization, scratch=scratch)
        frame = square(equalized, size=settings.size, geometry=settings.geometry)
        out = scratch.array("lab", frame.shape) if scratch else None
        yield cv2.cvtColor(frame, cv2.COLOR_RGB2LAB, out)


def decode_clip(video: str | Path, settings: LabelSettings, *, known: int = 0) -> DecodedClip:
    """Decode one clip, frame by frame; only what the label maps need is kept.

    Args:
        known: how many frames it has, where all of them were decoded before; what is not looked at
            is not decoded again.

    Raises:
        InputError: the file cannot be decoded, or holds no frame.
    """
    try:
        return _decode_clip(video, settings, known)
    except Irregular:
        return _decode_clip(video, settings, 0)


def _decode_clip(video: str | Path, settings: LabelSettings, known: int) -> DecodedClip:
    encoded, chroma, cells, planes = [], [], [], []
    counts, scratch = Counts(settings.size), Scratch()
    for lab in lab_frames(video, settings, scratch=scratch, known=known):
        luma, a, b = cv2.split(lab, counts.next_planes())
        ab = cv2.merge([a, b], scratch.array("ab", (*luma.shape, 2)))
        cells.append(to_grid(ab, settings.label_size, bilinear=settings.cluster_on == "label_grid"))
        encoded.append(_encode(luma, settings))
        if settings.chroma:
            chroma.append(_encode(half_chroma(ab), settings))
        if settings.full_resolution:
            planes.append(ab.copy())
    if not encoded:
        raise InputError(f"{video}: no frame could be decoded")
    cells = np.stack(cells)
    lightness, all_colours = counts.totals()
    histogram = all_colours
    if settings.cluster_on == "label_grid":
        histogram = histogram_of(*cv2.split(cells.reshape(-1, settings.label_size, 2)))
    codes = np.flatnonzero(histogram)
    return DecodedClip(
        luma=np.concatenate(encoded),
        luma_lengths=np.array([len(frame) for frame in encoded], dtype=np.int64),
        chroma=np.concatenate([*chroma, np.zeros(0, dtype=np.uint8)]),
        chroma_lengths=np.array([len(frame) for frame in chroma], dtype=np.int64),
        cells=cells,
        codes=codes,
        counts=histogram.ravel()[codes].astype(np.int64),
        lab_sums=lab_sums(lightness, all_colours),
        lab_count=round(float(all_colours.sum())),
        planes=np.stack(planes) if planes else np.zeros((0, 0, 0, 2), dtype=np.uint8),
    )


def cluster_colours(histograms: Sequence[np.ndarray], settings: LabelSettings) -> list[Clusters]:
    """Cluster the colours of each clip on its own (many at once on a GPU).

    Args:
        histograms: (65536,) counts each.
    """
    return cluster_many(
        histograms,
        colours=settings.colours,
        backend=settings.backend,
        restarts=settings.restarts,
        tolerance=settings.tolerance,
        max_iterations=settings.max_iterations,
        seed=settings.seed,
    )


def label_clip(clip_id: str, sha256: str, clip: DecodedClip, clusters: Clusters) -> ClipLabels:
    """Give every cell, and every pixel that was kept, the label of the nearest centroid."""
    full = len(clip.planes) > 0
    # A cell is a mean of colours that were counted; a pixel may be none of them.
    table = label_table(clusters.centroids, None if full else clip.codes)
    return ClipLabels(
        clip_id=clip_id,
        sha256=sha256,
        luma=clip.luma,
        luma_lengths=clip.luma_lengths,
        chroma=clip.chroma,
        chroma_lengths=clip.chroma_lengths,
        labels=look_up(table, clip.cells),
        full_labels=look_up(table, clip.planes) if full else None,
        centroids=clusters.centroids,
        inertia=clusters.inertia,
        lab_sums=clip.lab_sums,
        lab_count=clip.lab_count,
    )


def to_grid(ab: np.ndarray, size: int, *, bilinear: bool = False) -> np.ndarray:
    """(H, W, 2) -> (size, size, 2): the mean colour of each cell; as run, bilinear (D19)."""
    way = cv2.INTER_LINEAR if bilinear else cv2.INTER_AREA
    return cv2.resize(ab, (size, size), interpolation=way)


def half_chroma(ab: np.ndarray) -> np.ndarray:
    """(H, W, 2) -> (H, W / 2): a above b, at half the size, as video has them anyway."""
    half = cv2.resize(ab, (ab.shape[1] // 2, ab.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return np.vstack([half[..., 0], half[..., 1]])


def _encode(plane: np.ndarray, settings: LabelSettings) -> np.ndarray:
    if settings.luma == "raw":
        return plane.flatten()
    done, jpeg = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, settings.luma_quality])
    assert done, "OpenCV could not encode a grey frame as JPEG"
    return jpeg
