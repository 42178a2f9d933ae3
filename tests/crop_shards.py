"""A crop file that tests train on."""

from pathlib import Path

import cv2
import numpy as np

from chromatrack.data.crops import Crops, write_crop_shard


def write_blobs(path: Path) -> Path:
    """Two sequences, each a blob of its own colour in the centre of noise."""
    random = np.random.default_rng(0)
    sequences = []
    for index, color in enumerate([(250, 40, 40), (40, 40, 250)]):
        jpegs = []
        for _ in range(4):
            image = random.integers(60, 200, (271, 271, 3)).astype(np.uint8)
            cv2.circle(image, (135, 135), 30, color, -1)
            jpegs.append(cv2.imencode(".jpg", image)[1].tobytes())
        sequences.append(Crops.of(f"s{index}", np.array([0, 1, 2, 200]), jpegs))
    write_crop_shard(path, sequences, margin=8, made_by={})
    return path
