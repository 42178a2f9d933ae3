"""Label caches -> mean and standard deviation of L, a, b over the data set."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromatrack import published
from chromatrack.errors import InputError
from chromatrack.files import made_by, numbered, read_json, write_json
from chromatrack.labels.cache import LabelShard


def read_lab(path: Path) -> dict:
    """Statistics as `lab_statistics` writes them; an `InputError` where they are no such thing."""
    value = read_json(path)
    keys = ("mean", "std")
    if not isinstance(value, dict) or not all(_is_lab(value.get(key)) for key in keys):
        raise InputError(f"{path}: expected mean and std with three numbers each, 0 to 1")
    return value


def _is_lab(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) == 3
        and all(type(value) in (int, float) and 0 <= value <= 1 for value in values)
    )


def lab_statistics(shards: Sequence[Path], output: Path) -> dict:
    """Mean and standard deviation of L, a, b from the sums of every shard, beside the thesis's.

    Returns what it writes: mean and std (3 values each, channels in [0, 1]), clips, frames; and
    left_out, the number of clips that could not be labelled, where there are any.

    Raises:
        InputError: a file is no label cache, or there is not one labelled clip.
    """
    count_of = Counter(path.resolve() for path in shards)
    twice = [path for path, number in count_of.items() if number > 1]
    if twice:
        raise InputError(f"{twice[0]}: expected each label cache once")
    sums, count, clips, frames = np.zeros((2, 3)), 0, 0, 0
    left_out: list[tuple[str, str]] = []
    for path in shards:
        shard = LabelShard(path)
        left_out += shard.left_out
        sums += shard.lab_sums.sum(axis=0)
        count += int(shard.lab_counts.sum())
        clips += len(shard.clip_ids)
        frames += int(shard.clip_offsets[-1])
    lost = ""
    if left_out:
        clip_id, reason = left_out[0]
        lost = f"clips that could not be labelled: {len(left_out)}, the first {clip_id} ({reason})"
    if count == 0:
        why = lost or "the ledgers say why clips failed"
        raise InputError(f"not one labelled clip in {len(shards)} label shards; {why}")
    if lost:
        print(lost, file=sys.stderr)
    mean = sums[0] / count
    deviation = np.sqrt(np.maximum(sums[1] / count - mean**2, 0))
    result = {
        "mean": [round(float(value), 6) for value in mean],
        "std": [round(float(value), 6) for value in deviation],
        "clips": clips,
        "frames": frames,
        **({"left_out": len(left_out)} if left_out else {}),
        "thesis": published.LAB,
        "made_by": made_by("lab-statistics", inputs=numbered(shards)),
    }
    write_json(output, result)
    return result
