"""Clip list -> shards: small lists, so that a change touches only the jobs that it concerns."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from chromatrack.data.kinetics import read_clip_list, write_clip_list
from chromatrack.errors import InputError
from chromatrack.files import write_text
from chromatrack.progress import progress

PROBLEMS = "problems.txt"
INDEX = "index.txt"

_SHARD = re.compile(r"shard-\d{4,}\.csv")


def make_shards(clip_list: Path, output: Path, *, shard_size: int) -> int:
    """Write `output`/shard-0000.csv, shard-0001.csv, ... of `shard_size` clips each, in list order.

    A shard whose rows have not changed is left alone, modification time included, and shards that
    the list no longer fills are removed. Rows that were left out go to `output`/problems.txt, one
    sentence each; the names of the shards to `output`/index.txt, last.

    Returns:
        the number of shards.

    Raises:
        InputError: the list cannot be read or holds no clip, or `shard_size` is below 1.
    """
    if shard_size < 1:
        raise InputError(f"--shard-size: expected 1 or more, got {shard_size}")
    rows, problems = read_clip_list(clip_list)
    if not rows:
        raise InputError(f"{clip_list}: expected at least one clip")
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
    _report(problems, clip_list, output / PROBLEMS)
    write_text(output / INDEX, "".join(f"{name}\n" for name in names))
    return len(names)


def _replace_if_changed(part: Path, target: Path) -> None:
    if not target.is_file() or target.read_bytes() != part.read_bytes():
        part.replace(target)


def _report(problems: list[str], clip_list: Path, path: Path) -> None:
    name = Path(clip_list).name
    lines = [name + problem.removeprefix(str(clip_list)) for problem in problems]
    write_text(path, "".join(f"{line}\n" for line in lines))
    if problems:
        print(f"{clip_list}: {len(problems)} rows left out, see {path}", file=sys.stderr)
