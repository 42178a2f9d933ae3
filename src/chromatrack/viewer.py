"""What of a run the viewer of its page shows, and what its files depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chromatrack import layout
from chromatrack.configuration import as_plain
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.experiments import TrackerSpec, of_benchmark, segmentations
from chromatrack.files import canonical_json
from chromatrack.places import Places
from chromatrack.settings import Settings
from chromatrack.settings.keys import only


def box_benchmark(settings: Settings) -> Benchmark | None:
    """The benchmark of the summary, where its scores tell the overlap of each frame."""
    main = layout.main_benchmark(settings)
    if not isinstance(main, OnePass) or layout.protocols(settings, main.name)[0] != "ope":
        return None
    return main


def box_trackers(settings: Settings) -> list[TrackerSpec]:
    """The trackers whose boxes are shown: of each experiment and alpha, the first seed."""
    benchmark = box_benchmark(settings)
    if benchmark is None:
        return []
    first: dict[tuple, TrackerSpec] = {}
    for spec in of_benchmark(settings, benchmark, "ope"):
        untrained = spec.name if spec.seed is None else None
        first.setdefault((spec.experiment, spec.alpha, untrained), spec)
    return list(first.values())


def mask_benchmark(settings: Settings) -> Benchmark | None:
    """The benchmark of masks of the run."""
    found = [sets.get(name) for name in settings.benchmarks]
    return next((one for one in found if one.gives == "masks"), None)


def mask_methods(settings: Settings) -> list[TrackerSpec]:
    """The ways whose masks are shown: all of the first seed, and what they must beat."""
    if mask_benchmark(settings) is None:
        return []
    return [s for s in segmentations(settings) if s.seed in (None, settings.seeds[0])]


def strips_of(settings: Settings) -> list[str]:
    """The files that strips are made of: scores of boxes, runs of masks."""
    places = Places(settings.run)
    boxes, masks = box_benchmark(settings), mask_benchmark(settings)
    return [
        *(places.scores(boxes.name, "ope", spec.name) for spec in box_trackers(settings)),
        *(
            places.run_file(masks.name, layout.protocols(settings, masks.name)[0], spec.name)
            for spec in mask_methods(settings)
        ),
    ]


def strips_read(settings: Settings) -> str:
    """The settings that strips depend on beside those files, as a configuration in JSON."""
    plain, shown = as_plain(settings), (box_benchmark(settings), mask_benchmark(settings))
    names = [benchmark.name for benchmark in shown if benchmark is not None]
    return canonical_json(
        {
            **_run(settings, names),
            "baselines": plain["baselines"],
            "trackers": plain["trackers"],
            "propagation": {"methods": plain["propagation"]["methods"]},
        }
    )


def _run(settings: Settings, benchmarks: Iterable[str]) -> dict[str, Any]:
    """What says which trackers a run has, and where a benchmark is."""
    plain, source = as_plain(settings), settings.clips.source
    shown = {name: plain["benchmarks"][name] for name in dict.fromkeys(benchmarks)}
    for name, value in shown.items():
        value["protocols"] = [layout.protocols(settings, name)[0]]
    of_clips = ("kind", "folder") if source.kind == "got10k" else ("kind",)
    return {
        **{name: plain[name] for name in ("run", "alphas", "seeds", "trunks")},
        "experiments": {
            name: only(one, *one.TRACKERS) for name, one in settings.experiments.items()
        },
        "benchmarks": shown,
        "data": {**only(settings.data, "demo", "kinetics_list", "got10k"), "title": "-"},
        "clips": {"source": only(source, *of_clips)},
        "siamfc": {"checkpoint": settings.siamfc.checkpoint},
    }
