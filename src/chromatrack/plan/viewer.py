"""What of a run the viewer of its page shows, and what its files depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chromatrack.configuration import as_plain
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.files import canonical_json
from chromatrack.plan import arguments, layout
from chromatrack.plan.networks import Network, network_of, trunks
from chromatrack.plan.places import Places
from chromatrack.plan.trackers import TrackerSpec, of_benchmark, segmentations
from chromatrack.settings import Settings
from chromatrack.settings.experiments import BASELINE
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


def mixed_trackers(settings: Settings) -> list[TrackerSpec]:
    """The combined trackers of which one's score maps are shown: both branches count.

    Those of experiments that the answer of the run is about, where there are any; of an experiment
    whose alpha was laid down, that one.
    """
    found = [
        spec
        for spec in box_trackers(settings)
        if spec.settings is not None
        and spec.alpha not in (0, 1)
        and spec.settings.alpha in (None, spec.alpha)
    ]
    claimed = [spec for spec in found if spec.settings.claim and not spec.settings.controls]
    return claimed or found


def baseline_of(settings: Settings, spec: TrackerSpec) -> TrackerSpec:
    """The baseline of a tracker's seed."""
    found = of_benchmark(settings, box_benchmark(settings), "ope")
    return next(one for one in found if (one.experiment, one.seed) == (BASELINE, spec.seed))


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


def maps_of(settings: Settings) -> list[str]:
    """The files that score maps are made of, beside strips.json."""
    specs, places = mixed_trackers(settings), Places(settings.run)
    compared = [*specs, *(baseline_of(settings, spec) for spec in specs)]
    names = dict.fromkeys(spec.name for spec in compared)
    return [
        *(places.scores(box_benchmark(settings).name, "ope", name) for name in names),
        *dict.fromkeys(spec.checkpoint for spec in specs),
    ]


def maps_read(settings: Settings) -> str:
    """The settings that score maps depend on beside those files, as a configuration in JSON."""
    benchmark = box_benchmark(settings)
    told = _run(settings, [benchmark.name] if benchmark else [])
    for name, one in settings.experiments.items():
        told["experiments"][name] |= only(one, "auxiliary_at_test", "alpha", "controls", "claim")
    return canonical_json({**told, "tracker": as_plain(settings.tracker)})


def pretrained_networks(settings: Settings) -> list[Network]:
    """Of each trunk the first network that colorization has trained: here, or one that is given."""
    first, found = settings.seeds[0], {}
    for trunk in trunks(settings) if layout.has_clips(settings) else ():
        name = f"{trunk}-pretrained-seed{first}"
        file = Places(settings.run).colorization(name)
        found[trunk] = Network(name, f"{trunk}, pretrained", first, file)
    for name, experiment in settings.experiments.items():
        if experiment.file and not experiment.of_siamfc:
            seed = (experiment.seeds or settings.seeds)[0]
            found.setdefault(experiment.trunk, network_of(settings, name, seed))
    return list(found.values())


def compared_on(settings: Settings) -> Benchmark | None:
    """The benchmark whose frames these networks compare."""
    return mask_benchmark(settings) or layout.main_benchmark(settings)


def similarity_of(settings: Settings) -> list[str]:
    """The files that similarities are made of; none where there is nothing to compare."""
    benchmark, networks = compared_on(settings), pretrained_networks(settings)
    if benchmark is None or not networks:
        return []
    data = arguments.benchmark_data(settings, benchmark.name)
    return [*(network.checkpoint for network in networks), *data]


def similarity_read(settings: Settings) -> str:
    """The settings that similarities depend on beside those files, as a configuration in JSON."""
    benchmark = compared_on(settings)
    told = _run(settings, [benchmark.name] if benchmark else [])
    given = {name for name, one in settings.experiments.items() if one.file}
    own = {
        "alphas": [0.0],
        "trunks": trunks(settings) if layout.has_clips(settings) else [],
        "experiments": {name: told["experiments"][name] for name in sorted(given)},
    }
    return canonical_json({**told, **own})


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
