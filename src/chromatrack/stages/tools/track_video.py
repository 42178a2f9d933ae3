"""Tracking one target in a video of the user's."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chromatrack.data.frames import list_frames
from chromatrack.data.images import read_image_rgb
from chromatrack.errors import InputError
from chromatrack.files import whole_file
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.tracking.load import load_tracker
from chromatrack.training.compute import prepare
from chromatrack.video.decode import read_frames


def track_video(
    source: Path,
    box_ltwh: np.ndarray,
    checkpoint: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
) -> int:
    """Track one target in a video or a folder of frames; returns the number of frames.

    Writes a CSV with the columns frame,left,top,width,height; boxes are 0-based pixels, the first
    row is the given box.
    """
    device = prepare(compute)
    tracker = load_tracker(checkpoint, settings=settings, device=device, alpha=alpha)
    count = 0
    with whole_file(output) as part, open(part, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["frame", "left", "top", "width", "height"])
        for image in progress(_frames_of(source), what="track", unit="frame"):
            if count == 0:
                _check_box(box_ltwh, image.shape)
                tracker.init(image, box_ltwh)
                box = np.asarray(box_ltwh, dtype=np.float64)
            else:
                box = tracker.update(image)
            writer.writerow([count, *(f"{value:.4f}" for value in box)])
            count += 1
        if count == 0:
            raise InputError(
                f"{source}: no frame found (expected a video, or a folder of numbered images)"
            )
    return count


def _frames_of(source: Path) -> Iterator[np.ndarray]:
    if source.is_dir():
        return (read_image_rgb(path) for path in list_frames(source, any_step=True))
    if not source.exists():
        raise InputError(f"{source}: no such video or folder")
    return read_frames(source)


def _check_box(box_ltwh: np.ndarray, shape: tuple[int, ...]) -> None:
    left, top, width, height = box_ltwh
    if left >= shape[1] or top >= shape[0] or left + width <= 0 or top + height <= 0:
        raise InputError(
            f"--box {','.join(f'{v:g}' for v in box_ltwh)}: lies outside the first frame "
            f"({shape[1]}x{shape[0]} pixels)"
        )
