"""What the study of pretraining makes: label caches of the real files, networks, scores on DAVIS.

Everything is a stage of the workflow, and what is in the work folder already is not made again; a
killed training continues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.common import REAL_DATA, sources
from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.data import davis
from chromatrack.data.images import read_image_rgb
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.models.similarity import affinity
from chromatrack.settings import ComputeSettings, PropagationSettings, Settings, SourceSettings
from chromatrack.stages.clips.fetch import fetch_shard
from chromatrack.stages.clips.shards import make_shards
from chromatrack.stages.colorization.initial import initial_colorization
from chromatrack.stages.colorization.training import train_colorization
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.propagate import IDENTITY, propagate
from chromatrack.stages.labels.lab_statistics import lab_statistics
from chromatrack.stages.labels.labels import label_shard
from chromatrack.tracking.propagation import compared_features
from chromatrack.tracking.recipe import THESIS

WAYS = {
    "thesis": ("thesis", {}),
    "whole frame": ("soft", {"radius": None}),
    "local": ("soft", {}),
}
"""How labels are carried: the method, and what differs from the configuration."""

DEFAULT = "default"
"""Name of the base itself."""

PLAIN = replace(THESIS, features="trunk")
CPU = torch.device("cpu")

SETS = {"davis": "selection", "davis_more": "verdict"}
"""Folders of the real files, and what each is for."""


@dataclass(frozen=True)
class Study:
    """A folder of networks that differ from a base in some settings."""

    work: Path
    base: Settings
    compute: ComputeSettings
    trunk: str
    name: str = DEFAULT
    """Of the base itself."""

    def variant(
        self,
        name: str,
        changes: dict[str, dict[str, Any]],
        *,
        trunk: str | None = None,
        renewed: bool = False,
    ) -> Variant:
        """The networks of the base with those changes of its sections.

        Args:
            trunk: another trunk.
            renewed: BatchNorm takes its statistics from the frames that are scored.
        """
        changed = {section: replace(getattr(self.base, section), **keys)
                   for section, keys in changes.items()}  # fmt: skip
        trained = name if trunk or set(changed) - {"propagation"} else self.name
        settings = replace(self.base, **changed)
        return Variant(self, name, settings, trained, trunk or self.trunk, renewed)

    def identity(self, folder: str) -> dict[str, float]:
        """J&F of each sequence where the first mask is repeated."""
        output = self.work / "scores" / "identity"
        return self.scored(None, IDENTITY, folder, output, self.base.propagation)

    def scored(
        self,
        checkpoint: Path | None,
        way: str,
        folder: str,
        output: Path,
        settings: PropagationSettings,
    ) -> dict[str, float]:
        """Sequence -> J&F in percent, mean over its objects."""
        output = output / way.replace(" ", "-") / folder
        scores = output / "scores.json"
        if not scores.exists():
            method, changes = WAYS.get(way, (way, {}))
            selection = Selection(root=REAL_DATA / folder)
            propagate(
                checkpoint, selection, output / "run.json", method=method,
                settings=replace(settings, **changes), compute=self.compute,
            )  # fmt: skip
            evaluate(sets.get("davis"), selection, output, scores)
        return _of_sequences(read_json(scores)["per_object"])


@dataclass(frozen=True)
class Variant:
    """Networks of one recipe: some numbers of steps, some seeds."""

    study: Study
    name: str
    settings: Settings
    trained: str
    """Name of the variant whose networks they are: the base's, where only their use differs."""
    trunk: str
    renewed: bool = False

    @cached_property
    def caches(self) -> list[Path]:
        """Label files of both corpora; variants that label alike share them."""
        labels = self.settings.labels
        told = (labels.equalization, labels.colours, labels.frame_stride, labels.chroma)
        told += (labels.label_size,) if labels.label_size != 32 else ()
        folder = self.study.work / ("labels-" + "-".join(map(str, told)).lower())
        return [self._cache(folder / kind, *of) for kind, of in corpora().items()]

    def _cache(self, folder: Path, listed: Path, source: SourceSettings) -> Path:
        cache = folder / "labels.h5"
        if not cache.exists():
            cut = self.study.work / "clips" / folder.name
            shard, ledger = cut / "shards" / "shard-0000.csv", cut / "ledger.csv"
            if not ledger.exists():
                is_sequences = source.kind == "got10k"
                make_shards(listed, shard.parent, shard_size=1000, is_got10k=is_sequences)
                clips = replace(self.settings.clips, source=source)
                fetch_shard(shard, cut / "clips", ledger, settings=clips)
            label_shard(ledger, cut / "clips", cache, settings=self.settings.labels)
        return cache

    def network(self, steps: int, seed: int, longest: int) -> Path:
        """The checkpoint after so many of `longest` steps; 0 are random weights."""
        made = self.folder(seed)
        statistics = self.caches[0].parents[1] / "lab.json"
        if not statistics.exists():
            lab_statistics(self.caches, statistics)
        options = {"trunk": self.trunk, "seed": seed, "settings": self.settings.colorization}
        if steps == 0:
            path = made / "random.pt"
            if not path.exists():
                initial_colorization(statistics, path, **options)
            return path
        if not (made / "model.pt").exists():
            options["settings"] = replace(self.settings.colorization, steps=longest)
            train_colorization(
                self.caches, statistics, made / "model.pt", colours=self.settings.labels.colours,
                compute=self.study.compute, keep_at=STEPS, **options,
            )  # fmt: skip
        kept = made / "checkpoints" / f"step-{steps:07d}.pt"
        return made / "model.pt" if steps == longest else kept

    def folder(self, seed: int) -> Path:
        """Of the trainings with that seed."""
        return self.study.work / "networks" / self.trained.replace(" ", "-") / f"seed{seed}"

    def scores(self, steps: int, seed: int, way: str, folder: str, longest: int) -> dict:
        """Sequence -> J&F in percent."""
        checkpoint = self.network(steps, seed, longest)
        of = f"{self.name.replace(' ', '-')}-seed{seed}-{steps}"
        output = self.study.work / "scores" / of
        if self.renewed:
            checkpoint = renew_statistics(checkpoint, folder, output / f"{folder}.pt")
        return self.study.scored(checkpoint, way, folder, output, self.settings.propagation)


STEPS = (0, 100, 300, 1000, 3000)
"""After which a network is kept and scored."""


def corpora() -> dict[str, tuple[Path, SourceSettings]]:
    """The real Kinetics clips, and the frames of tracking/train (their boxes are not looked at)."""
    sources()  # ends here, with one sentence, where there are none
    kinetics, sequences = REAL_DATA / "kinetics", REAL_DATA / "tracking" / "train"
    of_clips = SourceSettings(kind="folder", folder=str(kinetics / "source"))
    of_sequences = SourceSettings(kind="got10k", folder=str(sequences))
    return {
        "kinetics": (kinetics / "mini_train.csv", of_clips),
        "sequences": (sequences, of_sequences),
    }


def table(scores: Sequence[dict[str, float]]) -> np.ndarray:
    """(sequences, seeds) of one dictionary of sequences per seed."""
    return np.array([[one[name] for one in scores] for name in sorted(scores[0])])


def _of_sequences(per_object: dict[str, dict[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for key, entry in per_object.items():
        sequence = key.rpartition("_")[0]
        found.setdefault(sequence, []).append(50 * (entry["J_mean"] + entry["F_mean"]))
    return {name: float(np.mean(values)) for name, values in found.items()}


@torch.no_grad()
def renew_statistics(checkpoint: Path, folder: str, output: Path, every: int = 5) -> Path:
    """The network with BatchNorm's statistics of the frames of `folder`, every fifth of them."""
    if output.exists():
        return output
    loaded = load_checkpoint(checkpoint, kinds=("colorization",))
    model, root = loaded.build(), REAL_DATA / folder
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.reset_running_stats()
            part.momentum = None  # the mean over all frames
            part.train()
    for name in davis.read_names(root):
        for path in davis.frames(root, name)[::every]:
            image = read_image_rgb(path)
            side = min(image.shape[:2])
            size = tuple(round(256 * length / side) for length in image.shape[1::-1])
            shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            model.trunk(loaded.scaling.grey_tensor(shrunk[None]))
    output.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(
        output, kind="colorization", network=loaded.network, scaling=loaded.scaling,
        module=model, made_by={"statistics": folder},
    )  # fmt: skip
    return output


def look(checkpoint: Path, folders: Sequence[str]) -> str:
    """How much of the trunk's output all cells share, and how alike neighbours are without it."""
    loaded = load_checkpoint(checkpoint)
    model, shares, alike, reach = loaded.build(), [], [], []
    for path in (frame for folder in folders for frame in _first_frames(folder)):
        frames = [read_image_rgb(path)] * 2
        raw = compared_features(model, loaded.scaling, frames, recipe=PLAIN, device=CPU)[0]
        embedded = compared_features(model, loaded.scaling, frames, recipe=THESIS, device=CPU)
        shares.append(float(raw.mean((1, 2)).square().sum() / raw.square().sum(0).mean()))
        own = F.normalize(raw - raw.mean((1, 2), keepdim=True), dim=0)
        alike.append(float((own[:, :, 1:] * own[:, :, :-1]).sum(0).mean()))
        weights = affinity(embedded[:1, None], embedded[1:], temperature=model.temperature)[0]
        entropy = -(weights * weights.clamp_min(1e-30).log()).sum(1).mean()
        reach.append(float(entropy.exp()))
    return (
        f"common share {np.mean(shares):.2f}, neighbours alike {np.mean(alike):.2f}, copies from "
        f"{np.mean(reach):.1f} cells"
    )


def _first_frames(folder: str) -> list[Path]:
    root = REAL_DATA / folder
    return [davis.frames(root, name)[0] for name in davis.read_names(root)]
