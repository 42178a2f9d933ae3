"""Stage 5a: GOT-10k sequences -> lists of a few hundred -> crop shards."""

from __future__ import annotations

from pathlib import Path

from chromatrack.configuration import as_plain
from chromatrack.data.crops import crop_jpegs, usable_frames, write_crop_shard
from chromatrack.data.got10k import read_sequence
from chromatrack.data.text import read_names
from chromatrack.errors import InputError
from chromatrack.files import made_by, write_text
from chromatrack.progress import progress
from chromatrack.settings import CropSettings


def make_crop_lists(root: Path, output: Path, *, shard_size: int) -> int:
    """Write output/crops-0000.txt ...: `shard_size` sequence names each, and index.txt.

    Returns:
        the number of lists.
    """
    names = read_names(root / "list.txt")
    if not names:
        raise InputError(f"{root / 'list.txt'}: expected at least one sequence")
    output.mkdir(parents=True, exist_ok=True)
    stale = set(output.glob("crops-*.txt"))
    for index, first in enumerate(range(0, len(names), shard_size)):
        path = output / f"crops-{index:04d}.txt"
        stale.discard(path)
        write_text(path, "".join(f"{name}\n" for name in names[first : first + shard_size]))
    for path in stale:
        path.unlink()
    count = -(-len(names) // shard_size)
    write_text(output / "index.txt", "".join(f"crops-{i:04d}.txt\n" for i in range(count)))
    return count


def crop_shard(root: Path, names_file: Path, output: Path, *, settings: CropSettings) -> None:
    """Crop the targets of the sequences that `names_file` lists."""
    names = names_file.read_text(encoding="utf-8").split()
    sequences = []
    for name in progress(names, what=f"crops {output.stem}", unit="sequence"):
        target = read_sequence(root / name)
        frames = usable_frames(target)
        jpegs = crop_jpegs(target, frames, margin=settings.margin, quality=settings.quality)
        sequences.append((name, frames, jpegs))
    source = made_by("crops", settings=as_plain(settings), inputs={"names": names_file})
    write_crop_shard(output, sequences, margin=settings.margin, made_by=source)
