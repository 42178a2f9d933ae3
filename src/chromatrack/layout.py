"""Which data a run uses, where they are, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.evaluation.selecting import some
from chromatrack.places import Places
from chromatrack.settings import BenchmarkSettings, ClipSettings, Settings, SourceSettings

WORLD_BENCHMARKS = {"otb": "otb", "vot": "vot", "got10k": "got10k/val", "davis": "davis"}
"""What the synthetic world always has; other benchmarks are written where they are asked for."""


def run_folder(settings: Settings) -> Path:
    """Folder of everything that a run earns; another run never touches it."""
    return Path(Places(settings.run).folder)


@dataclass(frozen=True)
class DataPaths:
    """What the networks of a run are trained on: configured, or of the synthetic world.

    Attributes:
        world: folder of the synthetic world, None for real data.
        kinetics_list: clip list; None where nothing is pretrained.
        got10k_train, got10k_val: folders with list.txt and sequences, or None.
        tracking_train: layout and root of what SiamFC is trained on.
    """

    world: Path | None
    kinetics_list: Path | None
    got10k_train: Path | None
    got10k_val: Path | None
    tracking_train: tuple[tuple[str, Path], ...]


def data_paths(settings: Settings) -> DataPaths:
    """Where the data of a run is, or will be once the synthetic world is made."""
    data = settings.data
    sources = tuple((s.layout, Path(s.root)) for s in data.tracking_train or ())
    world = run_folder(settings) / "world"
    if data.demo:
        got10k, kinetics = world / "got10k", world / "kinetics" / "train.csv"
    else:
        got10k = Path(data.got10k) if data.got10k else None
        kinetics = Path(data.kinetics_list) if data.kinetics_list else None
    train = got10k / "train" if got10k else None
    return DataPaths(
        world=world if data.demo else None,
        kinetics_list=kinetics,
        got10k_train=train,
        got10k_val=got10k / "val" if got10k else None,
        tracking_train=sources or ((("got10k", train),) if train else ()),
    )


def selection(settings: Settings, name: str) -> Selection:
    """Which part of a benchmark the run uses, and where it is."""
    given = settings.benchmarks[name]
    return Selection(
        root=_benchmark_root(settings, name, given),
        names=given.names,
        attributes=_attributes(settings, name, given),
        edition=given.edition,
        max_frames=given.max_frames,
    )


def _benchmark_root(settings: Settings, name: str, given: BenchmarkSettings) -> Path:
    if given.root is not None:
        return Path(given.root)
    if name in WORLD_BENCHMARKS:
        return run_folder(settings) / "world" / WORLD_BENCHMARKS[name]
    return Path(Places(settings.run).world_benchmark(name)).parent


def _attributes(settings: Settings, name: str, given: BenchmarkSettings) -> Path | None:
    if given.attributes is not None:
        return Path(given.attributes)
    if name == "otb" and is_of_world(settings, name):
        return run_folder(settings) / "world" / "otb_attributes"
    return None


def is_of_world(settings: Settings, name: str) -> bool:
    """Whether a benchmark of the run is synthetic."""
    return settings.benchmarks[name].root is None


def benchmark_source(settings: Settings, name: str) -> str | None:
    """The file after which a benchmark of the synthetic world is there; None for a real one."""
    if not is_of_world(settings, name):
        return None
    places = Places(settings.run)
    return places.world(name) if name in WORLD_BENCHMARKS else places.world_benchmark(name)


def protocols(settings: Settings, name: str) -> tuple[str, ...]:
    """The protocols by which the report has a benchmark."""
    benchmark = sets.get(name)
    return settings.benchmarks[name].protocols or benchmark.protocols[:1]


def main_benchmark(settings: Settings) -> Benchmark | None:
    """The benchmark of the summary table: OTB, or the first one of boxes, or the first one."""
    found = [sets.get(name) for name in settings.benchmarks]
    scored = [one for one in found if one.measures]
    ranked = sorted(scored, key=lambda one: (one.name != "otb", one.gives != "boxes"))
    return ranked[0] if ranked else None


# What a run has


def has_clips(settings: Settings) -> bool:
    """Whether the run has clips to pretrain on."""
    paths = data_paths(settings)
    if settings.clips.source.kind == "got10k":
        return bool(settings.clips.source.folder or paths.got10k_train)
    return paths.kinetics_list is not None


def trains_siamfc(settings: Settings) -> bool:
    """Whether the run trains SiamFC itself."""
    return settings.siamfc.checkpoint is None


def needs_crops(settings: Settings) -> bool:
    """Whether anything of the run is trained or measured on crops of sequences."""
    return trains_siamfc(settings) or bool(settings.experiments)


def has_got10k_val(settings: Settings) -> bool:
    """Whether the run has GOT-10k val to validate SiamFC on; GOT-10k can be had without it."""
    paths = data_paths(settings)
    if paths.got10k_val is None:
        return False
    return paths.world is not None or (paths.got10k_val / "list.txt").is_file()


def clip_list(settings: Settings) -> Path | None:
    """The file that says which clips a run uses: a list of Kinetics, or list.txt of GOT-10k."""
    if not has_clips(settings):
        return None
    source = clip_settings(settings).source
    if source.kind == "got10k":
        return Path(source.folder) / "list.txt"
    return data_paths(settings).kinetics_list


def clip_settings(settings: Settings) -> ClipSettings:
    """Clip settings of a run with its data filled in.

    A source of GOT-10k reads the training set of the run where it names no folder of its own; in a
    demo, videos come from the synthetic world.
    """
    source = settings.clips.source
    if source.kind == "got10k":
        folder = source.folder or str(data_paths(settings).got10k_train)
        return replace(settings.clips, source=replace(source, folder=folder))
    if not settings.data.demo:
        return settings.clips
    folder = run_folder(settings) / "world" / "kinetics" / "source"
    return replace(settings.clips, source=SourceSettings(kind="folder", folder=str(folder)))


# Before any job starts


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
    for name, given in settings.benchmarks.items():
        benchmark = sets.get(name)
        where = f"benchmarks.{name}"
        if given.root is None and not settings.data.demo:
            yield f"{where}.root: expected the folder of {benchmark.title}"
        if given.root is None and name not in WORLD_BENCHMARKS and benchmark.write is None:
            yield f"{where}.root: expected a folder; the synthetic world has no {benchmark.title}"
        if given.root is not None and Path(given.root).exists():
            yield from _unreadable(settings, benchmark)
        try:
            benchmark.chosen_edition(Selection(Path(), edition=given.edition))
            for protocol in given.protocols or ():
                benchmark.check_protocol(protocol)
        except InputError as error:
            yield f"benchmarks: {error}"
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


def is_published(name: str, names: str) -> bool:
    """Whether `names` is a list that the benchmark itself has published."""
    return names.lower().replace("-", "").replace("_", "") in sets.get(name).lists


def trains_on_got10k(settings: Settings) -> bool:
    """Whether train/ of data.got10k is read."""
    return settings.data.tracking_train is None and needs_crops(settings)


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
        from chromatrack.auxiliaries import check_branch

        try:
            check_branch(experiment, file)
        except InputError as error:
            yield f"experiments.{name}.{error}" if not file else f"experiments.{name}: {error}"


def siamfc_file(settings: Settings, seed: int) -> str | None:
    """The SiamFC checkpoint that the run is given; None where it trains its own."""
    given = settings.siamfc.checkpoint
    return None if given is None else of_seed(given, seed)


def of_seed(file: str, seed: int | str) -> str:
    """A configured file, with {seed} in it filled in."""
    return file.replace("{seed}", str(seed))


def _path(configured: str | None) -> Path | None:
    return None if configured is None else Path(configured)
