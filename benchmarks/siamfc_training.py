"""SiamFC training: pairs per second, and the share of the time that it waits for data.

    python -m benchmarks.siamfc_training --threads 2 --workers 1     (CHROMATRACK_REAL_DATA)
    python -m benchmarks.siamfc_training --threads 16 --workers 15   (a machine with a GPU)

The training of the workflow on the real sequences, at full width: on a GPU with batches of 8, 32
and 128, without one with 8. Crops are cut first; that is not counted.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from benchmarks.common import REAL_DATA, finish, result
from benchmarks.crops import cut
from chromatrack.data.training_sets import TrainingSet
from chromatrack.files import read_json
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.stages.siamfc.training import train_siamfc


def training(seconds: float, compute: ComputeSettings) -> list[dict]:
    """Pairs per second of training itself, and the share of the time it waits for data."""
    gpu = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if gpu else "CPU"
    root = REAL_DATA / "tracking" / "train"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        shard, _ = cut(TrainingSet("got10k", root), Path(folder) / "crops")
        for batch in (8, 32, 128) if gpu else (8,):
            for precision in (32, "bf16"):
                # A first guess at the steps that fit into the time.
                guess = 4000 if gpu else 25
                pairs = max(10 * batch, int(guess * seconds))
                settings = SiamFCSettings(
                    epochs=1, pairs_per_epoch=pairs, batch_size=batch, precision=precision,
                    keep_every=0, validation_frames=0,
                )  # fmt: skip
                output = Path(folder) / f"{batch}-{precision}" / "model.pt"
                train_siamfc([shard], output, seed=0, settings=settings, compute=compute)
                speed = read_json(output.parent / "speed.json")
                what = f"training on {name}, batch {batch}, {precision}"
                found = speed["samples_per_second"]
                rows += [
                    result(what, found, "pairs/s"),
                    result(f"{what}: waiting for data", 100 * speed["waiting_share"], "%"),
                    result(f"{what}: 2.5 million pairs", 2.5e6 / found / 60, "min"),
                ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20, help="of each training, about")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes that load batches")
    options = parser.parse_args()
    compute = ComputeSettings(threads=options.threads, workers=options.workers)
    finish(training(options.seconds, compute))


if __name__ == "__main__":
    main()
