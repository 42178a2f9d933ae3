"""What a run tests: trackers (thesis 5.4) and ways to propagate segments (thesis 5.3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from chromatrack.layout import has_got10k_val
from chromatrack.settings import ExperimentSettings, Settings


@dataclass(frozen=True)
class TrackerSpec:
    """One tracker of a run.

    Attributes:
        name: names its files, such as "exp2-alpha0.5-seed0".
        experiment: "baseline" or the name of the experiment.
        alpha: weight of the colorization branch, "learned", or None for the baseline.
        seed: of the trainings behind it.
        settings: of its experiment; None for the baseline.
    """

    name: str
    experiment: str
    alpha: float | str | None
    seed: int
    settings: ExperimentSettings | None

    @property
    def colorization(self) -> str | None:
        """The colorization network it uses, such as "resnet18-pretrained"."""
        return self.settings and f"{self.settings.trunk}-{self.settings.weights}"

    @property
    def checkpoint(self) -> str:
        """Its checkpoint below the folder of the run.

        An experiment that only tests has one for all its alphas: the tracker sets the alpha.
        """
        if self.settings is None:
            return f"siamfc/seed{self.seed}/model.pt"
        if self.settings.train:
            return f"fused/{self.name}/model.pt"
        return f"fused/exp{self.experiment}-seed{self.seed}/model.pt"


def trackers(settings: Settings) -> list[TrackerSpec]:
    """All trackers of a run, the baselines first.

    `learned` is left out of experiments that train nothing: there is nothing to learn it with.
    """
    found = [
        TrackerSpec(f"baseline-seed{seed}", "baseline", None, seed, None) for seed in settings.seeds
    ]
    for name, experiment in settings.experiments.items():
        for alpha in settings.alphas:
            if alpha == "learned" and not experiment.train:
                continue
            found += [
                TrackerSpec(f"exp{name}-alpha{alpha}-seed{seed}", name, alpha, seed, experiment)
                for seed in settings.seeds
            ]
    return found


def got10k_trackers(settings: Settings) -> list[str]:
    """Trackers that the report has on GOT-10k val: the first baseline and the classical ones.

    None where the run's GOT-10k comes without val/.
    """
    if not has_got10k_val(settings):
        return []
    return [f"baseline-seed{settings.seeds[0]}", *settings.baselines]


def trunks(settings: Settings) -> list[str]:
    """Trunks that are pretrained: for some experiment, in their order, and for comparison."""
    names = [e.trunk for e in settings.experiments.values() if e.weights == "pretrained"]
    return list(dict.fromkeys([*names, *settings.trunks]))


@dataclass(frozen=True)
class SegmentationSpec:
    """One way to carry first masks through DAVIS.

    Attributes:
        name: names its files, such as "resnet18-pretrained-seed0-soft".
        title: what tables say.
        network: folder of its checkpoint below colorization/; None for the identity.
        method: "soft", "thesis" or "identity".
    """

    name: str
    title: str
    network: str | None
    method: str


def segmentations(settings: Settings) -> list[SegmentationSpec]:
    """What the table of DAVIS has: each pretrained trunk with each method, and what it must beat.

    That is the first mask repeated, and the same trunk with random weights of the first seed, by
    the first method.
    """
    found = [SegmentationSpec("identity", "first mask repeated", None, "identity")]
    first = settings.seeds[0]
    methods = settings.propagation.methods
    for trunk in trunks(settings):
        runs = [("random", first, methods[0])]
        runs += [("pretrained", seed, method) for seed in settings.seeds for method in methods]
        for weights, seed, method in runs:
            network = f"{trunk}-{weights}-seed{seed}"
            told = f", seed {seed}" if len(settings.seeds) > 1 else ""
            title = f"{trunk}, {weights}{told}: {method}"
            found.append(SegmentationSpec(f"{network}-{method}", title, network, method))
    return found
