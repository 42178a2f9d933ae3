"""Pictures as addresses that hold them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from chromatrack.errors import InputError

QUALITY = 88
"""Of JPEG; what is drawn and what is photographed both stay clear."""


def picture_uri(path: Path) -> str:
    """A PNG as it is, or as JPEG where that takes less than half.

    Raises:
        InputError: the file cannot be read, or is no picture.
    """
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            smaller = io.BytesIO()
            image.convert("RGB").save(smaller, "JPEG", quality=QUALITY, optimize=True)
    except (UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        raise InputError(f"{path}: expected a picture") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    kind = "png"
    if 2 * len(smaller.getvalue()) < len(content):
        kind, content = "jpeg", smaller.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
