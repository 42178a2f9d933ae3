"""Everything that can be set: one frozen dataclass per stage; the YAML mirrors this tree.

The defaults are the thesis's settings as `docs/decisions.md` resolves them; `D5` points at row 5 of
that table. `config.yaml` overrides them with the small demo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from chromatrack.configuration import as_plain, build, merge, read_yaml
from chromatrack.errors import InputError
from chromatrack.files import canonical_json

T = TypeVar("T")

Trunk = Literal["resnet18", "alexnet"]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _positive(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _require(value > 0, f"{name}: expected more than 0, got {value}")


@dataclass(frozen=True)
class WorldSettings:
    """The synthetic world: small videos with exact annotations in the formats of the real sets."""

    seed: int = 0
    """Everything in the world follows from it."""
    width: int = 340
    """Width of the frames in pixels."""
    height: int = 256
    """Height of the frames in pixels."""
    fps: int = 25
    """Frames per second of the Kinetics-like videos."""
    kinetics_videos: int = 12
    """Number of Kinetics-like videos."""
    kinetics_seconds: float = 6.0
    """Length of each Kinetics-like video."""
    got10k_train: int = 24
    """Number of GOT-10k training sequences."""
    got10k_val: int = 4
    """Number of GOT-10k validation sequences."""
    got10k_frames: int = 40
    """Frames of each GOT-10k sequence."""
    otb_frames: int = 50
    """Frames of each OTB sequence."""
    vot_frames: int = 50
    """Frames of each VOT sequence."""
    davis_frames: int = 25
    """Frames of each DAVIS sequence."""

    def __post_init__(self) -> None:
        _positive(self, "fps", "kinetics_videos", "kinetics_seconds", "got10k_train", "got10k_val")
        _require(self.kinetics_seconds >= 2, "kinetics_seconds: expected 2 or more")
        for name in ("got10k_frames", "otb_frames", "vot_frames", "davis_frames"):
            _require(getattr(self, name) >= 20, f"{name}: expected 20 frames or more")
        for name in ("width", "height"):
            value = getattr(self, name)
            _require(value >= 128 and value % 2 == 0, f"{name}: expected an even number >= 128")


@dataclass(frozen=True)
class SourceSettings:
    """Where the full videos come from."""

    kind: Literal["ytdlp", "folder"] = "ytdlp"
    """`ytdlp`: download with yt-dlp from `url`; `folder`: files named <youtube_id>.<suffix>."""
    url: str = "https://www.youtube.com/watch?v={id}"
    """Address of a video, with {id} for its id (`ytdlp`)."""
    folder: str | None = None
    """Folder of full videos (`folder`)."""
    serve: str | None = None
    """Folder that a server on 127.0.0.1 offers as the video site during the run (`ytdlp`)."""
    max_height: int = 360
    """Highest resolution that is asked for, in pixels (`ytdlp`)."""

    def __post_init__(self) -> None:
        if self.kind == "ytdlp" and self.serve is None:
            _require("{id}" in self.url, f"url: expected {{id}} in it, got {self.url!r}")
        _positive(self, "max_height")


@dataclass(frozen=True)
class ClipSettings:
    """Shards of the clip list, downloading and cutting."""

    shard_size: int = 500
    """Clips per shard; one job handles one shard."""
    minimum_seconds: float = 1.0
    """A clip that is shorter than this is recorded as too short."""
    quality: int = 18
    """x264 constant rate factor of the cut clips (0 lossless, 51 worst)."""
    retries: int = 2
    """Further attempts at a download that failed for a passing reason."""
    source: SourceSettings = field(default_factory=SourceSettings)

    def __post_init__(self) -> None:
        _positive(self, "shard_size")
        _require(0 <= self.quality <= 51, f"quality: expected 0 to 51, got {self.quality}")
        _require(self.retries >= 0, f"retries: expected 0 or more, got {self.retries}")


@dataclass(frozen=True)
class LabelSettings:
    """Frames to colour labels (thesis 5.3.1)."""

    frame_stride: int = 5
    """Every how many frames one is kept (D21, D22c)."""
    equalization: Literal["per_channel", "none", "y", "l", "clahe_l", "clahe_per_channel"] = (
        "per_channel"
    )
    """Histogram equalisation before anything else (D22)."""
    geometry: Literal["short_side", "width"] = "short_side"
    """What is resized to `size` before the centre crop; as written `width` (D22b)."""
    size: int = 256
    """Side of the square frames, in pixels."""
    label_size: int = 32
    """Side of the label maps, in cells."""
    colours: int = 8
    """Number of k-means clusters per clip."""
    cluster_on: Literal["frames", "label_grid"] = "frames"
    """Pixels that k-means sees: all of the kept frames; as run the 32x32 grid (D19)."""
    backend: Literal["auto", "histogram", "faiss"] = "auto"
    """k-means implementation: exact on the AB histogram, or faiss (GPU where there is one)."""
    restarts: int = 10
    """k-means++ starts; the best one counts."""
    tolerance: float = 0.0
    """Centres that move less than this end a start (8-bit levels); as written 1e-4 (D20)."""
    max_iterations: int = 300
    """Iterations after which a start ends in any case."""
    luma_quality: int = 90
    """JPEG quality of the cached L channel."""
    seed: int = 0
    """Seed of the k-means starts."""

    def __post_init__(self) -> None:
        _positive(self, "frame_stride", "restarts", "max_iterations", "label_size")
        _require(2 <= self.colours <= 255, f"colours: expected 2 to 255, got {self.colours}")
        _require(
            self.size % self.label_size == 0,
            f"size: expected a multiple of label_size ({self.label_size}), got {self.size}",
        )
        _require(1 <= self.luma_quality <= 100, "luma_quality: expected 1 to 100")


@dataclass(frozen=True)
class ColorizationSettings:
    """Pretraining by colorization (thesis 3.2)."""

    width: float = 1.0
    """Multiplier of all channel counts."""
    embedding: int = 64
    """Channels of the embedding (Table 3.3)."""
    positions: Literal["linspace", "without_zero"] = "linspace"
    """Spatial features: evenly spaced, or as Figure 3.10 prints them (D25)."""
    references: int = 3
    """Reference frames of a sample, beside one target frame."""
    batch_size: int = 8
    """Samples per step (8 x (3 + 1) = 32 frames)."""
    sampling: Literal["random", "sequential"] = "random"
    """Order of samples; `sequential` is as run: clip by clip (D21)."""
    loss: Literal["nll", "double_softmax"] = "nll"
    """Eq. 3.14, or the softmax applied twice, as run (D23)."""
    temperature: float = 1.0
    """Divides the inner products before the softmax of eq. 3.11."""
    normalization: Literal["measured", "published", "half"] = "measured"
    """Mean and standard deviation of L: of this data set, of the thesis, or 0.5 / 0.5 (D18)."""
    steps: int = 140_000
    """Optimiser steps."""
    learning_rate: float = 1e-3
    """Adam's rate at first."""
    drop_at: int = 60_000
    """Step after which the rate is divided by ten."""
    checkpoint_every: int = 1_000
    """Steps between checkpoints; a killed run continues from the last one."""

    def __post_init__(self) -> None:
        _positive(
            self, "width", "embedding", "references", "batch_size", "temperature", "steps",
            "learning_rate", "checkpoint_every",
        )  # fmt: skip


@dataclass(frozen=True)
class CropSettings:
    """GOT-10k crops, prepared once (thesis 3.1.4)."""

    shard_size: int = 200
    """Sequences per shard."""
    margin: int = 8
    """Pixels around the 255 px search patch that random shifts may use, on each side."""
    quality: int = 95
    """JPEG quality of the crops."""

    def __post_init__(self) -> None:
        _positive(self, "shard_size", "quality")


@dataclass(frozen=True)
class SiamFCSettings:
    """SiamFC training (thesis 3.1)."""

    width: float = 1.0
    """Multiplier of all channel counts."""
    channels: Literal["as_run", "as_written"] = "as_run"
    """AlexNet: 96-256-384-384-256, or the 96-256-192-192-128 of Table 3.1 (D1)."""
    label_distance: Literal["l1", "l2"] = "l1"
    """Distance of eq. 3.2; as written l2 (D2)."""
    label_radius: float = 16.0
    """R of eq. 3.2 in pixels of the search patch."""
    loss: Literal["balanced", "mean"] = "balanced"
    """Positives and negatives weigh the same, or the plain mean of eq. 3.4 (D3)."""
    search_size: int = 239
    """Side of the search patch in training; as written 255 (D4)."""
    pairs_per_epoch: int = 50_000
    """Pairs per epoch; 0 takes one per sequence, as run (D5)."""
    epochs: int = 50
    """Epochs."""
    batch_size: int = 8
    """Pairs per step."""
    learning_rate: float = 1e-2
    """Rate of the first epoch."""
    final_learning_rate: float = 1e-5
    """Rate of the last epoch; exponential in between."""
    momentum: float = 0.9
    weight_decay: float = 5e-4
    max_gap: int = 100
    """Largest distance of exemplar and search frame, in frames."""
    stretch: float = 0.05
    """Largest random change of size of a patch."""
    input_scaling: Literal["unit", "byte"] = "unit"
    """RGB in [-1, 1] or in 0..255 (D9); a checkpoint records its own."""
    checkpoint_every: int = 1_000
    """Steps between checkpoints."""

    def __post_init__(self) -> None:
        _positive(
            self, "width", "epochs", "batch_size", "learning_rate", "final_learning_rate",
            "max_gap", "checkpoint_every", "label_radius",
        )  # fmt: skip
        _require(self.pairs_per_epoch >= 0, "pairs_per_epoch: expected 0 or more")
        _require(
            self.search_size in (239, 255),
            f"search_size: expected 239 or 255, got {self.search_size}",
        )
        _require(0 <= self.stretch < 0.5, f"stretch: expected 0 to 0.5, got {self.stretch}")


@dataclass(frozen=True)
class FusionSettings:
    """How the two score maps are made and mixed (thesis 4.3)."""

    normalize: bool = True
    """Eq. 4.1 with the measured statistics; as run false (D13)."""
    part: Literal["trunk", "full"] = "trunk"
    """What of the colorization network tracks: its trunk, or all of it (D11)."""
    grey: Literal["lab_l", "channel_mean"] = "lab_l"
    """Grey input of the colorization branch; as run the mean of R, G, B in [-1, 1] (D10)."""
    statistics_pairs: int = 1_000
    """Pairs over which mean and standard deviation of each branch are measured (D14)."""
    statistics_mode: Literal["eval", "train"] = "eval"
    """`eval`: as the tracker computes them (17x17); `train`: as run (15x15, batch 1) (D14)."""

    def __post_init__(self) -> None:
        _positive(self, "statistics_pairs")


@dataclass(frozen=True)
class FineTuneSettings:
    """Training of both branches together (thesis 5.4.2); the rest is as in `siamfc`."""

    epochs: int = 50
    """Epochs; 25 in the author's last commit (D15)."""
    pairs_per_epoch: int = 50_000
    """Pairs per epoch; 0 takes one per sequence, as run (D5)."""
    learning_rate: float = 1e-2
    """Rate of the first epoch."""
    final_learning_rate: float = 1e-5
    """Rate of the last epoch; exponential in between."""

    def __post_init__(self) -> None:
        _positive(self, "epochs", "learning_rate", "final_learning_rate")
        _require(self.pairs_per_epoch >= 0, "pairs_per_epoch: expected 0 or more")

    def applied_to(self, siamfc: SiamFCSettings) -> SiamFCSettings:
        """The settings of SiamFC training with the length and the rates of fine-tuning."""
        return replace(siamfc, **{f.name: getattr(self, f.name) for f in fields(self)})


@dataclass(frozen=True)
class TrackerSettings:
    """The tracker around the network (thesis 3.1.5)."""

    scales: int = 3
    """Sizes at which the target is searched."""
    scale_step: float = 1.0375
    """Ratio of neighbouring sizes."""
    scale_penalty: float = 0.9745
    """Factor on the score maps of changed sizes."""
    scale_rate: float = 0.59
    """How far the size follows the best scale (eq. 3.7, 3.8)."""
    window_influence: float = 0.176
    """Weight of the cosine window (D7)."""
    upsampled_size: int = 272
    """Side of the upsampled score map; as written 255 (D6)."""
    template_rate: float = 0.0
    """beta of eq. 3.9; as written 0.01 (D8)."""
    clamp: bool = False
    """Keep the centre inside the image (D28)."""

    def __post_init__(self) -> None:
        _require(self.scales % 2 == 1, f"scales: expected an odd number, got {self.scales}")
        _require(self.upsampled_size >= 17, "upsampled_size: expected 17 or more")


@dataclass(frozen=True)
class PropagationSettings:
    """Label propagation on DAVIS (thesis 5.3.7)."""

    method: Literal["soft", "thesis"] = "soft"
    """`soft`: soft labels, whole frame, argmax last; `thesis`: hard argmax, 256 crop (D24)."""
    references: int = 3
    """Previous frames that labels are copied from, as in training; `thesis` takes one."""
    temperature: float = 1.0
    """Divides the inner products; below that of training, labels spread less."""
    short_side: int = 256
    """Short side of the frame that the network sees, in pixels."""

    def __post_init__(self) -> None:
        _positive(self, "references", "temperature", "short_side")


@dataclass(frozen=True)
class ExperimentSettings:
    """One combination of the two branches; tested for each alpha and seed."""

    trunk: Trunk = "resnet18"
    """Trunk of the colorization branch."""
    weights: Literal["pretrained", "random"] = "pretrained"
    """Where the colorization branch starts from."""
    train: bool = False
    """Fine-tune both branches together for each alpha, or only test."""
    auxiliary_at_test: Literal["trained", "random"] = "trained"
    """`random`: the published code's evaluation of experiment 3 (D27b)."""


def thesis_experiments() -> dict[str, ExperimentSettings]:
    """Experiments 1 to 5 of thesis 5.4."""
    return {
        "1": ExperimentSettings(trunk="resnet18"),
        "2": ExperimentSettings(trunk="resnet18", train=True),
        "3": ExperimentSettings(trunk="resnet18", weights="random", train=True),
        "4": ExperimentSettings(trunk="alexnet"),
        "5": ExperimentSettings(trunk="alexnet", train=True),
    }


@dataclass(frozen=True)
class DataSettings:
    """Where the data is. In a demo all of it comes from the synthetic world."""

    title: str = ""
    """Name of the data set, printed on every table, plot and page."""
    demo: bool = False
    """Make the synthetic world and use it."""
    kinetics_list: str | None = None
    """Clip list: label,youtube_id,time_start,time_end,split."""
    got10k: str | None = None
    """Folder that holds train/ and val/ in the GOT-10k layout."""
    otb: str | None = None
    """Folder of OTB sequences."""
    otb_attributes: str | None = None
    """Folder of OTB attribute vectors, one NAME.txt each; without it, att/ beside the sequences."""
    otb_list: str | None = None
    """File with one target name per line; without it, every target found (D27c)."""
    otb_max_frames: int | None = None
    """Cut each OTB sequence to its first frames; the page says so."""
    vot: str | None = None
    """Folder of VOT sequences with list.txt."""
    vot_max_frames: int | None = None
    """Cut each VOT sequence to its first frames."""
    davis: str | None = None
    """Root of DAVIS-2017."""
    davis_max_frames: int | None = None
    """Cut each DAVIS sequence to its first frames."""

    def __post_init__(self) -> None:
        roots = ("kinetics_list", "got10k", "otb", "vot", "davis")
        for name in roots:
            given = getattr(self, name) is not None
            if self.demo:
                _require(not given, f"{name}: cannot be set together with demo: true")
            else:
                _require(given, f"{name}: expected a path (or set demo: true)")
        _require(bool(self.title), "title: expected the name of the data set")
        for name in ("otb_max_frames", "vot_max_frames", "davis_max_frames"):
            value = getattr(self, name)
            _require(value is None or value >= 2, f"{name}: expected 2 or more, got {value}")


@dataclass(frozen=True)
class ComputeSettings:
    """What a job may use."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:1`."""
    threads: int = 1
    """CPU threads of one job; equal numbers need an equal count."""
    workers: int = 0
    """Background processes that load training batches."""

    def __post_init__(self) -> None:
        _positive(self, "threads")
        _require(
            re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device) is not None,
            f"device: expected auto, cpu, cuda or cuda:N, got {self.device!r}",
        )
        _require(self.workers >= 0, f"workers: expected 0 or more, got {self.workers}")


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
    world: WorldSettings = field(default_factory=WorldSettings)
    clips: ClipSettings = field(default_factory=ClipSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)
    colorization: ColorizationSettings = field(default_factory=ColorizationSettings)
    crops: CropSettings = field(default_factory=CropSettings)
    siamfc: SiamFCSettings = field(default_factory=SiamFCSettings)
    fusion: FusionSettings = field(default_factory=FusionSettings)
    fine_tune: FineTuneSettings = field(default_factory=FineTuneSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    propagation: PropagationSettings = field(default_factory=PropagationSettings)
    compute: ComputeSettings = field(default_factory=ComputeSettings)

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.run) is not None,
            f"run: expected letters, digits, '_', '-' and '.', got {self.run!r}",
        )
        for name in self.experiments:
            _require(
                re.fullmatch(r"[A-Za-z0-9]+", name) is not None,
                f"experiments.{name}: expected a name of letters and digits",
            )
        for alpha in self.alphas:
            _require(alpha == "learned" or 0 <= alpha <= 1, f"alphas: expected 0 to 1, got {alpha}")
        for name in ("alphas", "seeds"):
            values = getattr(self, name)
            _require(len(values) > 0, f"{name}: expected at least one value")
            _require(len(set(values)) == len(values), f"{name}: a value is given twice")
        _require(all(seed >= 0 for seed in self.seeds), "seeds: expected 0 or more")


def from_mapping(mapping: Any) -> Settings:
    """The checked configuration of a run; raises `InputError` naming the key that is wrong.

    An experiment that is set to null is left out: the way for one file to drop another's.
    """
    experiments = mapping.get("experiments") if isinstance(mapping, dict) else None
    if isinstance(experiments, dict):
        named = {str(name): value for name, value in experiments.items()}
        kept = {name: value for name, value in named.items() if value is not None}
        mapping = {**mapping, "experiments": kept}
    return build(Settings, mapping)


def load_config(paths: Iterable[str | Path]) -> Settings:
    """Read YAML files, later ones laid over earlier ones, into the checked configuration."""
    merged: dict[str, Any] = {}
    for path in paths:
        merged = merge(merged, read_yaml(path))
    return from_mapping(merged)


def to_json(stage: Any) -> str:
    """The settings of one stage as one canonical line of JSON."""
    return canonical_json(as_plain(stage))


def from_json(kind: type[T], text: str) -> T:
    """The settings of one stage from JSON."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"--settings: not valid JSON ({error})") from None
    return build(kind, value)


def slice_json(settings: Settings, *names: str) -> str:
    """Several parts of the configuration as one canonical line of JSON."""
    return canonical_json({name: as_plain(getattr(settings, name)) for name in names})
