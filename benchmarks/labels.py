"""Clips to label cache: CPU time of the whole stage over that of decoding the same clips alone.

    python -m benchmarks.labels [--rounds 5]         (real videos: CHROMATRACK_REAL_DATA)
    python -m benchmarks.labels --only ratio         (without memory and reader)

The real videos are brought to 250 frames of 340x256 and of 1280x720 and labelled as a shard by the
stage itself: reading, equalising, clustering, parts on disk, HDF5. Decoding is PyAV with one thread
and nothing done to the frames. CPU seconds of the process, import of the libraries left out; the
two take turns, round after round, and the median of the rounds' ratios counts. Then the memory of
`chromatrack labels` on a shard of 500 clips, and the reader.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import av
import cv2
import numpy as np

from benchmarks.common import finish, make_clip, over_rounds, result, sources
from chromatrack.fetch.ledger import COLUMNS
from chromatrack.files import digest_file
from chromatrack.labels.clip import cluster_colours, decode_clip
from chromatrack.labels.samples import LabelSamples
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels import labels as stage
from chromatrack.video.cut import count_frames

SIZES = {"340x256": (340, 256, "<= 1.8"), "1280x720": (1280, 720, "<= 2.2")}
RUNS = 2
"""Of k-means and of the reader; the faster one counts."""


def cpu(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def decode(path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for _ in container.decode(stream):
            pass


def write_ledger(path: Path, clips: list[Path]) -> None:
    with open(path, "w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, restval="0")
        writer.writeheader()
        for clip in clips:
            writer.writerow(
                {"clip_id": clip.stem, "status": "done", "permanent": "False",
                 "sha256": digest_file(clip), "frames": count_frames(clip).frames}
            )  # fmt: skip


def measure(name: str, clips: list[Path], folder: Path, target: str, rounds: int) -> list[dict]:
    settings = LabelSettings(backend="histogram")
    ledger = folder / f"{name}.csv"

    def label(number: int) -> None:
        # Another name each time: a cache of the same clips would be put back and not made.
        output = folder / f"{name}-{number}.h5"
        stage.label_shard(ledger, clips[0].parent, output, settings=settings)

    write_ledger(ledger, clips[:1])
    label(0)  # what is imported and set up at the first use
    write_ledger(ledger, clips)
    alone, whole = [], []
    for number in range(1, rounds + 1):
        alone.append(cpu(lambda: [decode(clip) for clip in clips]))
        whole.append(cpu(partial(label, number)))
    ratios = [a / b for a, b in zip(whole, alone, strict=True)]
    histograms = [decode_clip(clip, settings).histogram for clip in clips]
    kmeans = min(cpu(lambda: cluster_colours(histograms, settings)) for _ in range(RUNS))
    cost = statistics.median(whole)
    return [
        result(
            f"{name}: stage / decoding, median of {rounds} rounds",
            *over_rounds(ratios, "CPU s / CPU s"),
            target,
        ),
        result(f"{name}: k-means / stage", kmeans / cost, "CPU s / CPU s", "<= 0.1"),
        result(f"{name}: stage per clip", cost / len(clips), "CPU s"),
        result(f"{name}: decoding per clip", statistics.median(alone) / len(clips), "CPU s"),
    ]


def reader(clips: list[Path], folder: Path) -> list[dict]:
    """Samples per second of one core: four frames of luma and labels each, at random places."""
    rates = {}
    for luma in ("jpeg", "raw"):
        ledger, output = folder / "reader.csv", folder / f"{luma}.h5"
        write_ledger(ledger, clips)
        settings = LabelSettings(backend="histogram", luma=luma)
        stage.label_shard(ledger, clips[0].parent, output, settings=settings)
        samples = LabelSamples([output], frames=4, batch_size=32, colours=8)
        places = np.random.default_rng(0).integers(len(samples), size=4000)
        for name, read in (("decoded", samples.sample), ("as stored", samples.encoded)):
            rates[luma, name] = max(rate(read, places) for _ in range(RUNS))
    return [
        result("reader: JPEG as stored", rates["jpeg", "as stored"], "samples/s", ">= 5000"),
        result("reader: luma raw", rates["raw", "decoded"], "samples/s", ">= 5000"),
        result("reader: JPEG decoded", rates["jpeg", "decoded"], "samples/s"),
        result("reader: JPEG decoded, frames", 4 * rates["jpeg", "decoded"], "frames/s"),
    ]


def memory(clips: list[Path], folder: Path) -> list[dict]:
    """Peak memory of the command on shards of 50 and of 500 clips (the same files, linked)."""
    results = []
    for count in (50, 500):
        shard = folder / f"shard-{count}"
        shard.mkdir()
        for index in range(count):
            os.link(clips[index % len(clips)], shard / f"clip{index:05d}_000000_000010.mp4")
        ledger = folder / f"{count}.csv"
        write_ledger(ledger, sorted(shard.iterdir()))
        command = [
            "chromatrack", "labels", "--ledger", ledger, "--clips", shard,
            "--output", folder / f"{count}.h5", "--settings", '{"backend": "histogram"}',
        ]  # fmt: skip
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit("chromatrack labels failed")
        peak = usage.ru_maxrss / 1024
        results.append(result(f"memory of a shard of {count} clips", peak, "MB", "<= 1000"))
    return results


def rate(read, places) -> float:
    return len(places) / cpu(lambda: [read(place) for place in places])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["ratio"], help="stage over decoding alone")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, (width, height, target) in SIZES.items():
            folder = Path(scratch) / name
            folder.mkdir()
            for source in sources():
                make_clip(source, folder / f"{source.stem}.mp4", width=width, height=height)
            clips = sorted(folder.iterdir())
            results += measure(name, clips, Path(scratch), target, options.rounds)
            if name == "340x256" and not options.only:
                results += memory(clips, Path(scratch))
        if not options.only:
            results += reader(clips, Path(scratch))
    finish(results)


if __name__ == "__main__":
    main()
