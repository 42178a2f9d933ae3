"""Benchmarks, trackers, and the experiments that make trackers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from chromatrack.settings.checks import positive, require, within
from chromatrack.settings.colorization import Trunk
from chromatrack.settings.fusion import AuxiliarySettings, Layer

Classical = Literal["meanshift", "camshift", "klt", "mosse", "kcf", "csrt"]
"""Trackers of before deep learning (thesis 2.1, 2.2) that OpenCV has."""

MOST_SCALES = 31


@dataclass(frozen=True)
class TrackerSettings:
    """The tracker around the network (thesis 3.1.5)."""

    scales: int = 3
    """Sizes at which the target is searched."""
    scale_step: float = 1.0375
    """Ratio of neighbouring sizes."""
    scale_penalty: float = 0.9745
    """Factor on the score maps of changed sizes."""
    penalty_on: Literal["raw", "normalized"] = "raw"
    """Which score maps it multiplies: before their means are taken away, so that alpha 0 is the
    baseline; or after, where a negative peak grows by it (D31)."""
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
    precision: Literal[32, "bf16"] = 32
    """Bits, or bfloat16: about twice as fast, other numbers."""

    def __post_init__(self) -> None:
        odd = self.scales % 2 == 1 and 1 <= self.scales <= MOST_SCALES
        require(odd, f"scales: expected an odd number from 1 to {MOST_SCALES}, got {self.scales}")
        within(self, 1, 2, "scale_step")
        within(self, 0, 1, "scale_penalty", "scale_rate", "window_influence", "template_rate")
        within(self, 17, 4096, "upsampled_size")


@dataclass(frozen=True)
class PropagationSettings:
    """Label propagation (thesis 3.2.4, 5.3.7); all but `methods` is about `soft`."""

    methods: tuple[Literal["soft", "thesis"], ...] = ("soft", "thesis")
    """Ways that DAVIS is scored with: `soft` as below; `thesis`: the frame before, hard labels at
    every step, central 256 crop (D24)."""
    features: Literal["trunk", "middle", "embedding"] = "trunk"
    """What is compared: output of the trunk, of its middle (before the last layers), or of the
    head."""
    references: int = 4
    """Previous frames that labels are copied from."""
    first_frame: bool = True
    """The annotated frame is one more reference, all the way."""
    center: bool = True
    """Take the mean of all cells away before they are compared."""
    normalize: bool = True
    """Compare directions alone (L2-normalised features)."""
    temperature: float = 0.05
    """Divides the inner products; the lower, the less labels spread."""
    top_k: int | None = 10
    """Most similar cells that a cell copies from; null is all."""
    radius: int | None = 6
    """Cells to every side in which a cell looks for its like; null is the whole frame."""
    short_side: int = 480
    """Short side of the frame that the network sees, in pixels."""

    def __post_init__(self) -> None:
        positive(self, "references", "temperature")
        require(self.short_side >= 16, f"short_side: expected 16 or more, got {self.short_side}")
        require(self.top_k is None or self.top_k > 0, "top_k: expected more than 0, or null")
        require(self.radius is None or self.radius >= 0, "radius: expected 0 or more, or null")
        require(len(self.methods) > 0, "methods: expected at least one")
        require(len(set(self.methods)) == len(self.methods), "methods: one is given twice")


@dataclass(frozen=True)
class BenchmarkSettings:
    """A benchmark that the run has (docs/evaluation.md)."""

    root: str | None = None
    """Its folder, as it is published; null: the world's, in a demo."""
    names: str | None = None
    """File with one name per line, or the name of a published list (otb2013, tb50, otb2015;
    test and train of LaSOT); null: all (D27c)."""
    attributes: str | None = None
    """Folder of attribute vectors, where they are not beside the annotations."""
    edition: str | None = None
    """Of a benchmark that has several: vot2015 to vot2019, 30 or 240 of NfS; null: the usual."""
    protocols: tuple[str, ...] | None = None
    """How trackers are run (ope, tre, sre, ...); null: the benchmark's usual way alone."""
    max_frames: int | None = None
    """Cut each sequence to its first frames; the page says so."""
    trackers: Literal["all", "baselines"] = "all"
    """All trackers of the run, or the first baseline and those that are not of experiments."""

    def __post_init__(self) -> None:
        require(
            self.max_frames is None or self.max_frames >= 2,
            f"max_frames: expected 2 or more, got {self.max_frames}",
        )
        require(self.protocols != (), "protocols: expected at least one, or null")


@dataclass(frozen=True)
class OwnTracker:
    """A tracker that is not of this project, beside the others in tables and plots."""

    results: str | None = None
    """Folder of its results; {benchmark} in it stands for the benchmark."""
    name: str | None = None
    """Whose results are taken from a folder of several trackers' (NAME_TRACKER.mat); null: those of
    its own name."""
    module: str | None = None
    """`module:Class` with `init(image, box)` and `update(image)` (docs/evaluation.md)."""
    options: dict[str, int | float | bool | str] = field(default_factory=dict)
    """Arguments of the class."""
    benchmarks: tuple[str, ...] | None = None
    """Benchmarks that it has results on, or is run on; null: all that take boxes in one pass."""

    def __post_init__(self) -> None:
        require(
            (self.results is None) != (self.module is None),
            "expected results: FOLDER or module: MODULE:CLASS",
        )
        require(
            self.module is None
            or re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", self.module) is not None,
            f"module: expected module:Class, got {self.module!r}",
        )


WEIGHTS = ("pretrained", "random", "siamfc")
SECOND = "siamfc:"
"""Before the file of a SiamFC checkpoint that is to be the auxiliary."""


@dataclass(frozen=True)
class ExperimentSettings:
    """One auxiliary beside SiamFC; tested for each of its alphas and seeds."""

    TRACKERS: ClassVar = ("trunk", "weights", "train", "probe", "alphas", "seeds")
    """Keys that say which trackers there are, and which trunks are pretrained."""

    trunk: Trunk = "resnet18"
    """Trunk of the auxiliary; of no meaning for `siamfc` and files."""
    weights: str = "pretrained"
    """Where the auxiliary comes from: `pretrained` on the clips of the run, `random`, `siamfc` (a
    second one, of another seed), the file of a colorization checkpoint ({seed} in its name stands
    for the seed), or siamfc:FILE for that of a SiamFC."""
    layer: Layer = "layer4"
    """What is correlated: a layer of the trunk (layer4: its end), or the 64-channel head (D11)."""
    border: Literal["padded", "cropped"] = "padded"
    """`cropped`: the cells alone that see no zero padding; a ResNet has some up to layer2."""
    input: Literal["as_trained", "channel_mean", "colour"] = "as_trained"
    """What the auxiliary sees: what it was trained on, the mean of R, G, B as run (D10), or colour,
    for networks that take it."""
    equalized: bool = False
    """Patches are equalised as the frames were in pretraining (labels.equalization)."""
    train: bool = False
    """Fine-tune both branches together for each alpha, or only test."""
    probe: bool = False
    """Train nothing but a 1x1 convolution on the frozen auxiliary, alone (alpha 1)."""
    auxiliary_at_test: Literal["trained", "random"] = "trained"
    """`random`: the published code's evaluation of experiment 3 (D27b)."""
    alphas: tuple[float | Literal["learned"], ...] | None = None
    """Its alphas; null: those of the run."""
    seeds: tuple[int, ...] | None = None
    """Some seeds of the run; null: all."""
    alpha: float | Literal["learned"] | None = None
    """The alpha that its verdict is about, chosen beforehand; null: chosen on GOT-10k val, or where
    the run has none, on the other targets (docs/experiments.md)."""
    controls: tuple[str, ...] = ()
    """Experiments that it is a control of: they have to beat it, too."""
    claim: bool = True
    """Whether the answer to the question if colour helps is about it; never about a control."""

    def __post_init__(self) -> None:
        # A word that is no file's name is a slip of the pen, not a file that is missing.
        words = re.fullmatch(r"[A-Za-z_-]+", self.weights) is not None
        require(
            self.weights in WEIGHTS or (not words and self.weights != SECOND),
            f"weights: expected pretrained, random, siamfc or the file of a checkpoint, got "
            f"{self.weights!r}",
        )
        for other, why in (
            (self.border == "cropped", "every cell of it sees padding, and border is cropped"),
            (self.of_siamfc, "SiamFC has none"),
            (self.probe, "a probe is put on a layer of the trunk"),
        ):
            require(
                not (self.layer == "head" and other),
                f"layer: head: {why}; expected layer2 to layer4",
            )
        require(
            not (self.probe and self.train),
            "probe: trains its convolution alone; expected train: false",
        )
        require(
            not self.probe or self.alphas in (None, (1.0,)),
            f"alphas: a probe is tested alone, got {self.alphas}; expected [1.0] or null",
        )
        for name in ("alphas", "seeds"):
            values = getattr(self, name)
            require(values != (), f"{name}: expected at least one value, or null")
            require(
                values is None or len(set(values)) == len(values), f"{name}: a value is given twice"
            )
        for alpha in (*(self.alphas or ()), *(() if self.alpha is None else (self.alpha,))):
            require(alpha == "learned" or 0 <= alpha <= 1, f"alphas: expected 0 to 1, got {alpha}")
        require(
            self.alpha is None or self.alphas is None or self.alpha in self.alphas,
            f"alpha: expected one of its alphas, got {self.alpha}",
        )

    @property
    def file(self) -> str | None:
        """The file that the weights come from, if they come from one."""
        return None if self.weights in WEIGHTS else self.weights.removeprefix(SECOND)

    @property
    def of_siamfc(self) -> bool:
        """Whether the auxiliary is a second SiamFC."""
        return self.weights == "siamfc" or self.weights.startswith(SECOND)

    @property
    def trains(self) -> bool:
        """Whether anything is trained for it, for each alpha."""
        return self.train or self.probe

    def auxiliary(self, equalization: str) -> AuxiliarySettings:
        """What its branch makes of its network.

        Args:
            equalization: of the frames in pretraining.
        """
        return AuxiliarySettings(
            layer=self.layer,
            border=self.border,
            input=self.input,
            equalization=equalization if self.equalized else "none",
            probe=self.probe,
        )

    def tested(self, alphas: tuple[float | str, ...]) -> list[float | str]:
        """Its alphas, of a run that has these; nothing learns one where nothing is trained."""
        own = (1.0,) if self.probe else self.alphas or alphas
        return [alpha for alpha in own if alpha != "learned" or self.train]


def thesis_experiments() -> dict[str, ExperimentSettings]:
    """Experiments 1 to 5 of thesis 5.4."""
    return {
        "1": ExperimentSettings(trunk="resnet18"),
        "2": ExperimentSettings(trunk="resnet18", train=True),
        "3": ExperimentSettings(trunk="resnet18", weights="random", train=True, controls=("2",)),
        "4": ExperimentSettings(trunk="alexnet"),
        "5": ExperimentSettings(trunk="alexnet", train=True),
    }
