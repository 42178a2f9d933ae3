"""Pretraining by colorization against no training at all, on DAVIS (thesis 5.3.7).

    python -m benchmarks.davis_pretraining --work DIR            (real files: CHROMATRACK_REAL_DATA)
    python -m benchmarks.davis_pretraining --work DIR --config config/thesis.yaml FILE

Pretrains on the real Kinetics clips and on the frames of tracking/train (their boxes are not
looked at), then scores J and F on the three DAVIS sequences of: the first mask repeated, the
network with random weights, and the pretrained one; with features of the middle and of the end of
the trunk, and with the latter looked for in the whole frame, as eq. 3.11 has it. Everything is a
stage of the workflow; what is in --work already is not made again, and a killed training continues.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from scipy import stats

from benchmarks.common import REAL_DATA, finish, result, sources
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.settings import (
    ComputeSettings,
    PropagationSettings,
    Settings,
    SourceSettings,
    load_config,
)
from chromatrack.stages.clips.fetch import fetch_shard
from chromatrack.stages.clips.shards import make_shards
from chromatrack.stages.colorization.training import initial_colorization, train_colorization
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.propagate import IDENTITY, propagate
from chromatrack.stages.labels.lab_statistics import lab_statistics
from chromatrack.stages.labels.labels import label_shard

WAYS = {
    "middle of the trunk": {"features": "middle"},
    "trunk": {"features": "trunk"},
    "trunk over the whole frame": {"features": "trunk", "radius": None},
}
"""What is compared, and within which radius if not that of the configuration."""

CONFIG = (Path("config/thesis.yaml"), Path("config/pretrain_mini.yaml"))


def prepare(work: Path, settings: Settings) -> list[Path]:
    """Label caches of both corpora."""
    kinetics, sequences = REAL_DATA / "kinetics", REAL_DATA / "tracking" / "train"
    sources()  # ends here, with one sentence, where there are none
    corpora = {
        "kinetics": (
            kinetics / "mini_train.csv",
            SourceSettings(kind="folder", folder=str(kinetics / "source")),
        ),
        "sequences": (sequences, SourceSettings(kind="got10k", folder=str(sequences))),
    }
    caches = []
    for name, (listed, source) in corpora.items():
        folder = work / name
        cache = _once(
            folder / "labels.h5", lambda path, *a: _label(path, *a), listed, source, settings
        )
        caches.append(cache)
    return caches


def _once(path: Path, make: Callable, *arguments) -> Path:
    if not path.exists():
        make(path, *arguments)
    return path


def _label(cache: Path, listed: Path, source: SourceSettings, settings: Settings) -> None:
    folder = cache.parent
    make_shards(listed, folder / "shards", shard_size=1000, is_got10k=source.kind == "got10k")
    shard, clips = folder / "shards" / "shard-0000.csv", folder / "clips"
    ledger = folder / "ledger.csv"
    fetch_shard(shard, clips, ledger, settings=replace(settings.clips, source=source))
    label_shard(ledger, clips, cache, settings=settings.labels)


def networks(
    work: Path, caches: list[Path], settings: Settings, trunk: str, compute: ComputeSettings
) -> dict[str, Path]:
    """Checkpoints: random weights, and pretrained."""
    statistics = work / "lab.json"
    lab_statistics(caches, statistics)
    seed = settings.seeds[0]
    found = {name: work / name / "model.pt" for name in ("random", "pretrained")}
    options = {"trunk": trunk, "seed": seed, "settings": settings.colorization}
    _once(found["random"], lambda path: initial_colorization(statistics, path, **options))
    _once(
        found["pretrained"],
        lambda path: train_colorization(
            caches, statistics, path, colours=settings.labels.colours, compute=compute, **options
        ),
    )
    return found


def score(
    checkpoint: Path | None,
    output: Path,
    propagation: PropagationSettings,
    method: str,
    compute: ComputeSettings,
) -> dict:
    """J and F of one way to carry the first masks."""
    davis = Selection(root=REAL_DATA / "davis")
    propagate(
        checkpoint, davis, output / "run.json", method=method, settings=propagation, compute=compute
    )
    return evaluate(sets.get("davis"), davis, output, output / "scores.json")


def report(name: str, scores: dict) -> list[dict]:
    """J and F of one row, over all objects and of each."""
    each = ", ".join(
        f"{key} {100 * entry['J_mean']:.1f}/{100 * entry['F_mean']:.1f}"
        for key, entry in scores["per_object"].items()
    )
    print(f"{name}: {each}")
    return [
        result(f"{name}: J", 100 * scores["J_mean"], "%"),
        result(f"{name}: F", 100 * scores["F_mean"], "%"),
    ]


def half_width(ours: dict, rival: dict) -> float:
    """Half of the 95 % t interval of the mean gain in J and F over the objects, in points."""
    gains = [
        50 * sum(entry[key] - rival["per_object"][name][key] for key in ("J_mean", "F_mean"))
        for name, entry in ours["per_object"].items()
    ]
    return float(stats.t.ppf(0.975, len(gains) - 1) * stats.sem(gains))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--config", type=Path, nargs="+", default=CONFIG)
    parser.add_argument("--trunk", default="resnet18")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    settings = load_config(options.config)
    compute = ComputeSettings(threads=options.threads)
    trained = networks(
        options.work, prepare(options.work, settings), settings, options.trunk, compute
    )
    davis = options.work / "davis"
    identity = score(None, davis / IDENTITY, settings.propagation, IDENTITY, compute)
    results = report("first mask repeated", identity)
    for way, changes in WAYS.items():
        propagation = replace(settings.propagation, **changes)
        found = {}
        for name, checkpoint in trained.items():
            output = davis / f"{name}-{way.replace(' ', '-')}"
            found[name] = score(checkpoint, output, propagation, "soft", compute)
            results += report(f"{name}, {way}", found[name])
        ours = found["pretrained"]["J_and_F"]
        for name, rival in (("random", found["random"]), ("first mask repeated", identity)):
            gain = 100 * (ours - rival["J_and_F"])
            results.append(result(f"{way}: mean of J and F over {name}", gain, "points", ">= 0"))
            wide = half_width(found["pretrained"], rival)
            results.append(result(f"{way}: half of its 95 % interval, {name}", wide, "points"))
    speed = read_json(options.work / "pretrained" / "speed.json")
    waiting = 100 * speed["waiting_share"]
    results.append(result("steps", settings.colorization.steps, "steps"))
    results.append(result("waiting for data", waiting, "% of the time", "<= 5"))
    finish(results)


if __name__ == "__main__":
    main()
