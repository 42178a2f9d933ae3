"""Experiments: what stands beside SiamFC, and for which alphas and seeds (thesis 5.4)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from chromatrack.settings.checks import require
from chromatrack.settings.colorization import ColorizationSettings, Trunk
from chromatrack.settings.fusion import AuxiliarySettings, Layer
from chromatrack.settings.labels import LabelSettings
from chromatrack.settings.siamfc import SiamFCSettings

OTHER = 1000
"""Added to the seed of a SiamFC: that of the second one which stands beside it."""
CLOSE = 0.82
"""Names as much alike, as difflib counts, are one name misspelt; `randomresnet` and `randomalexnet`
are less so."""

BASELINE = "baseline"
"""Stands for the experiment of SiamFC alone, which the others are held against: no alpha."""
CLASSICAL = "classical"
"""Stands for the experiment of trackers of OpenCV: no alpha, no seed."""
OWN = "own"
"""Stands for the experiment of trackers from elsewhere: no alpha, no seed."""
UNTRAINED = (CLASSICAL, OWN)

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


def check_experiments(
    experiments: Mapping[str, ExperimentSettings],
    *,
    alphas: tuple[float | str, ...],
    seeds: tuple[int, ...],
    labels: LabelSettings,
    colorization: ColorizationSettings,
    siamfc: SiamFCSettings,
) -> None:
    """What experiments ask of the rest of the run; files are looked at in `plan.problems`.

    Raises:
        ValueError: the run cannot give it.
    """
    for name, experiment in experiments.items():
        where = f"experiments.{name}"
        require(
            re.fullmatch(r"[A-Za-z0-9]+", name) is not None,
            f"{where}: expected a name of letters and digits",
        )
        require(
            name not in (BASELINE, *UNTRAINED),
            f"{where}: tables have other rows of this name",
        )
        _check_network(where, experiment, labels, colorization)
        _check_second(where, experiment, seeds, siamfc)
        _check_trackers(where, experiment, alphas, seeds)
        _check_controls(name, experiment.controls, experiments)
    _check_circles({name: one.controls for name, one in experiments.items()})


def _check_network(
    where: str,
    experiment: ExperimentSettings,
    labels: LabelSettings,
    colorization: ColorizationSettings,
) -> None:
    """What an experiment asks of a network that the run trains."""
    require(
        not experiment.equalized or labels.equalization != "none",
        f"{where}.equalized: frames are not equalised in pretraining (labels.equalization is none)",
    )
    colorizes = not experiment.file and not experiment.of_siamfc
    require(
        not colorizes or experiment.input != "colour" or colorization.input != "luma",
        f"{where}.input: colour needs a network that was trained on colours; expected "
        "colorization.input: lab or rgb",
    )
    require(
        not colorizes or experiment.layer != "head" or colorization.head != "none",
        f"{where}.layer: the network has no head (colorization.head is none)",
    )


def _check_second(
    where: str, experiment: ExperimentSettings, seeds: tuple[int, ...], siamfc: SiamFCSettings
) -> None:
    """Whether a second SiamFC can be trained, and is another one."""
    if experiment.weights != "siamfc":
        return
    require(
        siamfc.checkpoint is None,
        f"{where}.weights: siamfc is trained by the run, which is given one (siamfc.checkpoint); "
        "expected the file of another one",
    )
    taken = [OTHER + seed for seed in experiment.seeds or seeds if OTHER + seed in seeds]
    require(
        not taken,
        f"{where}.weights: the second SiamFC has {OTHER} added to its seed; seeds has {taken[:1]}, "
        "too",
    )


def _check_trackers(
    where: str,
    experiment: ExperimentSettings,
    alphas: tuple[float | str, ...],
    seeds: tuple[int, ...],
) -> None:
    strange = [seed for seed in experiment.seeds or () if seed not in seeds]
    require(not strange, f"{where}.seeds: expected seeds of the run, got {strange[:1]}")
    tested = experiment.tested(alphas)
    require(len(tested) > 0, f"{where}.alphas: nothing learns one where nothing is trained")
    require(
        experiment.alpha is None or experiment.alpha in tested,
        f"{where}.alpha: expected one of {', '.join(map(str, tested))}, got {experiment.alpha}",
    )


def _check_controls(
    name: str, controls: tuple[str, ...], experiments: Mapping[str, ExperimentSettings]
) -> None:
    """Experiments that the run does not have may be named; slips of the pen may not."""
    for control in controls:
        require(control != name, f"experiments.{name}.controls: is named as a control of itself")
        near = difflib.get_close_matches(control, experiments, n=1, cutoff=CLOSE)
        # 12 is no misspelt 13.
        slip = near and near[0] != control and _digits(near[0]) == _digits(control)
        require(
            not slip,
            f"experiments.{name}.controls: the run has no experiment {control!r}; did you mean "
            f"{(near or [''])[0]!r}?",
        )


def _check_circles(controls: Mapping[str, tuple[str, ...]]) -> None:
    """A control that is controlled by what it controls would leave nobody to ask about."""

    def reached(name: str, seen: tuple[str, ...] = ()) -> set[str]:
        found = set(controls.get(name, ())) - set(seen)
        return found.union(*(reached(one, (*seen, *found)) for one in found))

    for name in controls:
        require(
            name not in reached(name),
            f"experiments.{name}.controls: it is a control of what is a control of it",
        )


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name)
