"""The layout of DAVIS-2017 at 480p: JPEG frames and indexed PNG masks of several objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from chromatrack.data import text
from chromatrack.data.frames import list_frames, numbered_frames
from chromatrack.data.images import write_frames
from chromatrack.errors import InputError
from chromatrack.files import write_text
from chromatrack.streams import whole_stream

VOID = 255
"""Index of pixels that belong to nothing; the measures take them for background."""

MOST_GREYS = 64
"""Levels of a grey mask: more are those of a picture, not numbers of objects."""

RESOLUTION = "480p"
MASKS = (".png",)


def read_names(
    root: str | Path, split: str = "val", *, names: str | Path | None = None
) -> list[str]:
    """Names of the sequences of a split, of which there is at least one.

    Read from ImageSets/2017/`split`.txt, ImageSets/2016/`split`.txt, or from DAVIS-2016's own
    ImageSets/480p/`split`.txt, whose rows are a frame and its mask; the first that is there.

    Args:
        names: file with the names to take instead of the split's.
    """
    sets = Path(root) / "ImageSets"
    if names is not None:
        path = Path(names)
    else:
        places = [sets / part / f"{split}.txt" for part in ("2017", "2016", RESOLUTION)]
        path = next((place for place in places if place.is_file()), places[0])
    rows_of_frames = path.parent == sets / RESOLUTION
    found = _names_of_frames(path) if rows_of_frames else text.read_names(path)
    if not found:
        raise InputError(f"{path}: expected at least one sequence, found none")
    return found


def _names_of_frames(path: Path) -> list[str]:
    """Sequences in rows of /JPEGImages/480p/NAME/00000.jpg /Annotations/480p/NAME/00000.png."""
    found: dict[str, None] = {}
    for number, line in enumerate(text.read_text(path).splitlines(), start=1):
        parts = line.split()[0].strip("/").split("/") if line.split() else []
        if parts and len(parts) < 2:
            raise InputError(f"{path}: line {number}: expected .../NAME/FRAME, got {line!r:.60}")
        if parts:
            found[text.folder_name(parts[-2], f"{path}: line {number}")] = None
    return list(found)


def frames(root: str | Path, name: str) -> list[Path]:
    """Frames of a sequence, in order."""
    folder = Path(root) / "JPEGImages" / RESOLUTION / text.folder_name(name, "name")
    found = list_frames(folder, any_step=True)
    if not found:
        raise InputError(f"{folder}: expected files 00000.jpg, found none")
    return found


def masks(root: str | Path, name: str) -> list[Path]:
    """Masks of a sequence, in order: of every frame or of every fifth in val, of the first in the
    test sets."""
    return list_masks(masks_folder(root, name))


def list_masks(folder: Path) -> list[Path]:
    """The masks of a folder, in order; steps are even."""
    return list_frames(folder, suffixes=MASKS, any_step=True)


def masks_folder(root: str | Path, name: str) -> Path:
    """Folder of the masks of a sequence."""
    return Path(root) / "Annotations" / RESOLUTION / text.folder_name(name, "name")


def first_masks(root: str | Path, name: str, frames: Sequence[Path]) -> list[Path]:
    """Masks of a sequence whose objects are those of the first one, which is of the first frame.

    Raises:
        InputError: there is no mask of the first frame, or a mask of no frame.
    """
    found = list(numbered_frames(masks_folder(root, name), suffixes=MASKS).values())
    if not found:
        raise InputError(f"{masks_folder(root, name)}: expected masks such as 00000.png, got none")
    if found[0].stem != frames[0].stem:
        raise InputError(f"{found[0]}: expected the mask of the first frame, {frames[0].name}")
    _check_frames_of(found, frames)
    return found


def check_masks(masks: Sequence[Path], frames: Sequence[Path]) -> None:
    """Whether a sequence can be scored on its masks.

    Raises:
        InputError: the first frame has no mask, a mask has no frame, or masks end before frames do.
    """
    if not masks or masks[0].stem != frames[0].stem:
        what = f"{masks[0].name} first" if masks else "none"
        raise InputError(f"{frames[0]}: expected a mask of the first frame, got {what}")
    _check_frames_of(masks, frames)
    numbers = [int(path.stem) for path in masks]
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    last = max(int(path.stem) for path in frames)
    if last - numbers[-1] >= step:
        raise InputError(
            f"{masks[0].parent}: expected masks up to the last frame, {frames[-1].name}, "
            f"found {len(masks)} masks of {len(frames)} frames, the last one {masks[-1].name}"
        )


def _check_frames_of(masks: Sequence[Path], frames: Sequence[Path]) -> None:
    known = {path.stem for path in frames}
    stray = [path for path in masks if path.stem not in known]
    if stray:
        raise InputError(f"{stray[0]}: expected a frame of this number in {frames[0].parent}")


def is_binary(path: str | Path) -> bool:
    """Whether a mask has pixels of 0 and 255 alone, as those of DAVIS-2016: one object is 255."""
    values = np.unique(read_mask(path))
    return bool(len(values) and values[-1] == VOID and set(values) <= {0, VOID})


def are_binary(masks: Sequence[Path]) -> bool:
    """Whether the masks of a sequence are those of DAVIS-2016.

    Raises:
        InputError: the first one is, and another has objects: its 255 is void.
    """
    first = read_mask(masks[0])
    if not is_binary(masks[0]) or not (first == 0).any():
        return False
    for path in masks[1:]:
        ids = objects_of(read_mask(path))
        if ids:
            raise InputError(
                f"{path}: object {ids[0]} is nowhere in the first mask, {masks[0].name}, which "
                f"holds background and void ({VOID}) alone"
            )
    return True


def objects_of(ids: np.ndarray) -> list[int]:
    """Numbers of the objects in a mask (H, W)."""
    return [int(number) for number in np.unique(ids) if number not in (0, VOID)]


def check_objects(path: str | Path, ids: np.ndarray) -> None:
    """An `InputError` where a first mask holds no object."""
    if objects_of(ids):
        return
    if not (ids == VOID).any():
        raise InputError(f"{path}: expected at least one object, found background (0) alone")
    found = "background and void" if (ids == 0).any() else "void"
    raise InputError(
        f"{path}: expected at least one object, found {found} alone: {VOID} is void and belongs to "
        "no object; number the objects from 1"
    )


def read_mask(path: str | Path, *, binary: bool = False) -> np.ndarray:
    """Object ids (H, W) uint8 of an indexed (or grey) PNG: 0 background, 255 void.

    Args:
        binary: of a sequence whose first mask `is_binary`: what is not 0 is object 1.
    """
    try:
        with Image.open(path) as image:
            if image.format != "PNG":
                raise InputError(f"{path}: expected an indexed PNG, got {image.format}")
            if image.mode not in ("P", "L", "1"):
                raise InputError(f"{path}: expected an indexed PNG, got mode {image.mode}")
            if getattr(image, "n_frames", 1) > 1:
                raise InputError(f"{path}: expected one mask, got {image.n_frames} (animated)")
            mode = image.mode
            ids = np.array(ImageOps.exif_transpose(image))  # as its frame is read, too
    except (UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError(f"{path}: expected an indexed PNG, but it cannot be decoded") from None
    except OSError as error:
        reason = error.strerror or "broken image"
        raise InputError(f"{path}: cannot be read ({reason})") from None
    ids = ids.astype(np.uint8)
    if mode == "L" and len(found := np.unique(ids)) > MOST_GREYS:
        raise InputError(
            f"{path}: expected ids of objects, got {len(found)} levels of grey; a mask that was "
            "blurred, scaled or stored as JPEG has to be made of whole numbers again"
        )
    return np.where(ids > 0, 1, 0).astype(np.uint8) if binary else ids


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
    with whole_stream(path) as sink:
        image.save(sink, format="PNG")


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
