"""Targets in the layouts of benchmarks, and results on them, that were made up."""

from pathlib import Path

import numpy as np

from chromatrack.data.text import format_boxes_one_based
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Example, Selection
from chromatrack.settings import WorldSettings

TINY = WorldSettings(seed=3, width=160, height=128, otb_frames=20)
FRAMES = 24
ABSENT = slice(9, 14)


def made_up(*names: str) -> list[Example]:
    """Targets with boxes of whole pixels, as most are published, hidden for a while."""
    found = []
    for name in names:
        rng = np.random.default_rng(len(found))
        boxes = np.concatenate(
            [rng.integers(-3, 60, (FRAMES, 2)), rng.integers(8, 40, (FRAMES, 2))], axis=1
        )
        shown = np.ones(FRAMES)
        shown[ABSENT] = 0.0
        image = np.full((16, 16, 3), 90, np.uint8)
        found.append(Example(name, (image,) * FRAMES, boxes.astype(float), shown))
    return found


def written(name: str, root: Path, *targets: str) -> list:
    """A benchmark of made-up targets, read again."""
    benchmark = sets.get(name)
    benchmark.write(root, made_up(*(targets or ("Anna", "Berta", "Carla"))))
    return benchmark.sequences(Selection(root))


def write_results(folder: Path, sequences, rng: np.random.Generator, decimals: int) -> None:
    """Boxes near and far from the true ones; whole numbers lie on thresholds."""
    folder.mkdir(parents=True)
    for sequence in sequences:
        boxes = sequence.boxes_ltwh.copy()
        boxes[np.isnan(boxes).any(axis=1)] = (5.0, 5.0, 20.0, 20.0)
        boxes[:, :2] += rng.normal(0, rng.choice([1, 5, 25]), (len(boxes), 2))
        boxes[:, 2:] *= rng.uniform(0.7, 1.4, (len(boxes), 2))
        text = format_boxes_one_based(np.round(boxes, decimals))
        (folder / f"{sequence.name}.txt").write_text(text)
