"""Made-up inputs for `benchmarks.gpu`, as large as the real ones; no video, no download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.alphas import measured
from chromatrack.checkpoints import save_checkpoint
from chromatrack.data.crops import Crops, write_crop_shard
from chromatrack.data.images import write_frames
from chromatrack.data.sequence import Sequence
from chromatrack.labels.cache import ClipLabels, write_label_shard
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import LabelSettings

OTB_FRAMES = 59_040
OTB_SEQUENCES = 100
PICTURES = 30
"""Different pictures of a sequence; it goes forward and backward through them."""
MARGIN = 8


def histograms(clips: int) -> list[np.ndarray]:
    """(65536,) counts of a, b of each clip: six clouds, a few thousand colours."""
    random, made = np.random.default_rng(0), []
    for _ in range(clips):
        centres, spread = random.uniform(80, 180, (6, 2)), random.uniform(2, 10, (6, 1))
        points = (centres + spread * random.standard_normal((10_000, 6, 2))).reshape(-1, 2)
        a, b = np.clip(points, 0, 255).astype(np.int64).T
        made.append(np.bincount(a * 256 + b, minlength=65536))
    return made


def label_shard(path: Path, settings: LabelSettings, *, clips: int = 64, frames: int = 12) -> Path:
    """A label cache."""
    random = np.random.default_rng(1)
    grid, nothing = settings.label_size, np.zeros(0, dtype=np.uint8)
    made, sizes = [], []
    for clip in range(clips):
        jpegs = [
            cv2.imencode(".jpg", picture(random, settings.size, settings.size)[..., 0])[1].ravel()
            for _ in range(frames)
        ]
        labels = random.integers(settings.colours, size=(frames, grid, grid), dtype=np.uint8)
        made.append(ClipLabels(
            clip_id=f"clip{clip}", sha256="", luma=np.concatenate(jpegs),
            luma_lengths=np.array([len(jpeg) for jpeg in jpegs]), chroma=nothing,
            chroma_lengths=nothing, labels=labels, full_labels=None,
            centroids=np.zeros((settings.colours, 2), np.float32), inertia=0.0,
            lab_sums=np.ones((2, 3)), lab_count=1,
        ))  # fmt: skip
        sizes.append((frames, len(made[-1].luma), 0))
    write_label_shard(path, made, sizes, settings=settings, made_by={})
    return path


def crop_shard(path: Path, *, sequences: int = 64, crops: int = 8) -> Path:
    """Crops to train SiamFC on."""
    random, side = np.random.default_rng(2), 255 + 2 * MARGIN
    made = []
    for number in range(sequences):
        jpegs = [cv2.imencode(".jpg", picture(random, side, side))[1].tobytes()] * crops
        made.append(Crops.of(f"sequence{number}", np.arange(crops), jpegs))
    write_crop_shard(path, made, margin=MARGIN, made_by={})
    return path


def sequences(folder: Path, frames: int, *, count: int = OTB_SEQUENCES) -> list[Sequence]:
    """Sequences of so many frames together; pictures of 480 x 360, as most of OTB's are."""
    random = np.random.default_rng(3)
    sources = min(count, 10)
    for source in range(sources):
        shown = _shifted(picture(random, 480, 360), random)
        write_frames(folder / str(source), shown, pattern="%04d.jpg", first=0, quality=90)
    there_and_back = [*range(PICTURES), *range(PICTURES - 2, 0, -1)]
    made = []
    for number, part in enumerate(np.array_split(np.arange(frames), count)):
        index = [there_and_back[i % len(there_and_back)] for i in range(len(part))]
        paths = tuple(folder / str(number % sources) / f"{i:04d}.jpg" for i in index)
        boxes = np.tile([200.0, 140.0, 70.0, 60.0], (len(index), 1))
        made.append(Sequence(f"{number:03d}", paths, boxes))
    return made


def _shifted(image: np.ndarray, random: np.random.Generator) -> Iterator[np.ndarray]:
    for number in range(PICTURES):
        moved = np.roll(image, 2 * number, axis=1)
        noise = random.integers(0, 12, image.shape, dtype=np.uint8)
        yield cv2.add(moved, noise)


def picture(random: np.random.Generator, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8: what a JPEG of a scene costs to decode."""
    coarse = random.integers(0, 230, (height // 16, width // 16, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.add(smooth, random.integers(0, 25, (height, width, 3), dtype=np.uint8))


def siamfc(path: Path, width: float) -> Path:
    """A checkpoint of SiamFC with random weights."""
    torch.manual_seed(0)
    network = {"width": width, "channels": "as_run"}
    module = build_siamfc(**network)
    scaling = InputScaling(rgb="unit")
    save_checkpoint(
        path, kind="siamfc", network=network, scaling=scaling, module=module, made_by={}
    )
    return path


def combined(path: Path, width: float, sequences: list[Sequence]) -> Path:
    """A checkpoint of SiamFC beside a colorization network, both with random weights.

    Score maps are measured on the first two frames of the sequences, so that each alpha goes a way
    of its own, as those of trained networks do.
    """
    torch.manual_seed(0)
    network = {
        "siamfc": {"width": width, "channels": "as_run"}, "alpha": 0.5, "normalize": True,
        "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": width}},
    }  # fmt: skip
    module = build_fused(**network, statistics=((0.0, 1.0), (0.0, 1.0))).eval()
    scaling = InputScaling(rgb="unit")
    maps = measured(module, scaling, sequences)
    network["statistics"] = tuple((float(m.mean()), float(m.std())) for m in maps)
    module.statistics.copy_(torch.tensor(network["statistics"]))
    save_checkpoint(path, kind="fused", network=network, scaling=scaling, module=module, made_by={})
    return path
