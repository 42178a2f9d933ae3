"""k-means of a clip's colours against the thesis's way of doing it.

    python -m benchmarks.kmeans            (real videos: CHROMATRACK_REAL_DATA)

The thesis's way is the package kmeans_pytorch on the (a, b) of every 5th frame resized to 32x32
(bilinear), in units of 255 levels, tolerance 1e-4; ours is the exact histogram of all pixels of the
same frames. Both are judged by the inertia on all these pixels. The package never ends when a
centre loses its last pixel: a run that has not ended after HANG seconds counts as a hang.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import statistics
import time
from itertools import islice

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import kmeans_pytorch
import numpy as np
import torch

from benchmarks.common import finish, result, sources
from chromatrack.labels.clip import lab_frames
from chromatrack.labels.kmeans import ab_histogram, cluster_many
from chromatrack.settings import LabelSettings

COLOURS = 8
SEEDS = 5
RUNS = 1000
HANG = 1.0
FRAMES = 100
BEST_OF = 100


class Hang(Exception):
    """A run took longer than HANG seconds."""


def thesis(cells: np.ndarray, seed: int) -> np.ndarray | None:
    """Centroids in levels by kmeans_pytorch, or None after a hang."""

    def stop(*_):
        raise Hang

    np.random.seed(seed)
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, HANG)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            points = torch.from_numpy(cells.reshape(-1, 2) / 255)
            _, centers = kmeans_pytorch.kmeans(points, COLOURS, tol=1e-4)
    except Hang:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return centers.numpy().astype(np.float64) * 255


def to_32(ab: np.ndarray) -> np.ndarray:
    return cv2.resize(np.ascontiguousarray(ab), (32, 32), interpolation=cv2.INTER_LINEAR)


def inertia(histogram: np.ndarray, centroids: np.ndarray) -> float:
    codes = np.flatnonzero(histogram)
    points = np.stack([codes >> 8, codes & 255], axis=1)
    distances = ((points[:, None] - centroids[None]) ** 2).sum(axis=2).min(axis=1)
    return float(histogram[codes] @ distances)


def compare(equalization: str) -> tuple[list[dict], list[np.ndarray]]:
    settings = LabelSettings(equalization=equalization, backend="histogram")
    ratios, hangs, ours_s, theirs_s, above, histograms = [], 0, [], [], [], []
    for source in sources():
        histogram, cells = np.zeros(65536, dtype=np.int64), []
        for lab in islice(lab_frames(source, settings), FRAMES):
            histogram += ab_histogram(lab[..., 1:])
            cells.append(to_32(lab[..., 1:]))
        cells = np.stack(cells)
        histograms.append(histogram)
        options = {"colours": COLOURS, "backend": "histogram"}
        [best] = cluster_many([histogram], restarts=BEST_OF, seed=SEEDS, **options)
        for seed in range(SEEDS):
            began = time.process_time()
            [ours] = cluster_many([histogram], seed=seed, **options)
            ours_s.append(time.process_time() - began)
            above.append(ours.inertia / best.inertia - 1)
            began = time.process_time()
            centroids = thesis(cells, seed)
            if centroids is None:
                hangs += 1
                continue
            theirs_s.append(time.process_time() - began)
            lower = 1 - ours.inertia / inertia(histogram, centroids)
            ratios.append((source.stem, lower))
    per_clip = [
        statistics.median(value for name, value in ratios if name == stem)
        for stem in {name for name, _ in ratios}
    ]
    runs = len(sources()) * SEEDS
    name = f"{equalization}: inertia below the thesis's way"
    return [
        result(f"{name}, median clip", statistics.median(per_clip), "share", ">= 0.25"),
        result(f"{name}, mean over clips", statistics.mean(per_clip), "share"),
        result(f"{name}, worst run", min(value for _, value in ratios), "share", ">= 0"),
        result(
            f"{equalization}: ours above the best of {BEST_OF} starts, worst", max(above), "share"
        ),
        result(f"{equalization}: hangs of kmeans_pytorch", hangs / runs, "of all runs"),
        result(f"{equalization}: ours, median", statistics.median(ours_s), "CPU s"),
        result(f"{equalization}: kmeans_pytorch, median", statistics.median(theirs_s), "CPU s"),
    ], histograms


def hangs(histograms: list[np.ndarray]) -> list[dict]:
    """RUNS runs of ours over all clips and seeds, grey and nearly constant ones among them."""
    few = [np.bincount([32896] * 90 + [32897] * 9 + [33152], minlength=65536)]
    few.append(np.bincount(np.repeat(np.arange(30000, 30009), 5), minlength=65536))
    slowest = 0.0
    for run in range(RUNS):
        pool = histograms + few
        began = time.monotonic()
        cluster_many([pool[run % len(pool)]], colours=COLOURS, backend="histogram", seed=run)
        slowest = max(slowest, time.monotonic() - began)
    return [
        result(f"ours: runs of {RUNS} over {HANG} s", float(slowest > HANG), "runs", "<= 0"),
        result("ours: slowest run", slowest, "s"),
    ]


def backends(histograms: list[np.ndarray]) -> list[dict]:
    """Clips per second of the backends; the GPU ones only where there is a GPU."""
    gpu = torch.cuda.is_available()
    names = ("histogram", "faiss", "torch") if gpu else ("histogram", "faiss")
    many = histograms * 4
    results = []
    for name in names:
        cluster_many(histograms[:4], colours=COLOURS, backend=name)
        began = time.monotonic()
        cluster_many(many, colours=COLOURS, backend=name)
        where = " on the GPU" if gpu and name != "histogram" else ""
        rate = len(many) / (time.monotonic() - began)
        results.append(result(f"{name}{where}", rate, "clips/s"))
    return results


def main() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    results, histograms = compare("per_channel")
    more, _ = compare("none")
    finish(results + more + hangs(histograms) + backends(histograms))


if __name__ == "__main__":
    main()
