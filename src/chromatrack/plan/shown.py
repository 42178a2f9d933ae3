"""The files that the report of a run reads: its rules ask for them, its manifest names them."""

from __future__ import annotations

from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.plan import arguments, layout, viewer
from chromatrack.plan.networks import trunks
from chromatrack.plan.places import Places
from chromatrack.plan.trackers import evaluations, tuned
from chromatrack.settings import Settings


def report_files(settings: Settings) -> dict[str, list[str]]:
    """Kind -> the files that are there before the manifest of a run is written.

    A kind is empty where the run has nothing of it. Ledgers of clips are apart (`ledgers`): which
    there are is only known once the list of clips was cut into shards.
    """
    places, clips = Places(settings.run), layout.has_clips(settings)
    return {
        "scores": scores(settings),
        "pictures": [places.pictures],
        "strips": [places.strips],
        "maps": [places.score_maps] if viewer.mixed_trackers(settings) else [],
        "similarity": [places.similarity] if viewer.similarity_of(settings) else [],
        "single_video": [places.single_video] if clips else [],
        "lab_statistics": [places.lab_statistics] if clips else [],
        "label_analysis": [places.label_analysis("analysis.json")] if clips else [],
        # No part of the page; a run is finished when its networks are validated, too.
        "validation": arguments.siamfc_validations(settings),
        "tuned": [places.tuned(name) for name in tuned(settings)],
    }


def scores(settings: Settings) -> list[str]:
    """The scores of all trackers; where a server scores them, the archives that it is sent."""
    places = Places(settings.run)
    return [
        (places.scores if benchmark.measures else places.archive)(
            benchmark.name, protocol, spec.name
        )
        for benchmark, protocol, specs in evaluations(settings)
        for spec in specs
    ]


def ledgers(settings: Settings) -> list[str]:
    """The ledgers of all shards of the clip list; none where the run has no clips.

    Raises:
        InputError: the list has not been cut into shards yet (rule `shards`).
    """
    places = Places(settings.run)
    if not layout.has_clips(settings):
        return []
    return [places.ledger(shard) for shard in listed(places.shards)]


def listed(index: str | Path) -> list[str]:
    """Names, without suffix, of the shards that an index file lists.

    Raises:
        InputError: there is no such file.
    """
    try:
        text = Path(index).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{index}: no such file; the run is not finished") from None
    return [Path(line).stem for line in text.split()]


def coloured(settings: Settings) -> list[str]:
    """The videos that `colorize` makes: one of each pretrained trunk, where there are masks."""
    places = Places(settings.run)
    if not layout.has_clips(settings) or viewer.mask_benchmark(settings) is None:
        return []
    return [places.colorized(trunk) for trunk in trunks(settings)]


def coloured_data(settings: Settings, **_: str) -> list[str]:
    """`benchmark_data` of the benchmark whose first sequence `colorize` colours."""
    return arguments.benchmark_data(settings, _coloured_benchmark(settings).name)


def coloured_on(settings: Settings, **_: str) -> list[str]:
    """The sequence that `colorize` colours, as its arguments."""
    selection = layout.selection(settings, _coloured_benchmark(settings).name)
    return [
        *arguments.option("--max-frames", selection.max_frames), "--", str(selection.root)
    ]  # fmt: skip


def _coloured_benchmark(settings: Settings) -> Benchmark:
    found = viewer.mask_benchmark(settings)
    if found is None:
        raise InputError("benchmarks: colorize needs one of masks, such as davis; the run has none")
    return found
