"""Clips to label cache: CPU time of the whole stage over that of decoding the same clips alone.

    python benchmarks/labels.py            (real videos: CHROMATRACK_REAL_DATA)

The real videos are brought to 250 frames of 340x256 and of 1280x720 and labelled as a shard by the
stage itself: reading, equalising, clustering, parts on disk, HDF5. Decoding is PyAV with one thread
and nothing done to the frames. CPU seconds of the process, import of the libraries left out; each
side is the smaller of two runs, one after the other. Then the memory of `chromatrack labels` on a
shard of 500 clips, and the reader.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import av
import cv2
import numpy as np

from benchmarks.common import finish, make_clip, result, sources
from chromatrack.fetch.ledger import COLUMNS
from chromatrack.files import digest_file
from chromatrack.labels.clip import cluster_colours, decode_clip
from chromatrack.labels.samples import LabelSamples
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels import labels as stage

SIZES = {"340x256": (340, 256, "<= 2.0"), "1280x720": (1280, 720, "<= 2.2")}
RUNS = 2


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
                 "sha256": digest_file(clip)}
            )  # fmt: skip


def measure(name: str, clips: list[Path], folder: Path, target: str) -> list[dict]:
    settings = LabelSettings(backend="histogram")
    ledger = folder / f"{name}.csv"
    write_ledger(ledger, clips)

    def label(output: Path) -> None:
        stage.label_shard(ledger, clips[0].parent, output, settings=settings)

    alone, whole = [], []
    for run in range(RUNS):
        alone.append(sum(cpu(lambda clip=clip: decode(clip)) for clip in clips))
        # Another name each time: a cache of the same clips would be put back and not made.
        output = folder / f"{name}-{run}.h5"
        whole.append(cpu(lambda output=output: label(output)))
    histograms = [decode_clip(clip, settings).histogram for clip in clips]
    kmeans = min(cpu(lambda: cluster_colours(histograms, settings)) for _ in range(RUNS))
    return [
        result(f"{name}: stage / decoding", min(whole) / min(alone), "CPU s / CPU s", target),
        result(f"{name}: k-means / stage", kmeans / min(whole), "CPU s / CPU s", "<= 0.1"),
        result(f"{name}: stage per clip", min(whole) / len(clips), "CPU s"),
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
    cv2.setNumThreads(1)
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, (width, height, target) in SIZES.items():
            folder = Path(scratch) / name
            folder.mkdir()
            for source in sources():
                make_clip(source, folder / f"{source.stem}.mp4", width=width, height=height)
            clips = sorted(folder.iterdir())
            results += measure(name, clips, Path(scratch), target)
            if name == "340x256":
                results += memory(clips, Path(scratch))
        results += reader(clips, Path(scratch))
    finish(results)


if __name__ == "__main__":
    main()
