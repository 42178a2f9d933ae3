"""Clips that an earlier division of the list has earned, for the shard they are in now.

A row more at the head of the list, or another shard size, moves clips to other shards, and each
shard has a folder and a journal of its own. A clip is taken over by a hard link, with what its
journal says of it; the earlier folder is left as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from chromatrack.data.kinetics import ClipRow
from chromatrack.fetch.ledger import DONE, Journal, read_entries
from chromatrack.files import whole_file


def adopt_clips(rows: Iterable[ClipRow], journal: Journal, clips: Path) -> int:
    """Take over the done clips of `rows` that this shard's journal does not know; return how many.

    Args:
        journal: of this shard, open.
        clips: its folder; its neighbours are the folders of the other shards.
    """
    wanted = {row.clip_id for row in rows} - set(journal.entries)
    adopted = 0
    for neighbour in _neighbours(clips):
        # Names first: a listing costs a thousandth of reading the journal.
        found = wanted & _clip_ids(neighbour) if wanted else set()
        if not found:
            continue
        for path in sorted(neighbour.glob("journal-*.jsonl")):
            entries = read_entries(path)
            for clip_id in sorted(found & set(entries)):
                entry = entries[clip_id]
                if entry.outcome.status == DONE:
                    _link(neighbour / f"{clip_id}.mp4", clips / f"{clip_id}.mp4")
                    journal.record(clip_id, entry)
                    wanted.discard(clip_id)
                    adopted += 1
    return adopted


def _neighbours(clips: Path) -> list[Path]:
    folders = (path for path in clips.parent.iterdir() if path.name.startswith("shard-"))
    return sorted(path for path in folders if path.is_dir() and path.name != clips.name)


def _clip_ids(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name[:-4] for entry in entries if entry.name.endswith(".mp4")}


def _link(found: Path, clip: Path) -> None:
    clip.unlink(missing_ok=True)
    try:
        os.link(found, clip)
    except OSError:  # a file system without hard links
        with whole_file(clip) as copy:
            shutil.copyfile(found, copy)
