"""What is shown of targets while they are followed: a video, and pictures of score maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from chromatrack.data.images import write_jpeg
from chromatrack.data.tracks import file_name, track_name
from chromatrack.errors import InputError
from chromatrack.files import check_writable
from chromatrack.geometry import center_from_ltwh, crop_square, mean_color
from chromatrack.reporting.overlay import COLOURS, Mark, heat, marked, paste, tile
from chromatrack.tracking.confidence import height
from chromatrack.tracking.seen import Seen
from chromatrack.video.footage import Footage
from chromatrack.video.write import check_container, even, video_writer

Show = Callable[[int, np.ndarray, list[Seen]], None]
"""Takes the number of a frame, the frame, and what is seen in it."""
Names = Sequence[tuple[str, str]]
"""Target and alpha of each that is seen."""

PANEL = 255
"""Side of a picture of a score map, in pixels."""


class View(Protocol):
    """Something that is shown each frame."""

    @property
    def path(self) -> Path:
        """Of the file or folder that it writes."""

    def opened(self, footage: Footage, names: Names) -> AbstractContextManager[Show]:
        """For as long as frames come; also what is shown before an error is kept."""


@dataclass(frozen=True)
class VideoView:
    """A video with boxes, names, scores and small score maps.

    Attributes:
        path: of the video, .mp4 and others.
    """

    path: Path

    def __post_init__(self) -> None:
        check_container(self.path)
        check_writable(self.path)

    @contextmanager
    def opened(self, footage: Footage, names: Names) -> Iterator[Show]:
        first = even(footage.first)
        scales = [_Scale() for _ in names]
        size = {"width": first.shape[1], "height": first.shape[0]}
        with video_writer(self.path, **size, fps=footage.rate, quality=20) as add:

            def show(_: int, image: np.ndarray, seen: list[Seen]) -> None:
                marks = [
                    mark(label(*name), one, scale)
                    for name, one, scale in zip(names, seen, scales, strict=True)
                ]
                add(even(marked(image, marks)))

            yield show


@dataclass(frozen=True)
class ScoreView:
    """A picture for each frame and target: where it was looked for, and the maps of that.

    Attributes:
        folder: new or empty; of several targets each has a folder in it.
    """

    folder: Path

    def __post_init__(self) -> None:
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise InputError(f"{self.folder}: holds files already, expected a new or empty folder")
        check_writable(self.folder / "000000.jpg")

    @property
    def path(self) -> Path:
        return self.folder

    @contextmanager
    def opened(self, footage: Footage, names: Names) -> Iterator[Show]:
        scales = [[_Scale() for _ in range(3)] for _ in names]
        several = len(names) > 1

        def show(number: int, image: np.ndarray, seen: list[Seen]) -> None:
            for name, one, scale in zip(names, seen, scales, strict=True):
                if one.maps is None:
                    continue
                folder = self.folder / file_name(track_name(*name)) if several else self.folder
                write_jpeg(folder / f"{number:06d}.jpg", panels(image, one, scale))

        yield show


class _Scale:
    """How bright a map is: beside the highest peak so far, so that a low one is seen as such."""

    def __init__(self) -> None:
        self._highest = 0.0

    def __call__(self, response: np.ndarray) -> np.ndarray:
        """(n, n) -> the same from 0, its mean and below, to 1."""
        self._highest = max(self._highest, height(response))
        return np.clip((response - response.mean()) / (self._highest or 1.0), 0, 1)


def label(target: str, alpha: str) -> str:
    """Of a box."""
    return f"{target} α={alpha}" if alpha else target


def mark(name: str, seen: Seen, scale: _Scale) -> Mark:
    """What a frame shows of a target."""
    score = "" if seen.score is None else f" {seen.score:.2f}"
    small = None if seen.maps is None else scale(seen.maps.mixed)
    return Mark(seen.box_ltwh, f"{name}{score}{' lost' if seen.lost else ''}", seen.lost, small)


def panels(image: np.ndarray, seen: Seen, scales: Sequence[_Scale]) -> np.ndarray:
    """The region that was searched, and beside it the mixed map and those of both branches."""
    maps = seen.maps
    center_yx, size_hw = center_from_ltwh(maps.search_ltwh)
    fill = mean_color(image)
    shown = [
        ("searched", crop_square(image, center_yx, float(size_hw[0]), out_size=PANEL, fill=fill))
    ]
    titled = (("mixed", maps.mixed), ("SiamFC", maps.siamfc), ("colorization", maps.auxiliary))
    only = maps.auxiliary is None or maps.siamfc is None
    for (title, one), scale in zip(titled[:1] if only else titled, scales, strict=False):
        shown.append((f"{title}, peak {height(one):.3g}", heat(scale(one), PANEL)))
    row = np.full((PANEL, len(shown) * (PANEL + 4) - 4, 3), 255, np.uint8)
    for number, (title, panel) in enumerate(shown):
        paste(row, panel, number * (PANEL + 4), 0)
        paste(row, tile(title, COLOURS[1], 14), number * (PANEL + 4), 0)
    return row
