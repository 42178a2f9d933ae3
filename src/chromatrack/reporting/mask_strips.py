"""What the viewer of sequences reads of masks: pictures, masks of each method, J and F."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data import davis
from chromatrack.data.images import read_image_rgb
from chromatrack.evaluation.sets.davis import PerFrame
from chromatrack.reporting import coding
from chromatrack.reporting.frames import fitting
from chromatrack.reporting.strips import SIDES, Budget

SEQUENCES = 3
"""That are shown: the first ones of the benchmark."""
BYTES = 2_000_000
"""Of JPEG and PNG that they may take together."""
DIGITS = 4
"""Of J and F."""


@dataclass(frozen=True)
class Method:
    """A way to propagate masks, on one sequence.

    Attributes:
        masks: of each frame; None where there is no file.
        scores: J and F of the frames that are scored.
    """

    masks: Sequence[Path | None]
    scores: PerFrame


def mask_strip(
    name: str,
    frames: Sequence[Path],
    truth: Sequence[Path | None],
    methods: Mapping[str, Method],
    budget: Budget,
) -> dict[str, Any]:
    """What strips.json says of the masks of one sequence.

    Args:
        truth: mask of each frame, of the first one at least; None where it is not annotated.
        budget: of all pictures and masks; it is spent from.
    """
    binary = davis.are_binary([path for path in truth if path is not None])

    @cache
    def coded(frame: int, side: int) -> tuple[bytes | None, ...]:
        """Picture, true mask, masks of the methods."""
        paths = [truth[frame], *(method.masks[frame] for method in methods.values())]
        masks = (path and coding.mask(_ids(path, binary), side) for path in paths)
        return coding.picture(read_image_rgb(frames[frame]), side), *masks

    def cost(frame: int, side: int) -> int:
        return sum(len(part) for part in coded(frame, side) if part)

    side, shown = fitting(len(frames), [], SIDES, budget.share, cost)
    budget.spend(sum(cost(frame, side) for frame in shown))
    pictures, true, *masks = zip(*(map(_text, coded(frame, side)) for frame in shown), strict=True)
    height, width = read_image_rgb(frames[0]).shape[:2]
    objects = next(iter(methods.values())).scores.objects
    return {
        "name": name,
        "width": width,
        "height": height,
        "count": len(frames),
        "frames": shown,
        "pictures": list(pictures),
        "objects": [str(number) for number in objects],
        "truth": list(true),
        "methods": {
            title: {
                "masks": list(own),
                "J": _values(method.scores, method.scores.regions, frames),
                "F": _values(method.scores, method.scores.contours, frames),
            }
            for (title, method), own in zip(methods.items(), masks, strict=True)
        },
    }


def _ids(path: Path, binary: bool) -> np.ndarray:
    """Void is background, as the measures have it."""
    ids = davis.read_mask(path, binary=binary and davis.is_binary(path))
    return np.where(ids == davis.VOID, 0, ids).astype(np.uint8)


def _text(content: bytes | None) -> str | None:
    return None if content is None else coding.text(content)


def _values(
    scores: PerFrame, rows: np.ndarray, frames: Sequence[Path]
) -> dict[str, list[float | None]]:
    """Object -> a value of each frame."""
    told = {}
    for number, row in zip(scores.objects, rows, strict=True):
        of_frame = dict(zip(scores.frames, row.tolist(), strict=True))
        values = [of_frame.get(path.stem) for path in frames]
        told[str(number)] = [None if value is None else round(value, DIGITS) for value in values]
    return told
