"""How often `lost` is right: precision and recall against frames whose box misses the target.

    python -m benchmarks.lost

The weights of siamfc-pytorch on the real sequences of OTB, VOT and GOT-10k. A target counts as
truly lost in a frame whose box has no overlap with the annotation. The thresholds of the rule
(tracking/confidence.py) were chosen on the others than `UNSEEN`, which have numbers of their own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.metrics.boxes import iou_ltwh
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.tools.followers import open_checkpoint
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.following import follow

UNSEEN = ("Girl", "Dog1", "bag")
PLACES = {"otb": "otb", "got10k": "tracking/val", "vot": "vot"}


def sequences(frames: int) -> Iterator[Sequence]:
    """All real sequences, short ones first."""
    found = [
        sequence.first(frames or None)
        for name, place in PLACES.items()
        for sequence in sets.get(name).sequences(Selection(root=REAL_DATA / place))
    ]
    yield from sorted(found, key=len)


def told_and_overlaps(followers, sequence: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """(N - 1,) each: whether the tracker says lost, and the overlap of its box."""
    images = map(read_image_rgb, sequence.frames)
    seen = [one[0] for _, one in follow(followers, images, {"1": sequence.boxes_ltwh[0]})]
    boxes_ltwh = np.array([one.box_ltwh for one in seen])
    counted = np.isfinite(sequence.boxes_ltwh).all(axis=1)
    counted[0] = False
    overlaps = iou_ltwh(boxes_ltwh[counted], sequence.boxes_ltwh[counted])
    return np.array([one.lost for one in seen])[counted], overlaps


def rates(pairs: list[tuple[np.ndarray, np.ndarray]], of: str) -> list[dict]:
    """Precision and recall of some sequences together."""
    told, overlaps = (np.concatenate(part) for part in zip(*pairs, strict=True))
    true = overlaps == 0
    right = (told & true).sum()
    return [
        result(f"{of}: frames", len(true), "frames"),
        result(f"{of}: frames with overlap 0", true.sum(), "frames"),
        result(f"{of}: precision of lost", right / max(1, told.sum()), "share"),
        result(f"{of}: recall of lost", right / max(1, true.sum()), "share"),
        result(
            f"{of}: of the frames said to be lost, overlap below 0.5",
            (told & (overlaps < 0.5)).sum() / max(1, told.sum()),
            "share",
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=600, help="of each target; 0 for all")
    options = parser.parse_args()
    weights = REAL_DATA / "siamfc_reference" / "weights.pth"
    if not weights.is_file():
        sys.exit(f"{weights}: expected weights of siamfc-pytorch; set CHROMATRACK_REAL_DATA")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "siamfc.pt"
        import_siamfc_pytorch(weights, checkpoint)
        compute = ComputeSettings(device="cpu")
        followers = open_checkpoint(checkpoint, settings=TrackerSettings(), compute=compute)
        for sequence in sequences(options.frames):
            told, overlaps = found[sequence.name] = told_and_overlaps(followers, sequence)
            true = overlaps == 0
            print(
                f"{sequence.name}: {len(true)} frames, lost {true.sum()}, said {told.sum()}, "
                f"both {(told & true).sum()}",
                flush=True,
            )
    groups = {
        "all": list(found),
        "those that the rule was chosen on": [n for n in found if n not in UNSEEN],
        "the unseen": [n for n in found if n in UNSEEN],
    }
    finish([one for of, names in groups.items() for one in rates([found[n] for n in names], of)])


if __name__ == "__main__":
    main()
