"""Images as (H, W, 3) uint8 RGB arrays; folders of numbered frames."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from chromatrack.errors import InputError, WorkError
from chromatrack.files import whole_file

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


def read_image_rgb(path: str | Path) -> np.ndarray:
    """Decode an image file to (H, W, 3) uint8 RGB; grey images get three equal channels.

    It lies as it is shown: OpenCV turns and mirrors it as its EXIF orientation says.
    """
    try:
        coded = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    image = cv2.imdecode(coded, cv2.IMREAD_COLOR) if coded.size else None
    if image is None:
        raise InputError(f"{path}: expected an image, but it cannot be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def write_jpeg(path: str | Path, rgb: np.ndarray, quality: int = 95) -> None:
    """Write (H, W, 3) uint8 RGB as a JPEG file, whole or not at all."""
    with whole_file(path) as part:
        part.write_bytes(_jpeg(rgb, quality))


def _jpeg(rgb: np.ndarray, quality: int) -> bytes:
    bgr = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR)
    done, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise WorkError(f"an image of shape {rgb.shape} cannot be written as JPEG")
    return coded.tobytes()


def write_frames(
    folder: str | Path, frames: Iterable[np.ndarray], *, pattern: str, first: int, quality: int
) -> int:
    """Write frames as JPEG files named by `pattern` ("%08d.jpg"), numbered from `first`.

    Plain writes, without a flush to disk per frame: whoever needs the folder to be whole builds
    it elsewhere and renames it. Returns the number of frames.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for frame in frames:
        (folder / (pattern % (first + count))).write_bytes(_jpeg(frame, quality))
        count += 1
    return count


def list_frames(folder: str | Path) -> list[Path]:
    """The images of a folder whose names are numbers, in the order of the numbers."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of frames")
    frames = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.stem.isascii() and path.stem.isdigit()
    ]
    return sorted(frames, key=lambda path: (int(path.stem), path.name))
