"""The configuration of a run: the parts together, and how it is read and written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from chromatrack.configuration import as_plain, build, merge, read_yaml
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import canonical_json, parse_json
from chromatrack.patches import SEARCH_SIZE
from chromatrack.settings.checks import positive, require
from chromatrack.settings.clips import ClipSettings
from chromatrack.settings.colorization import ColorizationSettings, SingleVideoSettings, Trunk
from chromatrack.settings.data import DataSettings
from chromatrack.settings.evaluation import (
    BenchmarkSettings,
    Classical,
    OwnTracker,
    PropagationSettings,
    TrackerSettings,
)
from chromatrack.settings.experiments import (
    ExperimentSettings,
    check_experiments,
    thesis_experiments,
)
from chromatrack.settings.fusion import FineTuneSettings, FusionSettings
from chromatrack.settings.labels import AnalysisSettings, LabelSettings
from chromatrack.settings.siamfc import CropSettings, SiamFCSettings
from chromatrack.settings.statistics import StatisticsSettings
from chromatrack.settings.tuning import TuneSettings
from chromatrack.settings.world import WorldSettings

T = TypeVar("T")


@dataclass(frozen=True)
class ComputeSettings:
    """What a job may use."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:1`."""
    threads: int = 1
    """CPU threads of one job; equal numbers need an equal count."""
    tracking: Literal["auto", "processes", "batched", "serial"] = "auto"
    """How sequences are tracked: in one single-threaded process per thread, in one batch, or one
    after the other; `auto`: batched on a GPU, else processes."""
    workers: int = 0
    """Background processes that load training batches; of each process of a training."""
    devices: int = 1
    """Processes, with a GPU each where there are any, that pretraining and SiamFC training share
    their batches among."""
    retry_failed: bool = False
    """Fetching asks for all clips again that are not done, those that failed for good too."""

    def __post_init__(self) -> None:
        positive(self, "threads", "devices")
        require(
            re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device) is not None,
            f"device: expected auto, cpu, cuda or cuda:N, got {self.device!r}",
        )
        require(
            self.devices == 1 or ":" not in self.device,
            f"devices: {self.devices} of them cannot all be {self.device}; expected device: cuda",
        )
        require(self.workers >= 0, f"workers: expected 0 or more, got {self.workers}")


@dataclass(frozen=True)
class Settings:
    """The whole configuration of one run."""

    run: str
    """Name of the run; its files live under results/<run>/."""
    data: DataSettings
    alphas: tuple[float | Literal["learned"], ...] = tuple(round(0.1 * i, 1) for i in range(11))
    """Weights of the colorization branch that are tried (D16)."""
    seeds: tuple[int, ...] = (0,)
    """Every training and everything after it is repeated for each seed."""
    experiments: dict[str, ExperimentSettings] = field(default_factory=thesis_experiments)
    trunks: tuple[Trunk, ...] = ("resnet34",)
    """Trunks that are pretrained and scored on DAVIS beside those of the experiments (5.3.4)."""
    baselines: tuple[Classical, ...] = get_args(Classical)
    """Classical trackers that stand in the tables beside SiamFC."""
    trackers: dict[str, OwnTracker] = field(default_factory=dict)
    """Further trackers in the tables: published results, or classes of one's own."""
    benchmarks: dict[str, BenchmarkSettings] = field(default_factory=dict)
    """The benchmarks that the run has; in a demo without any, those of the world."""
    world: WorldSettings = field(default_factory=WorldSettings)
    clips: ClipSettings = field(default_factory=ClipSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    colorization: ColorizationSettings = field(default_factory=ColorizationSettings)
    single_video: SingleVideoSettings = field(default_factory=SingleVideoSettings)
    crops: CropSettings = field(default_factory=CropSettings)
    siamfc: SiamFCSettings = field(default_factory=SiamFCSettings)
    fusion: FusionSettings = field(default_factory=FusionSettings)
    fine_tune: FineTuneSettings = field(default_factory=FineTuneSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    tune: TuneSettings = field(default_factory=TuneSettings)
    propagation: PropagationSettings = field(default_factory=PropagationSettings)
    statistics: StatisticsSettings = field(default_factory=StatisticsSettings)
    compute: ComputeSettings = field(default_factory=ComputeSettings)

    def __post_init__(self) -> None:
        require(
            re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.run) is not None,
            f"run: expected letters, digits, '_', '-' and '.', got {self.run!r}",
        )
        for name in self.trackers:
            require(
                re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) is not None,
                f"trackers.{name}: expected a name of letters, digits, '_', '-' and '.'",
            )
            require(
                name not in get_args(Classical)
                and re.match(r"(baseline|exp[A-Za-z0-9]+-alpha)", name) is None,
                f"trackers.{name}: trackers of the run have names like this; expected another one",
            )
        for name in self.benchmarks:
            near = difflib.get_close_matches(name, sets.NAMES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sets.NAMES)}"
            require(name in sets.NAMES, f"benchmarks.{name}: unknown benchmark; {hint}")
        for name in ("alphas", "seeds"):
            values = getattr(self, name)
            require(len(values) > 0, f"{name}: expected at least one value")
        for name in ("alphas", "seeds", "baselines"):
            values = getattr(self, name)
            require(len(set(values)) == len(values), f"{name}: a value is given twice")
        require(all(seed >= 0 for seed in self.seeds), "seeds: expected 0 or more")
        for alpha in self.alphas:
            require(alpha == "learned" or 0 <= alpha <= 1, f"alphas: expected 0 to 1, got {alpha}")
        check_experiments(
            self.experiments,
            alphas=self.alphas,
            seeds=self.seeds,
            labels=self.labels,
            colorization=self.colorization,
            siamfc=self.siamfc,
        )
        key = "input" if self.colorization.input != "luma" else "loss"
        require(
            not self.colorization.reads_chroma or self.labels.chroma,
            f"colorization.{key}: {getattr(self.colorization, key)} needs the colour of the "
            "frames; expected labels.chroma: true beside it",
        )
        room = self.siamfc.search_size + 2 * self.siamfc.shift - SEARCH_SIZE
        require(
            self.siamfc.shift == 0 or 2 * self.crops.margin >= room,
            f"siamfc.shift: {self.siamfc.shift} pixels need crops.margin of {(room + 1) // 2} or "
            f"more, got {self.crops.margin}",
        )
        require(len(set(self.trunks)) == len(self.trunks), "trunks: one is given twice")


LONGEST_NAME = 80
"""Letters of an experiment, a benchmark or a tracker: folders are named after them."""

_SHORT = {"benchmarks": "root", "trackers": "results"}
"""Parts whose entries may be a text: what it stands for."""


def from_mapping(mapping: Any) -> Settings:
    """The checked configuration of a run; raises `InputError` naming the key that is wrong.

    An entry of `experiments`, `benchmarks` or `trackers` that is set to null is left out: the way
    for one file to drop another's. A benchmark may be its root alone, a tracker the folder of its
    results or module:Class; benchmarks may be a list of names.
    """
    if not isinstance(mapping, dict):
        return build(Settings, mapping)
    mapping = dict(mapping)
    for part in ("experiments", "benchmarks", "trackers"):
        if part in mapping:
            mapping[part] = _entries(part, mapping[part])
    data = mapping.get("data")
    if isinstance(data, dict) and data.get("demo") and "benchmarks" not in mapping:
        mapping["benchmarks"] = {name: {} for name in sets.of_every_demo()}
    return build(Settings, mapping)


def _entries(part: str, given: Any) -> Any:
    """The entries of a part that are not left out, each written out."""
    if given is None:
        return {}
    if part == "benchmarks" and isinstance(given, list | tuple):
        return {str(name): {} for name in given}
    if not isinstance(given, dict):
        return given
    named = {str(name): entry for name, entry in given.items()}
    for name in named:
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{part}: expected a name of at most {LONGEST_NAME} letters, got {name!r:.60}"
            )
    return {name: _written_out(part, entry) for name, entry in named.items() if entry is not None}


def _written_out(part: str, entry: Any) -> Any:
    if part == "benchmarks" and isinstance(entry, dict) and isinstance(entry.get("edition"), int):
        return {**entry, "edition": str(entry["edition"])}  # 30 of NfS
    if part not in _SHORT or not isinstance(entry, str):
        return entry
    is_class = part == "trackers" and re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", entry)
    return {"module" if is_class else _SHORT[part]: entry}


def load_config(paths: Iterable[str | Path]) -> Settings:
    """Read YAML files, later ones laid over earlier ones, into the checked configuration.

    As Snakemake does it: those after the first are laid over each other first, so that a null in
    one of them does not outlive an entry of a later one.
    """
    paths = list(paths)
    read = [read_yaml(path) for path in paths]
    first, *others = read or [{}]
    over: dict[str, Any] = {}
    for other in others:
        over = merge(over, other)
    try:
        return from_mapping(merge(first, over))
    except InputError as error:
        raise InputError(f"{_said_in(str(error), paths, read)}{error}") from None


def _said_in(error: str, paths: Sequence[str | Path], read: Sequence[Mapping]) -> str:
    """The file that a sentence about a key is about: the last one that goes deepest towards it."""
    keys = re.split(r"[.\[]", error.partition(":")[0])
    best, deepest = "", 0
    for path, content in zip(paths, read, strict=True):
        depth, inner = 1, content
        while (
            depth <= len(keys) and isinstance(inner, Mapping) and keys[depth - 1] in map(str, inner)
        ):
            inner = {str(key): value for key, value in inner.items()}[keys[depth - 1]]
            depth += 1
        if depth >= deepest:
            best, deepest = f"{path}: ", depth
    return best


def to_json(stage: Any) -> str:
    """The settings of one stage as one canonical line of JSON."""
    return canonical_json(as_plain(stage))


def from_json(kind: type[T], text: str, *, option: str = "--settings") -> T:
    """The settings of one stage from JSON.

    Args:
        option: where the text comes from, for messages.
    """
    try:
        return build(kind, parse_json(text))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{option}: not valid JSON ({error})") from None
    except InputError as error:
        raise InputError(f"{option}: {error}") from None
