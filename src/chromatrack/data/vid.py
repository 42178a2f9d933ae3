"""The layout of ImageNet-VID (ILSVRC2015): videos for training with one target per track.

Data/VID/train/SUBSET/VIDEO/000000.JPEG and Annotations/VID/train/SUBSET/VIDEO/000000.xml; an
annotation lists the objects of a frame, each with a track id and its first and last pixels,
0-based.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from chromatrack.data.frames import list_frames
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import LARGEST, folder_name
from chromatrack.errors import InputError

_DATA = Path("Data/VID/train")
_ANNOTATIONS = Path("Annotations/VID/train")
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def list_videos(root: str | Path) -> list[str]:
    """SUBSET/VIDEO of all training videos, sorted."""
    data = Path(root) / _DATA
    if not data.is_dir():
        raise InputError(f"{data}: no such folder")
    subsets = (path for path in data.iterdir() if path.is_dir())
    return sorted(
        f"{subset.name}/{video.name}"
        for subset in subsets
        for video in subset.iterdir()
        if video.is_dir()
    )


def without_frames(root: str | Path) -> list[str]:
    """SUBSET/VIDEO of the annotations that have no folder of frames, sorted."""
    annotations = Path(root) / _ANNOTATIONS
    videos = (path for path in annotations.glob("*/*") if path.is_dir())
    names = (f"{path.parent.name}/{path.name}" for path in videos)
    return sorted(name for name in names if not (Path(root) / _DATA / name).is_dir())


def read_video(root: str | Path, name: str) -> list[Sequence]:
    """The targets of one video, by track id: SUBSET/VIDEO-0, SUBSET/VIDEO-1, ...

    Each has all frames of the video; `visible` says in which it is annotated.

    Raises:
        InputError: a file is missing or broken, or the name leads out of the folder.
    """
    subset, _, video = name.partition("/")
    for part in (subset, video):
        folder_name(part, f"{root}: the video {name!r}")
    frames = list_frames(Path(root) / _DATA / subset / video)
    _check_annotations(Path(root) / _ANNOTATIONS / subset / video, frames)
    tracks: dict[int, np.ndarray] = {}
    for index, frame in enumerate(frames):
        path = Path(root) / _ANNOTATIONS / subset / video / f"{frame.stem}.xml"
        for track, box_ltwh in _read_objects(path):
            boxes = tracks.setdefault(track, np.zeros((len(frames), 4)))
            if boxes[index, 2]:
                raise InputError(f"{path}: expected one object of each trackid, got two of {track}")
            boxes[index] = box_ltwh
    return [
        Sequence(f"{name}-{track}", tuple(frames), boxes, visible=boxes[:, 2] > 0)
        for track, boxes in sorted(tracks.items())
    ]


def _check_annotations(folder: Path, frames: list[Path]) -> None:
    """An annotation without its frame is of a frame that got lost."""
    known = {path.stem for path in frames}
    stray = sorted(path for path in folder.glob("*.xml") if path.stem not in known)
    if stray:
        raise InputError(f"{stray[0]}: expected a frame {stray[0].stem}.JPEG, found none")


def _read_objects(path: Path) -> list[tuple[int, list[float]]]:
    """Track id and box_ltwh of the objects of one frame."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        # A document that defines its own entities may unfold to gigabytes.
        if re.search(rb"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
            raise ValueError
        found = ElementTree.fromstring(text).iter("object")
        return [(int(_text(item, "trackid")), _box(item)) for item in found]
    except (ElementTree.ParseError, ValueError):
        raise InputError(
            f"{path}: expected an annotation of ImageNet-VID with trackid and bndbox (xmin, ymin, "
            "xmax, ymax) of each object"
        ) from None


def _box(item: ElementTree.Element) -> list[float]:
    left, top, right, bottom = (float(_text(item, f"bndbox/{side}")) for side in _SIDES)
    sides = np.abs([left, top, right, bottom])
    if not ((sides <= LARGEST).all() and right >= left and bottom >= top):
        raise ValueError
    return [left, top, right - left + 1, bottom - top + 1]


def _text(item: ElementTree.Element, path: str) -> str:
    text = item.findtext(path)
    if text is None:
        raise ValueError
    return text
