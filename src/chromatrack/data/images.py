"""Images as (H, W, 3) uint8 RGB arrays."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from chromatrack.errors import InputError, UnwritableError, WorkError
from chromatrack.files import whole_file, writing

# What is wrong with an image is said here, in one sentence.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

LEAST_BITS = 14
"""An image of 16 bits that uses no more is not scaled to 16."""

_JPEG = b"\xff\xd8"
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B")
"""Of PIL: what OpenCV decodes to the same pixels as PIL, or to all 16 bits of them."""


def read_image_rgb(path: str | Path) -> np.ndarray:
    """Decode an image file to (H, W, 3) uint8 RGB; grey images get three equal channels.

    It lies as it is shown: OpenCV turns and mirrors it as its EXIF orientation says.
    """
    try:
        coded = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return cv2.cvtColor(decode_bgr(coded, path), cv2.COLOR_BGR2RGB)


def decode_bgr(coded: np.ndarray, path: str | Path) -> np.ndarray:
    """The bytes of an image file as (H, W, 3) uint8 BGR, as OpenCV has it; all images come in here.

    16 bits are scaled to 8.

    Args:
        path: of the file, for the error.

    Raises:
        InputError: there is no image, or more than one, or its values do not say what it looks
            like: bits that nobody uses, numbers without a scale, transparent pixels.
    """
    if coded[:2].tobytes() != _JPEG:  # which holds 8 bits, no transparency and one image
        _check_kind(coded, path)
    try:
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        image = None
    if image is None:
        raise InputError(f"{path}: expected an image, but it cannot be decoded")
    return image if image.dtype == np.uint8 else _of_eight_bits(image, path)


def _check_kind(coded: np.ndarray, path: str | Path) -> None:
    try:
        with Image.open(io.BytesIO(coded)) as image:
            count, mode = getattr(image, "n_frames", 1), image.mode
            opaque = _is_opaque(image)
    except Image.DecompressionBombError:
        raise InputError(f"{path}: more pixels than an image of a video has") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error):
        raise InputError(f"{path}: expected an image, but it cannot be decoded") from None
    if count > 1:
        raise InputError(f"{path}: expected one image, got {count} (animated, or of several pages)")
    if mode not in _MODES:
        raise InputError(
            f"{path}: expected grey or colour in 8 or 16 whole bits, got values of kind {mode}"
        )
    if not opaque:
        raise InputError(f"{path}: expected opaque pixels, but some are transparent")


def _is_opaque(image: Image.Image) -> bool:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return True
    return image.convert("RGBA").getchannel("A").getextrema()[0] == 255


def _of_eight_bits(image: np.ndarray, path: str | Path) -> np.ndarray:
    if image.dtype != np.uint16:
        raise InputError(f"{path}: expected 8 or 16 whole bits, got values of kind {image.dtype}")
    brightest = int(image.max())
    # Cameras of 10 to 14 bits leave the upper ones empty. A scale of each frame's own would make a
    # video flicker, and one frame does not tell the scale of the others.
    if 0 < brightest < 1 << LEAST_BITS:
        raise InputError(
            f"{path}: expected 8 bits, or 16 that are used, but the brightest value is {brightest} "
            f"of 65535 ({brightest.bit_length()} bits); scale all frames of the video alike"
        )
    return cv2.convertScaleAbs(image, alpha=255 / 65535)


def write_jpeg(path: str | Path, rgb: np.ndarray, quality: int = 95) -> None:
    """Write (H, W, 3) uint8 RGB as a JPEG file, whole or not at all."""
    with whole_file(path) as part:
        part.write_bytes(jpeg_bytes(rgb, quality))


def jpeg_bytes(rgb: np.ndarray, quality: int) -> bytes:
    """(H, W, 3) uint8 RGB as the bytes of a JPEG file."""
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
        path = folder / (pattern % (first + count))
        try:
            with writing(path):
                path.write_bytes(jpeg_bytes(frame, quality))
        except UnwritableError:
            path.unlink(missing_ok=True)
            raise
        count += 1
    return count


def size_text(image: np.ndarray) -> str:
    """Width and height of an image, for messages."""
    return f"{image.shape[1]}x{image.shape[0]} pixels"
