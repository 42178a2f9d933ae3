"""Pictures as addresses that hold them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from chromatrack.errors import InputError

QUALITY = 85
"""Of WebP with loss; what is drawn and what is photographed both stay clear."""


def picture_uri(path: Path) -> str:
    """A picture as WebP, with loss or without, whichever is smaller.

    Raises:
        InputError: the file cannot be read, or is no picture.
    """
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            pixels = image.convert("RGB")
        content = min(_webp(pixels, quality=QUALITY), _webp(pixels, lossless=True), key=len)
    except (UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError(f"{path}: expected a picture") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    return f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}"


def _webp(image: Image.Image, **options: int | bool) -> bytes:
    held = io.BytesIO()
    image.save(held, "WEBP", **options)
    return held.getvalue()
