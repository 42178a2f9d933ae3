"""Clip list, or sequences of GOT-10k -> shards: small lists, so that a change touches few jobs."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from chromatrack.data.got10k_clips import read_clip_rows
from chromatrack.data.kinetics import (
    ClipRow,
    count_overlaps,
    no_clips,
    read_clip_list,
    write_clip_list,
)
from chromatrack.errors import InputError
from chromatrack.files import made_by, write_json, write_text
from chromatrack.progress import progress

PROBLEMS = "problems.txt"
SUMMARY = "summary.json"
INDEX = "index.txt"

_SHARD = re.compile(r"shard-\d{4,}\.csv")


def make_shards(clip_list: Path, output: Path, *, shard_size: int, is_got10k: bool = False) -> int:
    """Write `output`/shard-0000.csv, shard-0001.csv, ... of `shard_size` clips each, in list order.

    A shard whose rows have not changed is left alone, modification time included, and shards that
    the list no longer fills are removed. Rows that were left out go to `output`/problems.txt, one
    sentence each; counts of the list to `output`/summary.json; the names of the shards to
    `output`/index.txt, last.

    Args:
        clip_list: a list of Kinetics (`read_clip_list`), or a folder of GOT-10k sequences.
        is_got10k: `clip_list` is such a folder; each sequence is a clip.

    Returns:
        the number of shards.

    Raises:
        InputError: the list cannot be read or holds no clip, or `shard_size` is below 1.
    """
    if shard_size < 1:
        raise InputError(f"--shard-size: expected 1 or more, got {shard_size}")
    clip_list = Path(clip_list)
    rows, problems = (read_clip_rows if is_got10k else read_clip_list)(clip_list)
    if not rows:
        raise InputError(no_clips(clip_list, problems))
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    names = []
    with tempfile.TemporaryDirectory(prefix=".shards-", dir=output) as scratch:
        starts = range(0, len(rows), shard_size)
        for index, start in enumerate(progress(starts, what="writing shards", unit="shard")):
            names.append(f"shard-{index:04d}.csv")
            part = Path(scratch) / names[-1]
            write_clip_list(part, rows[start : start + shard_size])
            _replace_if_changed(part, output / names[-1])
    for path in output.iterdir():
        if _SHARD.fullmatch(path.name) and path.name not in names:
            path.unlink()
    _write_problems(problems, clip_list, output / PROBLEMS)
    summary = _summary(rows, problems)
    listed = clip_list / "list.txt" if is_got10k else clip_list
    source = made_by("shards", settings={"shard_size": shard_size}, inputs={"list": listed})
    write_json(output / SUMMARY, {**summary, "made_by": source})
    write_text(output / INDEX, "".join(f"{name}\n" for name in names))
    print(_sentence(summary), file=sys.stderr)
    if problems:
        print(
            f"{clip_list}: {len(problems)} rows left out, see {output / PROBLEMS}", file=sys.stderr
        )
    return len(names)


def _replace_if_changed(part: Path, target: Path) -> None:
    if not target.is_file() or target.read_bytes() != part.read_bytes():
        part.replace(target)


def _write_problems(problems: list[str], clip_list: Path, path: Path) -> None:
    # Without the folder: a run in another place writes the same bytes.
    lines = [clip_list.name + problem.removeprefix(str(clip_list)) for problem in problems]
    write_text(path, "".join(f"{line}\n" for line in lines))


def _summary(rows: list[ClipRow], problems: list[str]) -> dict[str, int]:
    return {
        "clips": len(rows),
        "videos": len({row.youtube_id for row in rows}),
        "classes": len({row.label for row in rows if row.label}),
        "overlapping_clips": count_overlaps(rows),
        "rows_left_out": len(problems),
    }


def _sentence(summary: dict[str, int]) -> str:
    sentence = "{clips} clips of {videos} videos in {classes} classes".format(**summary)
    overlapping = summary["overlapping_clips"]
    return sentence + (f"; {overlapping} overlap another of their video" if overlapping else "")
