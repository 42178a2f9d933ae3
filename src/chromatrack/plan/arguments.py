"""What the rules tell their commands: `chromatrack run`, `evaluate`, `vot-official`, `crops`.

Each list holds what the output depends on and nothing else: a rule runs again when it changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.plan import layout
from chromatrack.plan.places import Places
from chromatrack.plan.trackers import TrackerSpec, of_benchmark, segmentations, trackers
from chromatrack.settings import Settings, to_json
from chromatrack.tracking.own import class_files
from chromatrack.versions import VERSIONS


def option(name: str, value: Any) -> list[str]:
    """`--name=value`, or nothing for None."""
    return [] if value is None else [f"{name}={value}"]


def tracker_of(settings: Settings, benchmark: str, tracker: str) -> TrackerSpec:
    """The tracker of a name, of those that a benchmark takes.

    Raises:
        InputError: there is none.
    """
    masks = sets.get(benchmark).gives == "masks"
    for spec in segmentations(settings) if masks else trackers(settings):
        if spec.name == tracker:
            return spec
    raise InputError(f"{tracker}: is no tracker of {benchmark}")


def benchmark_data(settings: Settings, benchmark: str, **_: str) -> list[str]:
    """The file after which a benchmark of the synthetic world is there, and that of its names."""
    if benchmark not in settings.benchmarks:
        raise InputError(f"{benchmark}: is no benchmark of this run (benchmarks:)")
    source = layout.benchmark_source(settings, benchmark)
    return [*([] if source is None else [source]), *names_file(settings, benchmark)]


def tracker_files(settings: Settings, benchmark: str, tracker: str, **_: str) -> list[str]:
    """What it is made of: its checkpoint, the files of its results, or that of its class."""
    spec = tracker_of(settings, benchmark, tracker)
    if spec.kind == "results":
        folder = Path(spec.source.replace("{benchmark}", benchmark))
        return sorted(str(path) for path in folder.rglob("*") if path.suffix in (".txt", ".mat"))
    if spec.kind == "class":
        own = settings.trackers[spec.name]
        return [str(path) for path in class_files(own.module, own.options)]
    return [spec.checkpoint] if spec.checkpoint else []


def states(settings: Settings, benchmark: str, tracker: str = "", **_: str) -> list[str]:
    """Those of the files from outside the run that results of a benchmark depend on."""
    files = names_file(settings, benchmark)
    if tracker:
        files = [*files, *tracker_files(settings, benchmark, tracker)]
    return states_of(settings, files)


def versioned(settings: Settings, stage: str, files: Iterable[str]) -> int | list[int | str]:
    """The version of a stage, and with it the states of the files that it is given."""
    found = states_of(settings, files)
    return [VERSIONS[stage], *found] if found else VERSIONS[stage]


def states_of(settings: Settings, files: Iterable[str]) -> list[str]:
    """Sizes and times of those of the files that are from outside the run.

    A file that takes another's place may be older, as what is unpacked from an archive is; then
    only this tells.
    """
    run = Path(Places(settings.run).folder)
    found = []
    for file in map(Path, files):
        if run not in file.parents and file.is_file():
            about = file.stat()
            found.append(f"{file.name}:{about.st_size}:{about.st_mtime_ns}")
    return found


def names_file(settings: Settings, benchmark: str, **_: str) -> list[str]:
    """The file of names that a benchmark is restricted to."""
    names = settings.benchmarks[benchmark].names
    return [] if names is None or layout.is_published(benchmark, names) else [names]


def tracked_together(settings: Settings, benchmark: str, protocol: str, tracker: str) -> list[str]:
    """Alphas of an experiment that only tests are tracked in one job, the first time."""
    spec = tracker_of(settings, benchmark, tracker)
    if not spec.only_tests or protocol == "restarted":
        return []
    places = Places(settings.run)
    return [places.alphas(benchmark, protocol, spec.experiment, spec.seed)]


def tracker_options(settings: Settings, benchmark: str, tracker: str, **_: str) -> list[str]:
    """The tracker, for `run`."""
    spec = tracker_of(settings, benchmark, tracker)
    own = settings.trackers.get(spec.name)
    if spec.kind in ("classical", "class"):
        given = own.options.items() if own else ()
        options = [f"--option={key}={json.dumps(value)}" for key, value in given]
        return [f"--tracker={spec.source}", *options]
    if spec.kind == "results":
        folder = spec.source.replace("{benchmark}", benchmark)
        return [f"--results={folder}", *option("--of", own.name)]
    return [
        *option("--checkpoint", spec.checkpoint),
        *option("--alpha", spec.given_alpha()),
        *option("--random-auxiliary", spec.random_auxiliary()),
        *option("--method", spec.method),
    ]


def tracker_settings(settings: Settings, benchmark: str, tracker: str, **_: str) -> list[str]:
    """Its settings, where it has any: what a tracker does not look at must not run it again."""
    spec = tracker_of(settings, benchmark, tracker)
    read = None
    if spec.kind == "checkpoint":
        read = to_json(settings.tracker)
    elif spec.method == "soft":
        read = soft_propagation(settings)
    elif spec.method == "whole-frame":
        read = to_json(replace(settings.propagation, methods=("soft",), radius=None))
    return option("--settings", read)


def version_of(settings: Settings, benchmark: str, **_: str) -> int:
    """Version of what makes the results of a benchmark: boxes, or masks."""
    return VERSIONS["propagate" if sets.get(benchmark).gives == "masks" else "track"]


def soft_propagation(settings: Settings) -> str:
    """The settings of the method `soft`, whichever methods the run has."""
    return to_json(replace(settings.propagation, methods=("soft",)))


def runs_on(settings: Settings, benchmark: str, **_: str) -> list[str]:
    """What of a benchmark trackers are run on."""
    selection = layout.selection(settings, benchmark)
    reads = sets.get(benchmark).edition_reads
    return [
        f"--root={selection.root}",
        *option("--names", selection.names),
        *option("--edition", selection.edition if reads else None),
        *option("--max-frames", selection.max_frames),
    ]


def scored_on(settings: Settings, benchmark: str, **_: str) -> list[str]:
    """What of a benchmark is scored, and how."""
    selection = layout.selection(settings, benchmark)
    return [
        f"--annotations={selection.root}",
        *option("--names", selection.names),
        *option("--edition", selection.edition),
        *option("--frames-limit", selection.max_frames),
        *option("--attributes", selection.attributes),
    ]


def results_of(settings: Settings, benchmark: str, protocol: str, tracker: str) -> str:
    """What is scored of a tracker: its boxes/, or the folder of its masks."""
    places = Places(settings.run)
    file = "boxes" if sets.get(benchmark).gives == "boxes" else "."
    return places.evaluation(benchmark, protocol, tracker, file)


def all_of(settings: Settings, benchmark: str, protocol: str) -> list[str]:
    """Names of all trackers that the run has on a benchmark."""
    return [spec.name for spec in of_benchmark(settings, sets.get(benchmark), protocol)]


def experiment_options(settings: Settings, experiment: str, seed: str, **_: str) -> list[str]:
    """The trackers of all alphas of an experiment that only tests, for `run`."""
    random = settings.experiments[experiment].auxiliary_at_test == "random"
    return option("--random-auxiliary", seed if random else None)


def start_of(spec: TrackerSpec) -> list[str]:
    """The alpha that `tune` starts from, where one was planned."""
    planned = spec.settings.alpha if spec.settings else None
    return option("--alpha", planned if isinstance(planned, float) else None)


def alphas_together(settings: Settings, experiment: str, **_: str) -> str:
    """The alphas of an experiment that only tests, as `run --alphas` takes them."""
    return ",".join(
        str(alpha) for alpha in settings.experiments[experiment].tested(settings.alphas)
    )


def official_data(settings: Settings, **_: str) -> list[str]:
    """`benchmark_data` of VOT."""
    return benchmark_data(settings, "vot")


def official_files(settings: Settings, tracker: str) -> list[str]:
    """`tracker_files` on VOT."""
    return tracker_files(settings, "vot", tracker)


def official_options(settings: Settings, tracker: str) -> list[str]:
    """The tracker and its sequences, for `vot-official`."""
    benchmark_data(settings, "vot")
    selection = layout.selection(settings, "vot")
    return [
        *tracker_options(settings, "vot", tracker),
        *tracker_settings(settings, "vot", tracker),
        f"--root={selection.root}",
        *option("--max-frames", selection.max_frames),
        f"--challenge={sets.get('vot').chosen_edition(selection)}",
    ]


def official_trackers(settings: Settings) -> list[str]:
    """Names of the trackers that vot-toolkit can start."""
    if "vot" not in settings.benchmarks:
        return []
    specs = of_benchmark(settings, sets.get("vot"), "restarted")
    return [spec.name for spec in specs if spec.kind != "results"]


def runs_of_alphas(
    settings: Settings, benchmark: str, protocol: str, experiment: str, seed: str
) -> str:
    """run.json of each alpha of an experiment, as `run --alphas` takes it."""
    name = f"exp{experiment}-alpha{{alpha}}-seed{seed}"
    return Places(settings.run).run_file(benchmark, protocol, name)


def packed_of(settings: Settings, benchmark: str, **_: str) -> list[str]:
    """What of a benchmark is packed for its server."""
    selection = layout.selection(settings, benchmark)
    return [
        f"--root={selection.root}",
        *option("--names", selection.names),
        *option("--edition", selection.edition),
    ]


def crop_sources(settings: Settings) -> list[str]:
    """What SiamFC is trained on, as layout:folder: for `crop-lists` and `crops`."""
    return [f"{name}:{root}" for name, root in layout.data_paths(settings).tracking_train]


def crop_source_lists(settings: Settings) -> list[str]:
    """The files that name the sequences of real training data; only GOT-10k has one."""
    data = layout.data_paths(settings)
    if data.world:
        return []
    return [f"{root}/list.txt" for name, root in data.tracking_train if name == "got10k"]


def siamfc_validations(settings: Settings) -> list[str]:
    """validation.json of each training that is validated on GOT-10k val."""
    validated = (
        settings.siamfc.validation_frames
        and layout.has_got10k_val(settings)
        and layout.trains_siamfc(settings)
    )
    places = Places(settings.run)
    return [places.siamfc(s, "validation.json") for s in settings.seeds] if validated else []
