"""What keeps a run from starting, told before any job does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from chromatrack.errors import InputError, some
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.plan.layout import (
    clip_list,
    data_paths,
    has_clips,
    has_got10k_val,
    is_published,
    of_seed,
    selection,
    siamfc_file,
    trains_on_got10k,
    trains_siamfc,
)
from chromatrack.settings import Settings


def check_data(settings: Settings) -> None:
    """Every configured path exists, and nothing is missing that a stage needs.

    Raises:
        InputError: names the key, and what was expected.
    """
    for problem in problems(settings):
        raise InputError(problem)


def problems(settings: Settings) -> Iterator[str]:
    """What keeps the run from starting, a sentence each."""
    for key, path in _paths(settings).items():
        if path and not path.exists():
            yield f"{key}: {path} does not exist"
    yield from _missing_parts(settings)
    yield from _impossible_branches(settings)
    yield from _of_benchmarks(settings)
    yield from _of_trackers(settings)


def _of_benchmarks(settings: Settings) -> Iterator[str]:
    for name, given in settings.benchmarks.items():
        benchmark = sets.get(name)
        where = f"benchmarks.{name}"
        if given.root is None and not settings.data.demo:
            yield f"{where}.root: expected the folder of {benchmark.title}"
        if given.root is None and benchmark.demo is None and benchmark.write is None:
            yield f"{where}.root: expected a folder; the synthetic world has no {benchmark.title}"
        if given.root is not None and Path(given.root).exists():
            yield from _unreadable(settings, benchmark)
        if given.attributes is not None and not benchmark.has_attributes:
            yield f"{where}.attributes: targets of {benchmark.title} have none"
        try:
            benchmark.chosen_edition(Selection(Path(), edition=given.edition))
            for protocol in given.protocols or ():
                benchmark.check_protocol(protocol)
        except InputError as error:
            yield f"benchmarks: {error}"


def _of_trackers(settings: Settings) -> Iterator[str]:
    for name, tracker in settings.trackers.items():
        unknown = [one for one in tracker.benchmarks or () if one not in settings.benchmarks]
        if unknown:
            yield (
                f"trackers.{name}.benchmarks: the run has no benchmark {unknown[0]!r}; expected "
                f"some of {', '.join(settings.benchmarks)}"
            )
        for one in tracker.benchmarks or () if tracker.results else ():
            if one in settings.benchmarks and (
                sets.get(one).gives != "boxes" or "ope" not in sets.get(one).protocols
            ):
                yield f"trackers.{name}.benchmarks: {one} takes no results of one pass"


def _unreadable(settings: Settings, benchmark: Benchmark) -> Iterator[str]:
    """What of a benchmark cannot be found, as far as it is seen without looking at its frames."""
    if not benchmark.quick_names:
        return
    chosen, where = selection(settings, benchmark.name), f"benchmarks.{benchmark.name}"
    listed_in_file = chosen.names and not is_published(benchmark.name, chosen.names)
    if listed_in_file and not Path(chosen.names).exists():
        return  # told by its key
    try:
        found = benchmark.names(chosen)
        listed, expected = benchmark.expected(chosen) if chosen.names else ("", [])
    except InputError as error:
        yield f"{where}: {error}"
        return
    missing = [name for name in expected if name not in found]
    if not found:
        yield f"{where}: {chosen.root}: expected sequences of {benchmark.title}, found none"
    elif missing:
        yield (
            f"{where}.names: {len(missing)} of the {len(expected)} sequences of {listed} are not "
            f"in {chosen.root} ({some(missing)})"
        )


def _paths(settings: Settings) -> Mapping[str, Path | None]:
    """Key -> a file or folder that has to be there."""
    paths, source = data_paths(settings), settings.clips.source
    data, real = settings.data, not settings.data.demo
    is_got10k = source.kind == "got10k"
    checks: dict[str, Path | None] = {
        "data.kinetics_list": paths.kinetics_list if real and not is_got10k else None,
        "data.got10k": (
            paths.got10k_train / "list.txt"
            if real and paths.got10k_train and trains_on_got10k(settings)
            else None
        ),
    }
    for index, given in enumerate(data.tracking_train or ()):
        checks[f"data.tracking_train[{index}].root"] = Path(given.root)
    if real:
        best = settings.siamfc.select == "best_ao" and trains_siamfc(settings)
        checks["data.got10k (siamfc.select: best_ao)"] = (
            paths.got10k_val / "list.txt" if best and paths.got10k_val else None
        )
        checks["clips.source.folder"] = clip_list(settings) if is_got10k else _path(source.folder)
        checks["clips.source.serve"] = _path(source.serve)
        checks["clips.source.cookies"] = _path(source.cookies)
    checks["tune.result"] = _path(settings.tune.result)
    for name, given in settings.benchmarks.items():
        checks[f"benchmarks.{name}.root"] = _path(given.root)
        checks[f"benchmarks.{name}.attributes"] = _path(given.attributes)
        if given.names is not None and not is_published(name, given.names):
            checks[f"benchmarks.{name}.names"] = Path(given.names)
    for seed in settings.seeds:
        checks["siamfc.checkpoint"] = _path(siamfc_file(settings, seed))
        for name, experiment in settings.experiments.items():
            if experiment.file:
                checks[f"experiments.{name}.weights"] = Path(of_seed(experiment.file, seed))
    for name, tracker in settings.trackers.items():
        if tracker.results and "{benchmark}" not in tracker.results:
            checks[f"trackers.{name}.results"] = Path(tracker.results)
        for benchmark in tracker.benchmarks or () if tracker.results else ():
            folder = tracker.results.replace("{benchmark}", benchmark)
            checks[f"trackers.{name}.results ({benchmark})"] = Path(folder)
    return checks


def _missing_parts(settings: Settings) -> Iterator[str]:
    if settings.tune.trials and not has_got10k_val(settings):
        yield "tune.trials: settings are searched on GOT-10k val; expected data.got10k with val/"
    crops = data_paths(settings).tracking_train
    if trains_siamfc(settings) and not crops:
        yield (
            "siamfc: has nothing to train on; expected data.got10k or data.tracking_train, or a "
            "trained network as siamfc.checkpoint"
        )
    no_val = data_paths(settings).got10k_val is None
    if settings.siamfc.select == "best_ao" and trains_siamfc(settings) and no_val:
        yield "siamfc.select: best_ao needs GOT-10k val; expected data.got10k"
    if settings.experiments and not crops and not trains_siamfc(settings):
        first = next(iter(settings.experiments))
        yield (
            f"experiments.{first}: score maps are measured on crops of videos; expected "
            "data.got10k or data.tracking_train, or no experiments (experiments: null)"
        )
    if has_clips(settings):
        return
    for name, experiment in settings.experiments.items():
        if experiment.weights == "pretrained":
            yield (
                f"experiments.{name}.weights: pretrained needs clips; expected data.kinetics_list, "
                "or the file of a checkpoint in its place"
            )
        if experiment.weights == "random" and settings.colorization.normalization == "measured":
            yield (
                f"experiments.{name}: L is normalised as measured on clips; expected "
                "data.kinetics_list, or colorization.normalization: published"
            )
    if settings.trunks:
        yield (
            f"trunks: {settings.trunks[0]} is to be pretrained and there are no clips; expected "
            "data.kinetics_list, or trunks: []"
        )


def _impossible_branches(settings: Settings) -> Iterator[str]:
    """What experiments ask of networks and cannot have, as far as settings do not know it."""
    for name, experiment in settings.experiments.items():
        cropped = experiment.border == "cropped"
        file = experiment.file and Path(of_seed(experiment.file, settings.seeds[0]))
        if file and not file.exists():
            continue  # told by its key
        if not cropped and not file:
            continue
        # Networks take a second to import, for which all other runs need not wait.
        from chromatrack.plan.auxiliaries import check_branch

        try:
            check_branch(experiment, file)
        except InputError as error:
            yield f"experiments.{name}.{error}" if not file else f"experiments.{name}: {error}"


def _path(configured: str | None) -> Path | None:
    return None if configured is None else Path(configured)
