"""What eleven alphas of an experiment that only tests cost against one, on a CPU.

    python -m benchmarks.alphas [--frames 20] [--rounds 3] [--trunks resnet18 alexnet]

Needs the real files (CHROMATRACK_REAL_DATA). SiamFC with the weights of siamfc-pytorch, and beside
it an auxiliary of full width with random weights, on the first frames of three sequences. The
alphas in one go (`tracking/sweep.py`) and 0.5 alone take turns, sequence after sequence, round
after round; each alpha alone has its turn in the first round. CPU seconds of one thread, decoding
included. All boxes have to be those of each alpha alone, bit by bit. The first frames flatter: all
alphas start at the same place.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import torch

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_sequences
from chromatrack.data.sequence import Sequence
from chromatrack.machine.compute import prepare
from chromatrack.models.build import build_fused
from chromatrack.models.fused import FusedTracker
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.single import track_sequence
from chromatrack.tracking.sweep import sweep
from chromatrack.tracking.tracker import SiameseTracker

WEIGHTS = REAL_DATA / "siamfc_reference" / "weights.pth"
ALPHAS = tuple(round(0.1 * number, 1) for number in range(11))
ONE = ALPHAS.index(0.5)
SEQUENCES = ("Couple", "Football1", "MotorRolling")
TOGETHER, SINGLE, EACH = "11 alphas in one go", "alpha 0.5 alone", "11 alphas, each alone"
CPU = torch.device("cpu")


def compose(siamfc: Path, trunk: str, sequences: list[Sequence], output: Path) -> None:
    """The combined network, its score maps measured on the first two frames of the sequences."""
    first = load_checkpoint(siamfc, kinds=("siamfc",))
    torch.manual_seed(0)
    description = {
        "siamfc": first.network, "alpha": 0.5, "normalize": True,
        "auxiliary": {"kind": "colorization", "network": {"trunk": trunk}},
    }  # fmt: skip
    model = build_fused(**description, statistics=((0.0, 1.0), (0.0, 1.0)))
    model.siamfc.load_state_dict(first.state)
    scaling = InputScaling(rgb=first.scaling.rgb)
    maps = measured(model.eval(), scaling, sequences)
    description["statistics"] = tuple((float(m.mean()), float(m.std())) for m in maps)
    model.statistics.copy_(torch.tensor(description["statistics"]))
    save_checkpoint(
        output, kind="fused", network=description, scaling=scaling, module=model, made_by={}
    )


@torch.no_grad()
def measured(
    model: FusedTracker, scaling: InputScaling, sequences: list[Sequence]
) -> list[torch.Tensor]:
    """All score maps of each branch, of the second frame where the target was in the first."""
    found = ([], [])
    tracker = SiameseTracker(network=None)
    for sequence in sequences:
        before, now = map(read_image_rgb, sequence.frames[:2])
        patches = tracker.aim(before, sequence.boxes_ltwh[0]), tracker.search_patches(now)
        for maps, branch, seen in zip(
            found,
            (model.siamfc, model.auxiliary),
            (scaling.rgb_tensor, scaling.grey_tensor),
            strict=True,
        ):
            exemplar, search = (branch.embed(seen(one)) for one in patches)
            maps.append(branch.respond(exemplar, search).flatten())
    return [torch.cat(maps) for maps in found]


class Counting(SiameseTracker):
    """Counts at how many places patches are cut; its twins count with it."""

    def __init__(self, tracker: SiameseTracker):
        vars(self).update(vars(tracker))
        self.cut = [0]

    def search_patches(self, image: np.ndarray) -> np.ndarray:
        self.cut[0] += 1
        return super().search_patches(image)


def opened(checkpoint: Path, sequence: Sequence, **alphas: object) -> SiameseTracker:
    """A tracker whose network has been prepared, which is no part of tracking."""
    tracker = load_tracker(checkpoint, settings=TrackerSettings(), device=CPU, **alphas)
    sweep(tracker, sequence.first(2), list(range(len(tracker.network.alphas))))
    return tracker


def in_one_go(tracker: SiameseTracker, sequence: Sequence) -> tuple[float, np.ndarray]:
    """CPU seconds, and boxes (alphas, frames, 4)."""
    began = time.process_time()
    found = sweep(tracker, sequence, list(range(len(ALPHAS))))
    return time.process_time() - began, np.stack([boxes for boxes, _ in found])


def alone(tracker: SiameseTracker, sequence: Sequence) -> tuple[float, np.ndarray]:
    """CPU seconds, and boxes (frames, 4)."""
    began = time.process_time()
    boxes, _ = track_sequence(tracker, sequence)
    return time.process_time() - began, boxes


def each_alone(checkpoint: Path, sequences: list[Sequence]) -> tuple[float, list[np.ndarray]]:
    """CPU seconds, and boxes (alphas, frames, 4) of each sequence."""
    took, boxes = 0.0, []
    for alpha in ALPHAS:  # one after the other: eleven networks would fill the memory
        tracker = opened(checkpoint, sequences[0], alpha=alpha)
        found = [alone(tracker, sequence) for sequence in sequences]
        took += sum(seconds for seconds, _ in found)
        boxes.append([one for _, one in found])
    return took, [np.stack(one) for one in zip(*boxes, strict=True)]


def compare(trunk: str, checkpoint: Path, sequences: list[Sequence], rounds: int) -> list[dict]:
    together = Counting(opened(checkpoint, sequences[0], alphas=ALPHAS))
    single = opened(checkpoint, sequences[0], alpha=ALPHAS[ONE])
    frames, costs = sum(map(len, sequences)), {TOGETHER: [], SINGLE: [], EACH: []}
    for number in range(rounds):
        together.cut[0] = 0
        pairs = [(in_one_go(together, one), alone(single, one)) for one in sequences]
        shared = 1 - together.cut[0] / (len(ALPHAS) * (frames - len(sequences)))
        costs[TOGETHER].append(1e3 * sum(seconds for (seconds, _), _ in pairs) / frames)
        costs[SINGLE].append(1e3 * sum(seconds for _, (seconds, _) in pairs) / frames)
        if number == 0:
            seconds, expected = each_alone(checkpoint, sequences)
            costs[EACH].append(1e3 * seconds / frames)
        for ((_, boxes), (_, one)), each in zip(pairs, expected, strict=True):
            assert np.array_equal(boxes, each), "in one go: other boxes than of an alpha alone"
            assert np.array_equal(one, each[ONE]), "an alpha alone gave two sets of boxes"
    ratios = [a / b for a, b in zip(costs[TOGETHER], costs[SINGLE], strict=True)]
    for what, values in (*costs.items(), ("11 alphas in one go / one", ratios)):
        print(f"{trunk}: {what}: {min(values):.4g} to {max(values):.4g}", flush=True)
    middle = {arm: statistics.median(values) for arm, values in costs.items()}
    gain = costs[EACH][0] / costs[TOGETHER][0]  # of the same round
    return [
        *(result(f"{trunk}: {arm}", middle[arm], "CPU milliseconds per frame") for arm in middle),
        result(f"{trunk}: 11 alphas in one go / one", statistics.median(ratios), "times"),
        result(f"{trunk}: each alone / in one go", gain, "times", ">= 1.0"),
        result(f"{trunk}: (frame, alpha) where an earlier alpha had been", shared, "share"),
    ]


def chosen(frames: int) -> list[Sequence]:
    """The first frames of the sequences that are measured on; all that follows has one thread."""
    if not WEIGHTS.is_file():
        sys.exit(f"{WEIGHTS}: expected weights of siamfc-pytorch; set CHROMATRACK_REAL_DATA")
    prepare(ComputeSettings(device="cpu"))
    cv2.setNumThreads(1)
    every = {sequence.name: sequence for sequence in read_sequences(REAL_DATA / "otb")}
    return [every[name].first(frames) for name in SEQUENCES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=20, help="of each sequence")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trunks", nargs="+", default=["resnet18", "alexnet"], metavar="TRUNK")
    options = parser.parse_args()
    sequences, results = chosen(options.frames), []
    with tempfile.TemporaryDirectory() as folder:
        siamfc = Path(folder) / "siamfc.pt"
        import_siamfc_pytorch(WEIGHTS, siamfc)
        for trunk in options.trunks:
            fused = Path(folder) / f"{trunk}.pt"
            compose(siamfc, trunk, sequences, fused)
            results += compare(trunk, fused, sequences, options.rounds)
    finish(results)


if __name__ == "__main__":
    main()
