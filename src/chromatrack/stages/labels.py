"""Stage 2 and 3: clips of a shard -> label cache; label caches -> Lab statistics."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.fetch.ledger import read_ledger
from chromatrack.files import made_by, write_json
from chromatrack.labels.cache import LabelShard, write_label_shard
from chromatrack.labels.clip import label_clip
from chromatrack.progress import progress
from chromatrack.settings import LabelSettings

THESIS_LAB = {"mean": [0.4388, 0.5171, 0.5242], "std": [0.2242, 0.0312, 0.0416]}


def label_shard(ledger: Path, clips: Path, output: Path, *, settings: LabelSettings) -> None:
    """Label every clip of a shard that its ledger calls done.

    Args:
        ledger: the shard's ledger.
        clips: folder that holds <clip_id>.mp4.
        output: HDF5 file, see `labels/cache.py`.
    """
    rows = read_ledger(ledger)
    done = rows[rows["status"] == "done"]
    labelled = []
    for clip_id in progress(done["clip_id"], what=f"labels {output.stem}", unit="clip"):
        try:
            labelled.append(label_clip(clip_id, clips / f"{clip_id}.mp4", settings))
        except InputError as error:
            # A broken clip never costs its shard.
            print(f"left out: {error}", file=sys.stderr)
    source = made_by("labels", settings=as_plain(settings), inputs={"ledger": ledger})
    _write(output, labelled, settings, source)


def label_video(video: Path, output: Path, *, settings: LabelSettings) -> None:
    """Label one video without the workflow; a shard with one clip."""
    clip = label_clip(video.stem, video, settings)
    source = made_by("label", settings=as_plain(settings), inputs={"video": video})
    _write(output, [clip], settings, source)


def _write(output: Path, clips: list, settings: LabelSettings, source: dict) -> None:
    write_label_shard(
        output,
        clips,
        colours=settings.colours,
        label_size=settings.label_size,
        frame_stride=settings.frame_stride,
        made_by=source,
    )


def lab_statistics(shards: Sequence[Path], output: Path) -> dict:
    """Mean and standard deviation of L, a, b over the data set, beside the thesis's.

    Returns what it writes: mean and std (3 values each, channels in [0, 1]), clips, frames.
    """
    sums, count, clips, frames = np.zeros((2, 3)), 0, 0, 0
    for path in shards:
        shard = LabelShard(path)
        sums += shard.lab_sums.sum(axis=0)
        count += int(shard.lab_counts.sum())
        clips += len(shard.clip_ids)
        frames += int(shard.clip_offsets[-1])
        shard.close()
    if count == 0:
        raise InputError(
            f"not one labelled clip in {len(shards)} label shards; the ledgers say why clips failed"
        )
    mean = sums[0] / count
    deviation = np.sqrt(np.maximum(sums[1] / count - mean**2, 0))
    result = {
        "mean": [round(float(value), 6) for value in mean],
        "std": [round(float(value), 6) for value in deviation],
        "clips": clips,
        "frames": frames,
        "thesis": THESIS_LAB,
        "made_by": made_by("lab-statistics", inputs={path.name: path for path in shards}),
    }
    write_json(output, result)
    return result
