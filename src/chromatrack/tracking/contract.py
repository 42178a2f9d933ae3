"""What every tracker offers, ours and others': the contract of the field (got10k, OTB, VOT)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.errors import ChromatrackError


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


OpenTracker = Callable[[], Tracker]
"""Makes a tracker in the process that is to run it; can be pickled."""


@contextmanager
def at_frame(sequence: Sequence, index: int) -> Iterator[None]:
    """Whatever fails here fails with the names of the sequence and its frame (from 0)."""
    try:
        yield
    except ChromatrackError as error:
        where = f"{sequence.name}, frame {index + 1} ({sequence.frames[index].name})"
        raise type(error)(f"{where}: {error}") from None
