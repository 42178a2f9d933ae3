"""Pictures as addresses that hold them."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from chromatrack.errors import InputError

QUALITY = 85
"""Of WebP; what is drawn and what is photographed both stay clear."""
STRIP = 4
"""Times its height from which on a picture is a strip."""


@dataclass(frozen=True)
class Shown:
    """A picture of the page; a strip is so wide that it takes a line for itself."""

    caption: str
    address: str
    strip: bool


def shown(caption: str, path: Path) -> Shown:
    """A picture with what stands below it.

    Raises:
        InputError: the file cannot be read, or is no picture.
    """
    address, (width, height) = _webp(path)
    return Shown(caption, address, width > STRIP * height)


def _webp(path: Path) -> tuple[str, tuple[int, int]]:
    """The address of a picture as WebP, and its size.

    Without loss it would take twice the bytes, and four times as long.
    """
    held = io.BytesIO()
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            size = image.size
            image.convert("RGB").save(held, "WEBP", quality=QUALITY)
    except (UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError(f"{path}: expected a picture") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    return f"data:image/webp;base64,{base64.b64encode(held.getvalue()).decode('ascii')}", size
