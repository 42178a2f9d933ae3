"""Which trackers of a run are timed, on what, and what their table depends on."""

from __future__ import annotations

from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.files import canonical_json
from chromatrack.plan import arguments, layout
from chromatrack.plan.trackers import TrackerSpec, trackers
from chromatrack.settings import Settings
from chromatrack.settings.keys import only


def timed_on(settings: Settings) -> Benchmark:
    """The benchmark of the summary, on whose first sequence trackers are timed.

    Raises:
        InputError: it is of masks, or there is none.
    """
    main = layout.main_benchmark(settings)
    if main is None or main.gives != "boxes":
        has = "none" if main is None else f"{main.name}, which is of masks"
        raise InputError(f"benchmarks: the speed of trackers needs one of boxes; the run has {has}")
    return main


def timed(settings: Settings) -> list[TrackerSpec]:
    """The trackers that are timed: the baseline, each experiment, and others that are run.

    Of seeds, the first; of alphas, the middle one.
    """
    benchmark = timed_on(settings).name
    return [spec for spec in trackers(settings) if _is_timed(settings, spec, benchmark)]


def _is_timed(settings: Settings, spec: TrackerSpec, benchmark: str) -> bool:
    if spec.settings is not None:
        alphas = spec.settings.tested(settings.alphas)
        seeds = spec.settings.seeds or settings.seeds
        return (spec.alpha, spec.seed) == (alphas[len(alphas) // 2], seeds[0])
    if spec.name in settings.trackers:
        where = settings.trackers[spec.name].benchmarks
        return spec.kind == "class" and (where is None or benchmark in where)
    return spec.seed in (None, settings.seeds[0])


def files(settings: Settings) -> list[str]:
    """What these trackers are made of."""
    benchmark = timed_on(settings).name
    return [
        file
        for spec in timed(settings)
        for file in arguments.tracker_files(settings, benchmark, spec.name)
    ]


def data(settings: Settings) -> list[str]:
    """The files after which their benchmark is there."""
    return arguments.benchmark_data(settings, timed_on(settings).name)


def read(settings: Settings) -> str:
    """The settings that the table depends on, as a configuration in JSON."""
    plain, benchmark = as_plain(settings), timed_on(settings).name
    own = [spec.name for spec in timed(settings) if spec.name in settings.trackers]
    return canonical_json(
        {
            **{name: plain[name] for name in ("run", "alphas", "seeds", "baselines", "tracker")},
            "data": only(settings.data, "title", "demo"),
            "experiments": {
                name: only(one, *one.TRACKERS, "auxiliary_at_test")
                for name, one in settings.experiments.items()
            },
            "trackers": {name: {**plain["trackers"][name], "benchmarks": None} for name in own},
            "benchmarks": {benchmark: plain["benchmarks"][benchmark]},
            "siamfc": only(settings.siamfc, "width", "checkpoint"),
            "colorization": only(settings.colorization, "width"),
        }
    )
