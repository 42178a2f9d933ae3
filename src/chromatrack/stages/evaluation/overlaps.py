"""How well boxes fit sequences in the layout of GOT-10k, cut or whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromatrack.data import got10k as layout
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_boxes
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.metrics import got10k


def counted_overlaps(targets: Sequence[Target], boxes: Path) -> np.ndarray:
    """(M,) overlaps of the frames of all targets that count.

    Args:
        boxes: folder of NAME.txt, one row per frame.

    Raises:
        InputError: no frame counts: no target is visible after its first frame.
    """
    overlaps = []
    for target in targets:
        height, width = read_image_rgb(target.frames[0]).shape[:2]
        overlaps.append(
            got10k.counted_overlaps(
                read_boxes(boxes / f"{target.name}.txt"),
                target.boxes_ltwh,
                layout.read_cover(target.frames[0].parent)[: len(target)],
                (width, height),
            )
        )
    counted = np.concatenate(overlaps)
    if not len(counted):
        root = targets[0].frames[0].parent.parent
        raise InputError(f"{root}: expected frames with a visible target, got none")
    return counted
