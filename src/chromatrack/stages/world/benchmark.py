"""The stage `world --benchmark`: scenes of the synthetic world in the layout of one benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from chromatrack import files
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Example
from chromatrack.progress import progress
from chromatrack.settings import WorldSettings
from chromatrack.stages.world.replacing import beside, check_replaceable, replacing
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
    manifest, mark = output / MANIFEST, output / MARK
    built_before = mark.is_file()
    earlier = mark.read_text(encoding="utf-8").splitlines() if built_before else []
    check_replaceable(output, {*earlier, MARK, *([MANIFEST] if built_before else [])})
    names = datasets.EXAMPLE_SCRIPTS
    with (
        replacing(
            output,
            building=beside(output),
            manifest=manifest,
            earlier=earlier,
            note=lambda parts: files.write_text(mark, "\n".join(parts) + "\n"),
        ) as building,
        progress(total=len(names), what=benchmark.title, unit="video") as bar,
    ):
        benchmark.write(building, _examples(settings, names, bar))
    made = files.made_by("world", settings=as_plain(settings)) | {
        "benchmark": benchmark_name,
        "counts": {"sequences": len(names), "frames": len(names) * settings.otb_frames},
    }
    files.write_json(manifest, made)


def _examples(settings: WorldSettings, names: Iterable[str], bar) -> Iterator[Example]:
    """One after the other: the frames of one are in memory."""
    for name in names:
        yield datasets.example(settings, name)
        bar.update()
