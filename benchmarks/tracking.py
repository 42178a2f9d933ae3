"""Frames per second of tracking against siamfc-pytorch, and how far the boxes agree.

    python -m benchmarks.tracking [--frames 40] [--rounds 3] [--processes N]
    python -m benchmarks.tracking --frames 0 --rounds 1        (all frames of the 9 targets)
    python -m benchmarks.tracking --only cpu --rounds 5        (siamfc-pytorch alone)
    python -m benchmarks.tracking --only onnx --rounds 5       (exported networks alone)

Needs the real files (CHROMATRACK_REAL_DATA). One single-threaded process per core; decoding is
included; the arms take turns, round after round: siamfc-pytorch restated (`siamfc_pytorch.py`),
ours in float32, ours in bf16. Beside frames per second, which need a quiet machine, CPU seconds are
compared. With all frames the boxes are also compared with those that siamfc-pytorch itself gave.
Exported networks (`chromatrack export`) are compared with their checkpoints in the same way.
Where there is a GPU: one sequence, and an evaluation as large as OTB2015 in one batch.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import torch
from torch import multiprocessing

from benchmarks.alphas import compose
from benchmarks.common import REAL_DATA, finish, over_rounds, result
from benchmarks.siamfc_pytorch import TrackerSiamFC, read_image
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_annotations, read_boxes, read_sequences
from chromatrack.data.sequence import Sequence
from chromatrack.files import digest_file
from chromatrack.machine.compute import prepare
from chromatrack.metrics.boxes import iou_ltwh
from chromatrack.metrics.otb import mean_score, score_target
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.stages.tools.export import export
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.single import track_sequence

REFERENCE = REAL_DATA / "siamfc_reference"
GFLOP_PER_FRAME = 16.3
"""Of the network on three search patches; multiplications and additions."""
OTB2015_FRAMES = 59_040
Boxes = dict[str, np.ndarray]

_work: Callable[[Sequence], np.ndarray] | None = None


def rival() -> Callable[[Sequence], np.ndarray]:
    """siamfc-pytorch on one thread."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    tracker = TrackerSiamFC(str(REFERENCE / "weights.pth"))

    def work(sequence: Sequence) -> np.ndarray:
        boxes = [sequence.boxes_ltwh[0] + [1, 1, 0, 0]]
        tracker.init(read_image(sequence.frames[0]), boxes[0])
        boxes += [tracker.update(read_image(path)) for path in sequence.frames[1:]]
        return np.array(boxes) - [1, 1, 0, 0]

    return work


def ours(checkpoint: Path, precision: int | str) -> Callable[[Sequence], np.ndarray]:
    """chromatrack on one thread."""
    prepare(ComputeSettings(device="cpu"))
    cv2.setNumThreads(1)
    settings = TrackerSettings(precision=precision)
    tracker = load_tracker(checkpoint, settings=settings, device=torch.device("cpu"))
    return lambda sequence: track_sequence(tracker, sequence)[0]


def _open(arm: Callable) -> None:
    global _work
    _work = arm()


def _run(sequence: Sequence) -> tuple[np.ndarray, float]:
    began = time.process_time()
    return _work(sequence), time.process_time() - began


def compare(arms: dict[str, Callable], sequences: list[Sequence], processes: int, rounds: int):
    """Of each arm: frames per second and CPU milliseconds per frame in each round, its boxes."""
    ordered = sorted(sequences, key=lambda sequence: -len(sequence))
    frames = sum(len(sequence) for sequence in sequences)
    context = multiprocessing.get_context("spawn")
    pools = {name: context.Pool(processes, _open, (arm,)) for name, arm in arms.items()}
    speeds, costs, boxes = {name: [] for name in arms}, {name: [] for name in arms}, {}
    for pool in pools.values():  # every process has loaded and warmed up
        pool.map(_run, [ordered[-1].first(3)] * 4 * processes, chunksize=1)
    for _ in range(rounds):
        for name, pool in pools.items():
            began = time.perf_counter()
            found = pool.map(_run, ordered, chunksize=1)
            speeds[name].append(frames / (time.perf_counter() - began))
            costs[name].append(1e3 * sum(seconds for _, seconds in found) / frames)
            boxes[name] = {s.name: b for s, (b, _) in zip(ordered, found, strict=True)}
    for pool in pools.values():
        pool.terminate()
    return speeds, costs, boxes


def auc(boxes: Boxes, sequences: list[Sequence]) -> float:
    """Success AUC, the mean over targets."""
    score = mean_score(score_target(boxes[s.name], s.boxes_ltwh) for s in sequences)
    return float(np.mean(score.success))


def farthest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) largest difference of a coordinate, in pixels."""
    return np.abs(a - b).max(axis=1)


def agreement(found: Boxes, expected: Boxes, sequences: list[Sequence], whom: str) -> list[dict]:
    """How far our boxes are from those of siamfc-pytorch."""
    apart = np.concatenate([farthest(found[s.name], expected[s.name]) for s in sequences])
    gap = abs(auc(found, sequences) - auc(expected, sequences))
    return [
        result(
            f"float32: boxes within 1 px of {whom}", float(np.mean(apart <= 1)), "share", ">= 0.98"
        ),
        result(f"float32: boxes within 0.01 px of {whom}", float(np.mean(apart <= 0.01)), "share"),
        result(f"float32: success AUC beside {whom}", gap, "difference", "<= 0.002"),
    ]


def on_cpu(checkpoint: Path, *, frames: int | None, rounds: int, processes: int) -> list[dict]:
    sequences = [s.first(frames) for s in read_sequences(REAL_DATA / "otb")]
    arms = {"siamfc-pytorch": rival} | {
        f"ours, {precision}": partial(ours, checkpoint, precision) for precision in (32, "bf16")
    }
    speeds, costs, boxes = compare(arms, sequences, processes, rounds)
    theirs, single, half = (boxes[name] for name in arms)
    results = []
    for name in arms:
        speed, cost = statistics.median(speeds[name]), statistics.median(costs[name])
        results.append(result(f"{name}, {processes} processes", speed, "frames per second"))
        results.append(result(f"{name}, CPU", cost, "milliseconds per frame"))
    for name, bar in (("ours, 32", ">= 1.5"), ("ours, bf16", ">= 2.4")):
        pairs = zip(speeds[name], speeds["siamfc-pytorch"], strict=True)
        ratio, unit = over_rounds((a / b for a, b in pairs), "times")
        results.append(result(f"{name} / siamfc-pytorch, median round", ratio, unit, bar))
        pairs = zip(costs["siamfc-pytorch"], costs[name], strict=True)
        ratio, unit = over_rounds((a / b for a, b in pairs), "times")
        results.append(result(f"siamfc-pytorch / {name}, CPU seconds", ratio, unit))
    results += agreement(single, theirs, sequences, "the restated siamfc-pytorch")
    if frames is None:
        files = {s.name: REFERENCE / "boxes" / f"{s.name}.txt" for s in sequences}
        recorded = {name: read_boxes(path) for name, path in files.items()}
        results += agreement(single, recorded, sequences, "siamfc-pytorch's recorded boxes")
    overlap = np.concatenate([iou_ltwh(half[s.name], single[s.name]) for s in sequences])
    gap = abs(auc(half, sequences) - auc(theirs, sequences))
    results.append(result("bf16: success AUC beside siamfc-pytorch", gap, "difference", "<= 0.005"))
    results.append(result("bf16: mean IoU with float32", float(overlap.mean()), ""))
    began = time.perf_counter()
    for sequence in sequences:
        for path in sequence.frames:
            digest_file(path)
    took = time.perf_counter() - began
    share = took / sum(len(s) for s in sequences) * speeds["ours, 32"][-1] / processes
    return [*results, result("digest of the frames / tracking them", share, "share", "<= 0.01")]


def on_onnx(checkpoint: Path, *, frames: int | None, rounds: int, processes: int) -> list[dict]:
    """Exported networks, run by onnxruntime, beside their checkpoints; float32."""
    sequences = [s.first(frames) for s in read_sequences(REAL_DATA / "otb")]
    combined, results = checkpoint.with_name("combined.pt"), []
    compose(checkpoint, "resnet18", sequences[:2], combined)
    for name, path in {"SiamFC": checkpoint, "combined with a ResNet-18": combined}.items():
        exported = export(path, settings=TrackerSettings())
        arms = {"ours": partial(ours, path, 32), "onnx": partial(ours, exported, 32)}
        speeds, costs, boxes = compare(arms, sequences, processes, rounds)
        for what, better, over in (("frames per second", "onnx", speeds), ("CPU", "ours", costs)):
            worse = "ours" if better == "onnx" else "onnx"
            pairs = zip(over[better], over[worse], strict=True)
            ratio, unit = over_rounds((a / b for a, b in pairs), "times")
            told = f"{name}: onnxruntime's speed over ours, {what}, median of {rounds} rounds"
            results.append(result(told, ratio, unit))
        for arm in arms:
            cost = statistics.median(costs[arm])
            results.append(result(f"{name}: {arm}, CPU", cost, "milliseconds per frame"))
        apart = np.concatenate([farthest(boxes["onnx"][s.name], boxes["ours"][s.name])
                                for s in sequences])  # fmt: skip
        maps, moved, gaps = frame_by_frame(path, exported, sequences)
        results += [
            result(f"{name}: farthest box of onnxruntime", float(apart.max()), "px"),
            result(f"{name}: sequences with a box farther than 0.01 px",
                   sum(float(farthest(boxes["onnx"][s.name], boxes["ours"][s.name]).max()) > 0.01
                       for s in sequences), f"of {len(sequences)}"),
            result(f"{name}: score maps of the same patches, largest difference", 1e6 * maps,
 "millionths of the largest value", "<= 10"),
            result(f"{name}: what is farther from the same place is lower by at most",
                   1e6 * float(gaps[moved > 0.01].max(initial=0)), "millionths", "<= 10"),
            result(f"{name}: boxes within 0.01 px from the same place",
                   float(np.mean(moved <= 0.01)), f"of {len(moved)} frames", ">= 0.99"),
        ]  # fmt: skip
    return results


def frame_by_frame(
    checkpoint: Path, exported: Path, sequences: list[Sequence]
) -> tuple[float, np.ndarray, np.ndarray]:
    """Both networks on the same patches; ours alone moves on, so that no tie counts twice.

    Returns:
        Largest difference of a score map, over the largest value; (frames,) pixels between boxes;
        (frames,) by what share of our highest cell the one that theirs took is lower: of a tie less
        than the maps differ by, and 1 where they took another scale.
    """
    cpu, maps, moved, gaps = torch.device("cpu"), [], [], []
    ours, theirs = (
        load_tracker(path, settings=TrackerSettings(), device=cpu)
        for path in (checkpoint, exported)
    )
    for sequence in sequences:
        images = map(read_image_rgb, sequence.frames)
        first = next(images)
        for tracker in (ours, theirs):
            tracker.init(first, sequence.boxes_ltwh[0])
        for image in images:
            patches = ours.search_patches(image)
            found, expected = (
                np.asarray(one.network.respond(one.exemplar, one.network.embed(patches)))
                for one in (theirs, ours)
            )
            maps.append(np.abs(found - expected).max() / np.abs(expected).max())
            for state in ("center_yx", "size_hw", "exemplar_side", "search_side"):
                setattr(theirs, state, copy.copy(getattr(ours, state)))
            (scale, here), (other, there) = ours.heights(expected), theirs.heights(found)
            lower = here.max() - here.flat[there.argmax()]
            gaps.append(lower / here.max() if scale == other else 1.0)
            moved.append(np.abs(theirs.move(image, found) - ours.move(image, expected)).max())
    return float(max(maps)), np.array(moved), np.array(gaps)


def otb2015_sized(sequences: list[Sequence], frames: int = OTB2015_FRAMES) -> list[Sequence]:
    """100 sequences as long as those of OTB2015 together, made of the frames of the given ones.

    A sequence goes forward and backward through its frames, so that the target stays.
    """
    anno = REAL_DATA / "otb_annotations"
    lengths = [len(boxes) for boxes in read_annotations(anno).values()] if anno.is_dir() else []
    lengths = lengths or [590] * 100
    scale, made = frames / sum(lengths), []
    for number, length in enumerate(lengths):
        source = sequences[number % len(sequences)]
        there_and_back = [*range(len(source)), *range(len(source) - 2, 0, -1)] or [0]
        count = max(1, round(length * scale))
        index = [there_and_back[i % len(there_and_back)] for i in range(count)]
        paths = tuple(source.frames[i] for i in index)
        made.append(Sequence(f"{number:03d}-{source.name}", paths, source.boxes_ltwh[index]))
    return made


def in_one_batch(
    checkpoint: Path, sequences: list[Sequence], *, settings: TrackerSettings,
    compute: ComputeSettings,
) -> float:  # fmt: skip
    """Frames per second of a whole evaluation in the batched way, files written, start included."""
    device = prepare(compute)
    open_tracker = partial(load_tracker, checkpoint, settings=settings, device=device)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        run_sequences(open_tracker, sequences, Path(folder), source={}, compute=compute)
        return sum(len(sequence) for sequence in sequences) / (time.perf_counter() - began)


def peak_teraflops(device: torch.device, kind: torch.dtype, size: int = 8192) -> float:
    """What the device reaches in a large matrix product of this precision."""
    a = torch.randn(size, size, device=device, dtype=kind)
    for _ in range(3):
        a @ a
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(10):
        a @ a
    torch.cuda.synchronize()
    return 10 * 2 * size**3 / (time.perf_counter() - began) / 1e12


def on_gpu(checkpoint: Path) -> list[dict]:
    sequences = read_sequences(REAL_DATA / "otb")
    results = []
    for precision, kind in ((32, torch.float32), ("bf16", torch.bfloat16)):
        settings = TrackerSettings(precision=precision)
        compute = ComputeSettings(device="cuda", threads=os.cpu_count() or 1, tracking="batched")
        tracker = load_tracker(checkpoint, settings=settings, device=prepare(compute))
        track_sequence(tracker, sequences[0].first(20))
        _, seconds = track_sequence(tracker, sequences[0])
        results.append(
            result(f"one sequence, {precision}", 1 / float(seconds.mean()), "frames per second")
        )
        large = otb2015_sized(sequences)
        speed = in_one_batch(checkpoint, large, settings=settings, compute=compute)
        peak = peak_teraflops(torch.device("cuda"), kind)
        used = speed * GFLOP_PER_FRAME / 1e3 / peak
        seconds = sum(len(sequence) for sequence in large) / speed
        results += [
            result(f"batched, {precision}", speed, "frames per second"),
            result(f"batched, {precision}: share of a matrix product's speed", used, "share"),
            result(f"59,040 frames, {precision}", seconds, "seconds", "<= 60"),
        ]
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=40, help="of each target; 0 for all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--only", choices=["cpu", "onnx"], help="this comparison alone")
    options = parser.parse_args()
    if not REFERENCE.is_dir():
        sys.exit(
            f"{REFERENCE}: expected the reference of siamfc-pytorch; set CHROMATRACK_REAL_DATA"
        )
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "siamfc.pt"
        import_siamfc_pytorch(REFERENCE / "weights.pth", checkpoint)
        amount = {
            "frames": options.frames or None, "rounds": options.rounds,
            "processes": options.processes,
        }  # fmt: skip
        results = [] if options.only == "onnx" else on_cpu(checkpoint, **amount)
        results += [] if options.only == "cpu" else on_onnx(checkpoint, **amount)
        if not options.only and torch.cuda.is_available():
            results += on_gpu(checkpoint)
    finish(results)


if __name__ == "__main__":
    main()
