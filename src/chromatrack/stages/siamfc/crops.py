"""Annotated videos -> lists of a few hundred -> crop shards."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from chromatrack.data.crop_parts import CropParts, annotation
from chromatrack.data.crops import Crops, crop_targets, write_crop_shard
from chromatrack.data.training_sets import TrainingSet, read_rows, write_rows
from chromatrack.errors import InputError, some
from chromatrack.files import canonical_json, digest_text, made_by, write_text
from chromatrack.locks import holding
from chromatrack.progress import progress
from chromatrack.settings import CropSettings
from chromatrack.settings.keys import only
from chromatrack.versions import VERSIONS


def make_crop_lists(sets: Sequence[TrainingSet], output: Path, *, shard_size: int) -> int:
    """Write output/crops-0000.txt ...: `shard_size` videos each, and index.txt.

    A row is the number of a set and the name of a video in it.

    Returns:
        the number of lists.
    """
    rows = []
    for number, source in enumerate(sets):
        videos, left_out = source.videos(), source.left_out()
        without = f"{len(left_out)} without boxes or frames left out ({some(left_out)})"
        if not videos:
            told = f", {without}" if left_out else ""
            raise InputError(f"{source.root}: expected at least one {source.layout} video{told}")
        if left_out:
            print(f"{source.root}: {without}", file=sys.stderr)
        rows += [(number, source.check_name(name, str(source.root))) for name in videos]
    output.mkdir(parents=True, exist_ok=True)
    stale = set(output.glob("crops-*.txt"))
    for index, first in enumerate(range(0, len(rows), shard_size)):
        path = output / f"crops-{index:04d}.txt"
        stale.discard(path)
        write_text(path, write_rows(rows[first : first + shard_size]))
    for path in stale:
        path.unlink()
    count = -(-len(rows) // shard_size)
    write_text(output / "index.txt", "".join(f"crops-{i:04d}.txt\n" for i in range(count)))
    return count


def crop_shard(
    sets: Sequence[TrainingSet], names_file: Path, output: Path, *, settings: CropSettings
) -> None:
    """Crop the targets of the videos that `names_file` lists.

    A killed job has lost the video in hand: crops of a video are kept in a folder beside the output
    until it is written, and memory holds those of one video.

    Raises:
        InputError: a row, an annotation or a frame that cannot be used.
        WorkError: another process works on the same shard.
    """
    rows = read_rows(names_file, sets)
    folder = output.parent / f".work-{output.stem}"
    cutting = only(settings, *settings.CUTTING)
    parts = CropParts(folder, {"version": VERSIONS["crops"], **cutting})
    with holding(folder):
        found: list[Crops] = []
        digests = []
        with progress(total=len(rows), what=f"crops {output.stem}", unit="video") as bar:
            for number, source in enumerate(sets):
                names = [name for row, name in rows if row == number]
                for name, targets in source.read(names) if names else ():
                    video = f"{number}/{name}"
                    if not parts.holds(video, targets):
                        parts.keep(video, targets, *crop_targets(targets, **cutting))
                    crops, frames = parts.load(video, targets)
                    found += crops
                    digests.append([[annotation(target) for target in targets], frames])
                    bar.update()
        source = made_by("crops", settings=cutting, inputs={"names": names_file})
        source["inputs"]["videos"] = digest_text(canonical_json(digests))
        write_crop_shard(output, found, margin=settings.margin, made_by=source)
        shutil.rmtree(folder)
    count = sum(len(crops.frames) for crops in found)
    print(
        f"{output}: {count} crops of {len(found)} targets in {len(rows)} videos, "
        f"{output.stat().st_size / 1e6:.1f} MB",
        file=sys.stderr,
    )
