"""SiamFC training: pairs per second, waiting for data, and a step against siamfc-pytorch's.

    python -m benchmarks.siamfc_training --threads 2 --workers 1     (CHROMATRACK_REAL_DATA)
    python -m benchmarks.siamfc_training --threads 16 --workers 15   (a machine with a GPU)
    python -m benchmarks.siamfc_training --seconds 0                 (steps alone)

The training of the workflow on the real sequences, at full width: on a GPU with batches of 8, 32
and 128, without one with 8. Crops are cut first; that is not counted.

Without a GPU, steps are then compared with those of siamfc-pytorch restated (`siamfc_pytorch.py`)
in CPU seconds: the same 8 pairs, in memory already, as many threads, a process for each arm, taking
turns round after round. Ours begin with bytes, as they come from the loader, theirs with floats.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import multiprocessing

from benchmarks.common import REAL_DATA, finish, over_rounds, result
from benchmarks.crops import cut
from benchmarks.siamfc_pytorch import TrainerSiamFC
from chromatrack.data.pairs import PairBatch
from chromatrack.data.training_sets import TrainingSet
from chromatrack.files import read_json
from chromatrack.losses import logistic_loss, target_map
from chromatrack.machine import bfloat16
from chromatrack.machine.compute import prepare
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.stages.siamfc.training import network_to_train, train_siamfc
from chromatrack.training.pairs import crop_pairs
from chromatrack.training.precision import Precision

RATE = 1e-5
"""Learning rate of the steps that are compared: the same pairs are not learnt by heart."""
STEPS = 3
"""Steps of an arm in a round."""

_step: Callable[[], float] | None = None


def training(shard: Path, folder: Path, seconds: float, compute: ComputeSettings) -> list[dict]:
    """Pairs per second of training itself, and the share of the time it waits for data."""
    gpu = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if gpu else "CPU"
    rows = []
    for batch in (8, 32, 128) if gpu else (8,):
        for precision in (32, "bf16"):
            # A first guess at the steps that fit into the time.
            guess = 4000 if gpu else 25
            pairs = max(10 * batch, int(guess * seconds))
            settings = SiamFCSettings(
                epochs=1, pairs_per_epoch=pairs, batch_size=batch, precision=precision,
                keep_every=0, validation_frames=0,
            )  # fmt: skip
            output = folder / f"{batch}-{precision}" / "model.pt"
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


def rival(batch: PairBatch, threads: int) -> Callable[[], float]:
    """A step of siamfc-pytorch, which gives its loss."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    patches = (batch.exemplars, batch.searches)
    z, x = (torch.from_numpy(patch).permute(0, 3, 1, 2).float().contiguous() for patch in patches)
    return partial(TrainerSiamFC(lr=RATE).train_step, z, x)


def ours(batch: PairBatch, threads: int, precision: int | str) -> Callable[[], float]:
    """A step of `train_siamfc` with its default settings, which gives its loss."""
    settings = SiamFCSettings(precision=precision)
    device = prepare(ComputeSettings(device="cpu", threads=threads))
    scaling = InputScaling(rgb=settings.input_scaling)
    model = network_to_train(settings, device).train()
    optimizer = torch.optim.SGD(
        model.parameters(), lr=RATE, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    arithmetic = Precision(settings.precision, device)
    z, x = torch.from_numpy(batch.exemplars), torch.from_numpy(batch.searches)
    target = target_map(15)

    def step() -> float:
        with arithmetic.forward():
            response = model(scaling.rgb_tensor(z), scaling.rgb_tensor(x))
            loss = logistic_loss(response, target, kind=settings.loss)
        arithmetic.step(loss, optimizer, clip_norm=settings.clip_norm)
        return loss.item()

    return step


def _open(arm: Callable[[], Callable[[], float]]) -> None:
    global _step
    _step = arm()


def _run(steps: int) -> float:
    """CPU seconds of a step."""
    began = time.process_time()
    for _ in range(steps):
        _step()
    return (time.process_time() - began) / steps


def steps(shard: Path, threads: int, rounds: int) -> list[dict]:
    """CPU seconds of a step against siamfc-pytorch's."""
    batch = crop_pairs([shard], SiamFCSettings(), seed=0).batch(0)
    arms = {"siamfc-pytorch": partial(rival, batch, threads)}
    for precision in (32,) if bfloat16.missing() else (32, "bf16"):
        arms[f"ours, {precision}"] = partial(ours, batch, threads, precision)
    context = multiprocessing.get_context("spawn")
    pools = {name: context.Pool(1, _open, (arm,)) for name, arm in arms.items()}
    for pool in pools.values():  # loaded and warm
        pool.apply(_run, (2,))
    costs = {name: [] for name in arms}
    for _ in range(rounds):
        for name, pool in pools.items():
            costs[name].append(pool.apply(_run, (STEPS,)))
    for pool in pools.values():
        pool.terminate()
    what = f"step of 8 pairs on CPU, threads {threads}"
    rows = [
        result(f"{what}: {name}", statistics.median(seconds), "CPU seconds")
        for name, seconds in costs.items()
    ]
    theirs = costs.pop("siamfc-pytorch")
    for name, seconds in costs.items():
        ratios = [a / b for a, b in zip(theirs, seconds, strict=True)]
        ratio, unit = over_rounds(ratios, f"times, median of {rounds} rounds")
        bar = ">= 1.3" if name == "ours, 32" else None
        rows.append(result(f"{what}: siamfc-pytorch / {name}", ratio, unit, bar))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--seconds", type=float, default=20, help="of each training, about; 0: no training"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of steps; 0: no steps")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes that load batches")
    options = parser.parse_args()
    compute = ComputeSettings(threads=options.threads, workers=options.workers)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = REAL_DATA / "tracking" / "train"
        shard, _ = cut(TrainingSet("got10k", root), folder / "crops")
        if options.seconds:
            rows += training(shard, folder, options.seconds, compute)
        if options.rounds and not torch.cuda.is_available():
            rows += steps(shard, options.threads, options.rounds)
    finish(rows)


if __name__ == "__main__":
    main()
