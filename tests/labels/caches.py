"""Ledgers and label caches for tests."""

import pandas as pd

from chromatrack.fetch.ledger import COLUMNS
from chromatrack.files import digest_file
from chromatrack.labels.cache import LabelShard
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels import labels as stage

SMALL = LabelSettings(size=64, label_size=8, frame_stride=2, restarts=3)


def write_ledger(path, clips):
    """A ledger in which these clip files are done."""
    rows = [
        dict.fromkeys(COLUMNS, 0)
        | {"clip_id": clip.stem, "status": "done", "permanent": False, "sha256": digest_file(clip)}
        for clip in clips
    ]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    return path


def label(shard, output, settings=SMALL):
    stage.label_shard(*shard, output, settings=settings)
    return LabelShard(output)
