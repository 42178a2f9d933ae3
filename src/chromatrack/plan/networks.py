"""The networks of a run: SiamFC of each seed, and what stands beside it in the experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace

from chromatrack.plan.layout import of_seed, siamfc_file
from chromatrack.plan.places import Places
from chromatrack.settings import AuxiliarySettings, Settings
from chromatrack.settings.experiments import OTHER


def siamfc_checkpoint(settings: Settings, seed: int) -> str:
    """The SiamFC network of a seed: trained, or given."""
    return siamfc_file(settings, seed) or Places(settings.run).siamfc(seed)


def trunks(settings: Settings) -> list[str]:
    """Trunks that are pretrained: for some experiment, in their order, and for comparison."""
    names = [e.trunk for e in settings.experiments.values() if e.weights == "pretrained"]
    return list(dict.fromkeys([*names, *settings.trunks]))


@dataclass(frozen=True)
class Network:
    """One auxiliary of a run, as it is correlated.

    Attributes:
        name: of its folder, such as "resnet18-pretrained-seed0".
        title: what tables say.
        seed: of its training.
        checkpoint: its file.
        branch: what is made of it.
    """

    name: str
    title: str
    seed: int
    checkpoint: str
    branch: AuxiliarySettings = field(default_factory=AuxiliarySettings)


def network_of(settings: Settings, name: str, seed: int) -> Network:
    """The auxiliary that an experiment starts from."""
    experiment = settings.experiments[name]
    branch = replace(experiment.auxiliary(settings.labels.equalization), probe=False)
    if experiment.file:
        file = of_seed(experiment.file, seed)
        title = f"{experiment.trunk}, experiment {name}"
        title += _seed_told(seed, experiment.seeds or settings.seeds)
        return Network(f"exp{name}-given-seed{seed}", title, seed, file, branch)
    usual = AuxiliarySettings()
    told = [
        value.replace("_", "")
        for value, default in zip(astuple(branch), astuple(usual), strict=True)
        if value != default
    ]
    if experiment.weights == "siamfc":
        made = Network("", "second SiamFC", seed, Places(settings.run).siamfc(OTHER + seed))
        base = "siamfc-other"
    else:
        made = own_network(settings, experiment.trunk, experiment.weights, seed)
        base = f"{experiment.trunk}-{experiment.weights}"
    return replace(made, name="-".join([base, *told, f"seed{seed}"]), branch=branch)


def own_network(settings: Settings, trunk: str, weights: str, seed: int) -> Network:
    """A colorization network that the run makes, `pretrained` or `random`."""
    name = f"{trunk}-{weights}-seed{seed}"
    file = Places(settings.run).colorization(name)
    title = f"{trunk}, {weights}{_seed_told(seed, settings.seeds)}"
    return Network(name, title, seed, file)


def _seed_told(seed: int, seeds: Sequence[int]) -> str:
    """What tells the networks of several seeds apart in their titles."""
    return f", seed {seed}" if len(seeds) > 1 else ""


def networks(settings: Settings) -> dict[str, Network]:
    """Name -> each auxiliary that an experiment starts from."""
    found = [
        network_of(settings, name, seed)
        for name, experiment in settings.experiments.items()
        for seed in experiment.seeds or settings.seeds
    ]
    return {network.name: network for network in found}


def second_seeds(settings: Settings) -> list[int]:
    """Seeds of the second SiamFCs that the run trains as auxiliaries."""
    found = [
        OTHER + seed
        for experiment in settings.experiments.values()
        if experiment.weights == "siamfc"
        for seed in experiment.seeds or settings.seeds
    ]
    return list(dict.fromkeys(found))
