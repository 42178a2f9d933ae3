"""The stage `world --benchmark`: scenes of the synthetic world in the layout of one benchmark."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from chromatrack import files
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Example
from chromatrack.progress import progress
from chromatrack.settings import WorldSettings
from chromatrack.world import datasets

MANIFEST = "manifest.json"
MARK = ".chromatrack_world"
"""File that lists what an earlier build has put beside it: nothing else is ever replaced."""


def write_benchmark_world(benchmark_name: str, settings: WorldSettings, output: Path) -> None:
    """Write a few scenes to `output` as the benchmark is published, and last the manifest.

    They are built beside `output` and then take their place, as in `make_world`.

    Raises:
        InputError: there is no such benchmark, the world has no scenes for it, or `output` holds
            files of others, which are not overwritten.
    """
    benchmark = sets.get(benchmark_name)
    if benchmark.write is None:
        raise InputError(f"{benchmark_name}: the synthetic world cannot be written in its layout")
    output = Path(output).resolve()
    earlier = _replaceable(output)
    building = output.with_name(f".{output.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        names = datasets.EXAMPLE_SCRIPTS
        with progress(total=len(names), what=benchmark.title, unit="video") as bar:
            benchmark.write(building, _examples(settings, names, bar))
        _replace(building, output, earlier)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    manifest = files.made_by("world", settings=as_plain(settings)) | {
        "benchmark": benchmark_name,
        "counts": {"sequences": len(names), "frames": len(names) * settings.otb_frames},
    }
    files.write_json(output / MANIFEST, manifest)


def _examples(settings: WorldSettings, names: Iterable[str], bar) -> Iterator[Example]:
    """One after the other: the frames of one are in memory."""
    for name in names:
        yield datasets.example(settings, name)
        bar.update()


def _replaceable(output: Path) -> list[str]:
    """What an earlier build has put there."""
    if not output.exists():
        return []
    if not output.is_dir():
        raise InputError(f"{output}: expected a folder, but it is a file")
    mark = output / MARK
    earlier = mark.read_text(encoding="utf-8").splitlines() if mark.is_file() else []
    known = {*earlier, MARK, *([MANIFEST] if mark.is_file() else [])}
    foreign = sorted(path.name for path in output.iterdir() if path.name not in known)
    if foreign:
        raise InputError(
            f"{output}: expected an empty folder or an earlier world, but it holds {foreign[0]}"
        )
    return earlier


def _replace(building: Path, output: Path, earlier: list[str]) -> None:
    """Put the parts in place one by one: the folder itself may be somebody's mount or link."""
    parts = sorted(path.name for path in building.iterdir())
    output.mkdir(exist_ok=True)
    (output / MANIFEST).unlink(missing_ok=True)
    files.write_text(output / MARK, "\n".join(dict.fromkeys([*earlier, *parts])) + "\n")
    for name in earlier:
        shutil.rmtree(output / name, ignore_errors=True)
    for name in parts:
        (building / name).rename(output / name)
    files.write_text(output / MARK, "\n".join(parts) + "\n")
