"""From one clip to its luma and colour labels (thesis 5.3.1)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from chromatrack.errors import InputError
from chromatrack.labels.cache import ClipLabels
from chromatrack.labels.kmeans import ab_histogram, cluster, label_table
from chromatrack.settings import LabelSettings
from chromatrack.video.decode import read_frames, square
from chromatrack.video.equalize import equalize


def lab_frames(video: str | Path, settings: LabelSettings) -> np.ndarray:
    """(N, size, size, 3) uint8 Lab of the frames that are kept: equalise, resize, crop, convert.

    Raises:
        InputError: the file cannot be decoded, or holds no frame.
    """
    frames = []
    for rgb in read_frames(video, stride=settings.frame_stride):
        frame = square(
            equalize(rgb, mode=settings.equalization),
            size=settings.size,
            geometry=settings.geometry,
        )
        frames.append(cv2.cvtColor(frame, cv2.COLOR_RGB2LAB))
    if not frames:
        raise InputError(f"{video}: no frame could be decoded")
    return np.stack(frames)


def label_clip(clip_id: str, video: str | Path, settings: LabelSettings) -> ClipLabels:
    """Decode, cluster and label one clip."""
    lab = lab_frames(video, settings)
    cells = np.stack([_to_grid(frame[..., 1:], settings.label_size) for frame in lab])
    clusters = cluster(
        ab_histogram(lab[..., 1:] if settings.cluster_on == "frames" else cells),
        colours=settings.colours,
        backend=settings.backend,
        restarts=settings.restarts,
        tolerance=settings.tolerance,
        max_iterations=settings.max_iterations,
        seed=settings.seed,
    )
    table = label_table(clusters.centroids)
    return ClipLabels(
        clip_id=clip_id,
        luma_jpegs=tuple(_luma_jpeg(frame, settings.luma_quality) for frame in lab),
        labels=table[cells[..., 0].astype(np.int64) * 256 + cells[..., 1]],
        centroids=clusters.centroids,
        inertia=clusters.inertia,
        lab_sums=_lab_sums(lab),
        lab_count=int(np.prod(lab.shape[:3])),
    )


def _to_grid(ab: np.ndarray, size: int) -> np.ndarray:
    """(H, W, 2) -> (size, size, 2): the mean colour of each cell."""
    return cv2.resize(np.ascontiguousarray(ab), (size, size), interpolation=cv2.INTER_AREA)


def _luma_jpeg(lab: np.ndarray, quality: int) -> bytes:
    done, jpeg = cv2.imencode(".jpg", lab[..., 0], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "OpenCV could not encode a grey frame as JPEG"
    return jpeg.tobytes()


def _lab_sums(lab: np.ndarray) -> np.ndarray:
    """(2, 3): sum and sum of squares of L, a, b in [0, 1], exact up to the last division."""
    levels = np.arange(256, dtype=np.int64)
    counts = np.stack([np.bincount(lab[..., c].ravel(), minlength=256) for c in range(3)])
    return np.stack([counts @ levels / 255, counts @ levels**2 / 255**2])
