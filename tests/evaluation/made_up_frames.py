"""A sequence of greys in the layout of any benchmark, and which frame a file is."""

from pathlib import Path

import numpy as np

from chromatrack.data import davis, got10k, otb, vot
from chromatrack.data.images import read_image_rgb
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Example, Selection

COUNT = 6
BOXES = np.array([[4.0 + 2 * index, 5, 12, 10] for index in range(COUNT)])
MASK = np.zeros((48, 64), np.uint8)
MASK[5:15, 4:16] = 1


def images() -> list[np.ndarray]:
    """Frame i is of the grey 20 i."""
    return [np.full((48, 64, 3), 20 * index, np.uint8) for index in range(COUNT)]


def shades(frames) -> list[int]:
    """Which frame each file is."""
    return [round(float(read_image_rgb(path).mean()) / 20) for path in frames]


def write(name: str, root: Path, *targets: str) -> None:
    targets = targets or ("Anna",)
    if sets.get(name).write is not None:
        examples = [Example(one, tuple(images()), BOXES, np.ones(COUNT)) for one in targets]
        sets.get(name).write(root, examples)
        return
    for one in targets:
        if name == "otb":
            otb.write_sequence(root, one, images(), [BOXES])
        elif name == "vot":
            vot.write_sequence(root, one, images(), corners(BOXES), fps=25)
        elif name == "davis":
            davis.write_sequence(root, one, images(), [MASK] * COUNT)
        else:
            got10k.write_sequence(
                root, one, images(), BOXES, cover=np.full(COUNT, 8), cut_by_image=np.zeros(COUNT),
                meta={"object_class": "cat", "resolution": "(64, 48)"},
            )  # fmt: skip
    if name == "davis":
        davis.write_names(root, targets)
    if name == "got10k":
        got10k.write_list(root, targets)


def corners(boxes_ltwh):
    left, top, width, height = boxes_ltwh.T
    right, bottom = left + width, top + height
    return np.stack([left, top, right, top, right, bottom, left, bottom], axis=1)


def read(name: str, root: Path, **options):
    return sets.get(name).sequences(Selection(root, **options))
