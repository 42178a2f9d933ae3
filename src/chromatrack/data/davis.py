"""The layout of DAVIS-2017 at 480p: JPEG frames and indexed PNG masks of several objects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from chromatrack.data import text
from chromatrack.data.images import list_frames, write_frames
from chromatrack.errors import InputError
from chromatrack.files import whole_file, write_text

VOID = 255
"""Index of pixels that belong to nothing; the measures take them for background."""

RESOLUTION = "480p"


def read_names(root: str | Path, split: str = "val") -> list[str]:
    """Names of the sequences in ImageSets/2017/`split`.txt, of which there is at least one."""
    path = Path(root) / "ImageSets" / "2017" / f"{split}.txt"
    names = text.read_names(path)
    if not names:
        raise InputError(f"{path}: expected at least one sequence, found none")
    return names


def frames(root: str | Path, name: str) -> list[Path]:
    """Frames of a sequence, in order."""
    return _files(Path(root) / "JPEGImages" / RESOLUTION / text.folder_name(name, "name"))


def masks(root: str | Path, name: str) -> list[Path]:
    """Masks of a sequence, in order; one per frame in val, the first alone in the test sets."""
    return _files(Path(root) / "Annotations" / RESOLUTION / text.folder_name(name, "name"))


def _files(folder: Path) -> list[Path]:
    found = list_frames(folder)
    if not found:
        raise InputError(f"{folder}: expected files 00000.jpg or 00000.png, found none")
    return found


def read_mask(path: str | Path) -> np.ndarray:
    """Object ids (H, W) uint8 of an indexed (or grey) PNG: 0 background, 255 void."""
    try:
        with Image.open(path) as image:
            if image.mode not in ("P", "L", "1"):
                raise InputError(f"{path}: expected an indexed PNG, got mode {image.mode}")
            ids = np.array(image)
    except (UnidentifiedImageError, SyntaxError, ValueError):
        raise InputError(f"{path}: expected an indexed PNG, but it cannot be decoded") from None
    except OSError as error:
        reason = error.strerror or "broken image"
        raise InputError(f"{path}: cannot be read ({reason})") from None
    return ids.astype(np.uint8)


def palette() -> bytes:
    """The 256 colours of DAVIS and PASCAL VOC: the bits of an index spread over R, G and B."""
    colours = np.zeros((256, 3), dtype=np.uint8)
    for index in range(256):
        for bit in range(8):
            channel, place = bit % 3, 7 - bit // 3
            colours[index, channel] |= ((index >> bit) & 1) << place
    return colours.tobytes()


def write_mask(path: str | Path, ids: np.ndarray) -> None:
    """Write object ids (H, W) as an indexed PNG with the palette of DAVIS."""
    image = Image.fromarray(np.ascontiguousarray(ids, dtype=np.uint8))
    image.putpalette(palette())
    with whole_file(path) as part:
        image.save(part, format="PNG")


def write_sequence(
    root: str | Path,
    name: str,
    images: Iterable[np.ndarray],
    object_ids: Iterable[np.ndarray],
    *,
    quality: int = 90,
) -> None:
    """Write frames (H, W, 3) uint8 RGB and their masks (H, W) of object ids, numbered from 0."""
    folder = Path(root) / "JPEGImages" / RESOLUTION / text.folder_name(name, "name")
    count = write_frames(folder, images, pattern="%05d.jpg", first=0, quality=quality)
    written = 0
    for number, ids in enumerate(object_ids):
        write_mask(Path(root) / "Annotations" / RESOLUTION / name / f"{number:05d}.png", ids)
        written += 1
    if count != written:
        raise ValueError(f"{name}: {count} frames, but {written} masks")


def write_names(root: str | Path, names: Iterable[str], split: str = "val") -> None:
    """Write ImageSets/2017/`split`.txt."""
    path = Path(root) / "ImageSets" / "2017" / f"{split}.txt"
    write_text(path, "".join(f"{name}\n" for name in names))
