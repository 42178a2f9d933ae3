"""A run that was never made: scores of any number of trackers, for the page's tests and timings.

Overlaps are drawn, everything else is computed from them by the code that scores real results.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromatrack.data.otb_attributes import ATTRIBUTES
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Scores, report
from chromatrack.metrics import otb

ALPHAS = tuple(round(0.1 * i, 1) for i in range(11))


def write_run(
    folder: Path,
    *,
    experiments: Sequence[str] = ("1", "2", "3", "4", "5"),
    alphas: Sequence[float] = ALPHAS,
    seeds: Sequence[int] = (0, 1, 2),
    targets: Sequence[str] = tuple(f"Target{i:03d}" for i in range(100)),
    frames: int = 590,
    classical: Sequence[str] = ("kcf",),
    title: str = "Made-up run",
) -> Path:
    """Write scores and a manifest into a folder; returns the path of the manifest.

    Names may be any text: no file is called by them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    # What is hard about a target is hard for all trackers.
    hard = rng.beta(2, 2, size=(len(targets), 1))
    rows, curves = [], {}

    def add(name: str, experiment: str, alpha: float | None, seed: int | None, gain: float) -> None:
        path = folder / f"scores-{len(rows)}.json"
        path.write_text(json.dumps(_scores(rng, targets, frames, hard, gain)))
        rows.append({
            "tracker": name, "experiment": experiment, "alpha": alpha, "seed": seed,
            "evaluation": str(path),
        })  # fmt: skip

    for seed in seeds:
        add(f"baseline-seed{seed}", "baseline", None, seed, 0.0)
    for experiment in experiments:
        for alpha in alphas:
            for seed in seeds:
                name = f"exp{experiment}-alpha{alpha}-seed{seed}"
                add(name, experiment, alpha, seed, 0.05 * np.sin(3 * alpha) - 0.2 * alpha**4)
                curve = folder / f"loss-{len(rows)}.csv"
                curve.write_text("step,loss\n" + "".join(f"{10 * i},{1 / (1 + i):.4f}\n"
                                                         for i in range(50)))  # fmt: skip
                curves[f"Experiment {experiment}/alpha {alpha}, seed {seed}"] = str(curve)
    for name in classical:
        add(name, "classical", None, None, -0.15)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({
        "title": title, "synthetic": True, "rows": rows, "curves": curves,
        "experiments": {name: f"made up, number {name}" for name in experiments},
    }))  # fmt: skip
    return manifest


def _scores(
    rng: np.random.Generator, targets: Sequence[str], frames: int, hard: np.ndarray, gain: float
) -> dict:
    walk = np.cumsum(rng.normal(0, 0.02, size=(len(targets), frames)), axis=1)
    overlaps = np.clip(1 - 0.6 * hard + gain + walk - walk.mean(axis=1, keepdims=True), 0, 1)
    overlaps = overlaps.round(4)  # as they are written: the curve is theirs to the last frame
    error = 40 * (1 - overlaps)
    measured = [otb.Frames(o, e, e / 40) for o, e in zip(overlaps, error, strict=True)]
    scores = dict(zip(targets, map(otb.score_frames, measured), strict=True))
    mean = otb.mean_score(scores.values())
    marked = {name: list(targets)[i::3] for i, name in enumerate(ATTRIBUTES)}
    benchmark = sets.get("otb")
    return report(
        benchmark,
        Scores(
            values=_numbers(mean) | {
                one.key: None for one in benchmark.measures if one.key not in _numbers(mean)
            },
            per_unit={name: {**_numbers(one), "frames": frames} for name, one in scores.items()},
            frames=frames * len(targets),
            curves={"success": mean.success.tolist(), "precision": mean.precision.tolist(),
                    "normalized_precision": mean.normalized.tolist()},
            groups={name: _numbers(otb.mean_score([scores[t] for t in own]))
                    for name, own in marked.items() if own},
            more={"overlaps": {name: one.overlap.tolist()
                               for name, one in zip(targets, measured, strict=True)}},
        ),
        protocol="ope", tracker=None,
    )  # fmt: skip


def _numbers(score: otb.Score) -> dict[str, float]:
    return {key: getattr(score, key)
            for key in ("success_auc", "precision_20", "normalized_precision_auc")}  # fmt: skip
