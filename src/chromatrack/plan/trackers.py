"""The trackers of a run (thesis 5.4), and its ways to propagate segments (thesis 5.3.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.plan.layout import has_clips, main_benchmark, protocols
from chromatrack.plan.networks import Network, network_of, own_network, siamfc_checkpoint, trunks
from chromatrack.plan.places import Places
from chromatrack.settings import ExperimentSettings, Settings
from chromatrack.settings.experiments import BASELINE, CLASSICAL, OWN

Kind = Literal["checkpoint", "classical", "class", "results", "masks"]


@dataclass(frozen=True)
class TrackerSpec:
    """One tracker of a run, whatever it is made of. Rules, tables and plots see nothing else.

    Attributes:
        name: names its files, such as "exp2-alpha0.5-seed0".
        title: what tables say.
        kind: what it is opened from: a checkpoint, a tracker of OpenCV, a class, results that
            exist; or `masks`: a way to propagate segments.
        experiment: "baseline", the name of the experiment, "classical" or "own".
        alpha: weight of the colorization branch, "learned", or None.
        seed: of the trainings behind it; None where there are none.
        checkpoint: path of its network; None where it has none.
        source: name of OpenCV's tracker, module:Class, or folder of results.
        settings: of its experiment; None for others.
        method: of masks: "soft", "whole-frame", "thesis" or "identity".
        untrained: of a pretrained network that propagates masks, the name of the tracker that is
            the same but for its random weights. None where there is no such tracker.
    """

    name: str
    title: str
    kind: Kind
    experiment: str = OWN
    alpha: float | str | None = None
    seed: int | None = None
    checkpoint: str | None = None
    source: str | None = None
    settings: ExperimentSettings | None = None
    method: str | None = None
    untrained: str | None = None

    @property
    def only_tests(self) -> bool:
        """Whether it shares its checkpoint with the other alphas of its experiment."""
        return self.settings is not None and not self.settings.trains

    def given_alpha(self) -> float | str | None:
        """The alpha that the tracker is told; a trained network knows its own."""
        return self.alpha if self.only_tests else None

    def random_auxiliary(self) -> int | None:
        """Seed of fresh weights for the colorization branch (D27b)."""
        random = self.settings is not None and self.settings.auxiliary_at_test == "random"
        return self.seed if random else None


def trackers(settings: Settings) -> list[TrackerSpec]:
    """All trackers of boxes of a run, the baselines first."""
    places = Places(settings.run)
    found = [
        TrackerSpec(
            name=f"baseline-seed{seed}",
            title=f"baseline-seed{seed}",
            kind="checkpoint",
            experiment=BASELINE,
            seed=seed,
            checkpoint=siamfc_checkpoint(settings, seed),
        )
        for seed in settings.seeds
    ]
    for name, experiment in settings.experiments.items():
        found += [
            TrackerSpec(
                name=f"exp{name}-alpha{alpha}-seed{seed}",
                title=f"exp{name}-alpha{alpha}-seed{seed}",
                kind="checkpoint",
                experiment=name,
                alpha=alpha,
                seed=seed,
                checkpoint=(
                    places.fine_tuned(name, alpha, seed)
                    if experiment.trains
                    else places.composed(name, seed)
                ),
                settings=experiment,
            )
            for alpha in experiment.tested(settings.alphas)
            for seed in experiment.seeds or settings.seeds
        ]
    found += [
        TrackerSpec(name=name, title=name, kind="classical", experiment=CLASSICAL, source=name)
        for name in settings.baselines
    ]
    for name, own in settings.trackers.items():
        kind, source = ("class", own.module) if own.module else ("results", own.results)
        found.append(TrackerSpec(name=name, title=name, kind=kind, source=source))
    return found


def tuned(settings: Settings) -> dict[str, TrackerSpec]:
    """Name -> the trackers whose settings are searched: SiamFC, and the combined ones that any
    alpha can be given; of the first seed. None where the run searches for none."""
    if not settings.tune.trials:
        return {}
    found = {}
    for spec in trackers(settings):
        free = spec.only_tests and spec.random_auxiliary() is None
        if spec.experiment == BASELINE or (free and not spec.settings.probe):
            name = BASELINE if spec.experiment == BASELINE else f"exp{spec.experiment}"
            if not any(one.experiment == spec.experiment for one in found.values()):
                found[f"{name}-seed{spec.seed}"] = spec
    return found


def of_benchmark(settings: Settings, benchmark: Benchmark, protocol: str) -> list[TrackerSpec]:
    """The trackers that a run has on a benchmark."""
    if benchmark.gives == "masks":
        return segmentations(settings)
    found = []
    for spec in trackers(settings):
        own = settings.trackers.get(spec.name)
        if own is not None and own.benchmarks is not None and benchmark.name not in own.benchmarks:
            continue
        if spec.kind == "results" and not _has_results(settings, spec, benchmark, protocol):
            continue
        found.append(spec)
    if settings.benchmarks[benchmark.name].trackers == "all":
        return found
    first = settings.seeds[0]
    return [
        spec
        for spec in found
        if spec.experiment in (CLASSICAL, OWN) or (spec.experiment, spec.seed) == (BASELINE, first)
    ]


def _has_results(
    settings: Settings, spec: TrackerSpec, benchmark: Benchmark, protocol: str
) -> bool:
    """Whether results that exist are of a benchmark: of those that are named; else of those that
    have a folder, or of the summary's alone, in one pass."""
    if protocol == "restarted":
        return False
    if settings.trackers[spec.name].benchmarks is not None:
        return True
    if protocol != "ope":
        return False
    if "{benchmark}" in spec.source:
        return Path(spec.source.replace("{benchmark}", benchmark.name)).is_dir()
    main = main_benchmark(settings)
    return main is not None and main.name == benchmark.name


def segmentations(settings: Settings) -> list[TrackerSpec]:
    """What a benchmark of masks has: each pretrained trunk with each method, and what it must beat.

    That is the first mask repeated, and the same trunk with random weights of the first seed.
    Networks that experiments are given stand beside them.
    """
    found = [
        TrackerSpec(name="identity", title="first mask repeated", kind="masks", method="identity")
    ]
    methods = settings.propagation.methods
    for trunk in trunks(settings) if has_clips(settings) else ():
        random = {
            method: _propagates(own_network(settings, trunk, "random", settings.seeds[0]), method)
            for method in methods
        }
        found += random.values()
        found += [
            _propagates(
                own_network(settings, trunk, "pretrained", seed),
                method,
                untrained=random[method].name,
            )
            for seed in settings.seeds
            for method in methods
        ]
    for name, experiment in settings.experiments.items():
        if experiment.file and not experiment.of_siamfc:
            found += [
                _propagates(network_of(settings, name, seed), method)
                for seed in experiment.seeds or settings.seeds
                for method in methods
            ]
    return found


def _propagates(network: Network, method: str, *, untrained: str | None = None) -> TrackerSpec:
    """A network as a tracker of masks."""
    return TrackerSpec(
        name=f"{network.name}-{method}",
        title=f"{network.title}: {method}",
        kind="masks",
        seed=network.seed,
        checkpoint=network.checkpoint,
        method=method,
        untrained=untrained,
    )


def evaluations(settings: Settings) -> Iterable[tuple[Benchmark, str, list[TrackerSpec]]]:
    """All that the report of a run shows: benchmark, protocol, its trackers."""
    for name in settings.benchmarks:
        benchmark = sets.get(name)
        for protocol in protocols(settings, name):
            yield benchmark, protocol, of_benchmark(settings, benchmark, protocol)
