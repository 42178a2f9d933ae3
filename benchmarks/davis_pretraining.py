"""Pretraining by colorization against random weights, on seven sequences of DAVIS (thesis 5.3.7).

    python -m benchmarks.davis_pretraining --work DIR            (real files: CHROMATRACK_REAL_DATA)
    python -m benchmarks.davis_pretraining --work DIR --study    candidates beside the default
    python -m benchmarks.davis_pretraining --work DIR --recipes  it and the recipe before, paired
    python -m benchmarks.davis_pretraining --work DIR --config config/thesis.yaml FILE

Pretrains on the real Kinetics clips and on the frames of tracking/train, and carries the first
masks in three ways: the thesis's, eq. 3.11 over the whole frame, and within a radius. Random
weights, and the first mask repeated, stand beside it. `davis` (three sequences) is what candidates
are chosen on; `davis_more` (four) was kept for the verdict.

The last line is the gain over random weights, paired over the seven sequences, with its BCa
interval from a bootstrap of sequences and seeds.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common import finish, result
from benchmarks.pretraining import DEFAULT, SETS, STEPS, WAYS, Study, Variant, look, table
from chromatrack.files import read_json
from chromatrack.metrics.statistics.intervals import estimate
from chromatrack.settings import ComputeSettings, load_config

CONFIG = (Path("config/thesis.yaml"), Path("config/pretrain_mini.yaml"))

INNER = "inner products"
"""The recipe before unit vectors: divided by the root of what the products are over."""

CANDIDATES = {
    "head 3d": {"colorization": {"head": "3d"}},
    "head 3d, as written": {"colorization": {"head": "3d", "temperature": 1.0}},
    "temperature 1": {"colorization": {"temperature": 1.0}},
    "window": {"colorization": {"local_window": 6}},
    "not equalised": {"labels": {"equalization": "none"}},
    "16 colours": {"labels": {"colours": 16}},
    "frames 10 apart": {"labels": {"frame_stride": 10}},
    "Lab, dropout": {"labels": {"chroma": True},
                     "colorization": {"input": "lab", "channel_dropout": 0.3}},
    "a and b regressed": {"labels": {"chroma": True}, "colorization": {"loss": "nll_and_chroma"}},
    "walk": {"colorization": {"loss": "walk"}},
    "smaller rate": {"colorization": {"learning_rate": 2e-4}},
    "not centred in use": {"propagation": {"center": False}},
}  # fmt: skip
"""What is changed of inner products, one thing at a time."""

OTHERS = {
    "statistics of the test": {"renewed": True},
    "stride 4": {"trunk": "mast_resnet18", "changes": {"labels": {"label_size": 64}}},
}
"""As above, where it is no key: BatchNorm as it is on the frames to be scored; another trunk."""


def curve(variant: Variant, steps: list[int], seeds: list[int], folders: list[str]) -> None:
    """Print J&F after each number of steps, and how the cells look at each other.

    All seeds are scored at both ends, between them the first.
    """
    for at in steps:
        told = []
        of = seeds if at in (0, max(steps)) else seeds[:1]
        for way in WAYS:
            found = joined(variant, at, of, way, folders, max(steps)).mean(axis=0)
            spread = f" ± {found.std(ddof=1):.1f}" if len(found) > 1 else ""
            told.append(f"{way} {found.mean():.1f}{spread}")
        seen = look(variant.network(at, seeds[0], max(steps)), folders)
        print(f"{variant.name}, {at} steps: {', '.join(told)}; {seen}", flush=True)


def joined(
    variant: Variant, steps: int, seeds: list[int], way: str, folders: list[str], longest: int
) -> np.ndarray:
    """(sequences, seeds) J&F in percent."""
    return np.concatenate([
        table([variant.scores(steps, seed, way, folder, longest) for seed in seeds])
        for folder in folders
    ])  # fmt: skip


def verdict(variant: Variant, steps: list[int], seeds: list[int]) -> list[dict]:
    """Gain over random weights by each way, on the sequences of the verdict alone, then on all."""
    results, longest = [], max(steps)
    for name, folders in (("davis_more", ["davis_more"]), ("all seven", list(SETS))):
        for way in WAYS:
            ours = joined(variant, longest, seeds, way, folders, longest)
            random = joined(variant, 0, seeds, way, folders, longest)
            gain = estimate(ours - random)
            told = f"{gain.mean:+.1f} [{gain.low:+.1f}, {gain.high:+.1f}]"
            print(f"{name}, {way}: {ours.mean():.1f}, random {random.mean():.1f}, gain {told}")
            if name == "all seven":
                bar = ">= 0" if way == "whole frame" else None
                results += [
                    result(f"{way}: gain over random weights", gain.mean, "points of J&F", ">= 0"),
                    result(f"{way}: lower end of its interval", gain.low, "points of J&F", bar),
                    result(f"{way}: upper end of its interval", gain.high, "points of J&F"),
                ]
    return results


def recipes(default: Variant, inner: Variant, longest: int, seeds: list[int]) -> None:
    """Print what the default has more than inner products from the same first weights, paired."""
    for name, folders in (("davis_more", ["davis_more"]), ("all seven", list(SETS))):
        for way in WAYS:
            ours, other = (
                joined(variant, longest, seeds, way, folders, longest)
                for variant in (default, inner)
            )
            more = estimate(ours - other)
            print(
                f"{name}, {way}: {ours.mean():.1f}, {INNER} {other.mean():.1f}, more by "
                f"{more.mean:+.1f} [{more.low:+.1f}, {more.high:+.1f}]",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--config", type=Path, nargs="+", default=CONFIG)
    parser.add_argument("--trunk", default="resnet18")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, help="of a training; default: as configured")
    parser.add_argument(
        "--study",
        nargs="*",
        metavar="NAME",
        help="candidates: inner products, and one change of them each; no name: all",
    )
    parser.add_argument(
        "--recipes", action="store_true", help="the default beside inner products, paired"
    )
    options = parser.parse_args()
    for name in options.study or ():
        if name not in CANDIDATES | OTHERS:
            names = ", ".join([*CANDIDATES, *OTHERS])
            parser.error(f"--study: expected some of {names}, got {name!r}")
    base = load_config(options.config)
    study = Study(options.work, base, ComputeSettings(threads=options.threads), options.trunk)
    longest = options.steps or base.colorization.steps
    steps = [*(step for step in STEPS if step < longest), longest]
    default = study.variant(DEFAULT, {})
    products = replace(base.colorization, directions=False, temperature=None)
    inner = replace(study, base=replace(base, colorization=products), name=INNER)
    if options.recipes:
        recipes(default, inner.variant(INNER, {}), longest, options.seeds)
        return
    if options.study is not None:
        curve(default, [longest], options.seeds, ["davis"])
        candidates = {name: {"changes": changes} for name, changes in CANDIDATES.items()} | OTHERS
        for name in [INNER, *(options.study or candidates)]:
            about = {"changes": {}} | candidates.get(name, {})
            curve(inner.variant(name, **about), [longest], options.seeds, ["davis"])
        return
    for folder in SETS:
        mean = np.mean(list(study.identity(folder).values()))
        print(f"first mask repeated, {folder}: {mean:.1f}")
    curve(default, steps, options.seeds, ["davis"])
    results = verdict(default, steps, options.seeds)
    speed = read_json(default.folder(options.seeds[0]) / "speed.json")
    waiting = 100 * speed["waiting_share"]
    results.append(result("steps", longest, "steps"))
    results.append(result("waiting for data", waiting, "% of the time", "<= 5"))
    finish(results)


if __name__ == "__main__":
    main()
