"""The last label cache of a shard, kept by a second name, for when nothing of it has changed.

Snakemake removes an output before it runs a job again, also where the job's inputs turn out to be
the same: after a retry of a few downloads, those of every shard. The second name is a hard link: it
takes no disk while the output is there.
"""

from __future__ import annotations

import os
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import canonical_json
from chromatrack.labels.cache import LabelShard


def second_name(output: Path) -> Path:
    """Where the cache is kept: `labels/.made/shard-0000.h5` for `labels/shard-0000.h5`."""
    return output.parent / ".made" / output.name


def restore(output: Path, made_by: dict) -> bool:
    """Put the kept cache back if it is what would be made now and lacks no clip."""
    kept = second_name(output)
    try:
        shard = LabelShard(kept)
    except InputError:
        return False
    if shard.made_by != canonical_json(made_by) or shard.left_out:
        return False
    output.unlink(missing_ok=True)
    os.link(kept, output)
    return True


def keep(output: Path) -> None:
    """Give the cache its second name; where links are impossible, there is none."""
    kept = second_name(output)
    try:
        kept.parent.mkdir(exist_ok=True)
        kept.unlink(missing_ok=True)
        os.link(output, kept)
    except OSError:
        return
