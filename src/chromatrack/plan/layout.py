"""Which data a run uses, where they are, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.plan.places import Places
from chromatrack.settings import BenchmarkSettings, ClipSettings, Settings, SourceSettings


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
    demo = sets.get(name).demo
    if demo is not None:
        return run_folder(settings) / "world" / demo
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
    return places.world(name) if sets.get(name).demo else places.world_benchmark(name)


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


def is_published(name: str, names: str) -> bool:
    """Whether `names` is a list that the benchmark itself has published."""
    return names.lower().replace("-", "").replace("_", "") in sets.get(name).lists


def trains_on_got10k(settings: Settings) -> bool:
    """Whether train/ of data.got10k is read."""
    return settings.data.tracking_train is None and needs_crops(settings)


def siamfc_file(settings: Settings, seed: int) -> str | None:
    """The SiamFC checkpoint that the run is given; None where it trains its own."""
    given = settings.siamfc.checkpoint
    return None if given is None else of_seed(given, seed)


def of_seed(file: str, seed: int | str) -> str:
    """A configured file, with {seed} in it filled in."""
    return file.replace("{seed}", str(seed))
