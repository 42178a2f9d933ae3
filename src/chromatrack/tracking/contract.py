"""What every tracker offers, ours and others': the contract of the field (got10k, OTB, VOT)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.errors import ChromatrackError, InputError, WorkError
from chromatrack.geometry import center_from_ltwh, exemplar_side


class Tracker(Protocol):
    """Follows one target: `init` once, then `update` for each further frame."""

    def init(self, image: np.ndarray, box_ltwh: np.ndarray) -> None:
        """Take the target from the first frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            box_ltwh: (4,) left, top, width, height in pixels, 0-based.
        """

    def update(self, image: np.ndarray) -> np.ndarray:
        """Box (4,) ltwh of the target in the next frame, in pixels, 0-based."""


LARGEST_RATIO = 1.5
"""Of the square around target and context, in diagonals of the image: a target that fills the image
needs 1.4 of them, and a lost one costs no more memory than that."""


def check_box(box_ltwh: np.ndarray, shape: tuple[int, ...]) -> None:
    """Whether a tracker can start on that box of an image of (height, width, ...) `shape`.

    Raises:
        InputError: it is not finite, has no size, or is larger than the image.
    """
    shown = list(map(float, box_ltwh))
    if not np.all(np.isfinite(box_ltwh)) or box_ltwh[2] <= 0 or box_ltwh[3] <= 0:
        raise InputError(
            f"box {shown}: expected left,top,width,height with a positive width and height"
        )
    _, size_hw = center_from_ltwh(box_ltwh)
    if exemplar_side(size_hw) > LARGEST_RATIO * float(np.hypot(*shape[:2])):
        raise InputError(f"box {shown}: is larger than the image ({shape[1]}x{shape[0]} pixels)")


@dataclass(frozen=True)
class Failed:
    """A sequence that could not be tracked to its end; the others go on.

    Attributes:
        name: of the sequence.
        error: what a person is told, with the name.
    """

    name: str
    error: ChromatrackError


OpenTracker = Callable[[], Tracker]
"""Makes a tracker in the process that is to run it; can be pickled."""


@contextmanager
def at_frame(sequence: Sequence, index: int) -> Iterator[None]:
    """Whatever fails here fails with the names of the sequence and its frame (from 0)."""
    where = f"{sequence.name}, frame {index + 1} ({sequence.frames[index].name})"
    try:
        yield
    except ChromatrackError as error:
        raise type(error)(f"{where}: {error}") from None
    except (cv2.error, MemoryError) as error:
        # OpenCV's words are about a line of its own; they may fill several.
        raise WorkError(f"{where}: {' '.join(str(error).split()) or 'out of memory'}") from None
