"""Whether the statistics of comparisons say what is known of three trackers, and of noise.

    python -m benchmarks.statistics             (real files: CHROMATRACK_REAL_DATA)

SRDCF, Staple and MEEM on OTB2015, pair by pair, beside what was worked out for them apart from this
program; how often the best of 11 alphas is called better where none is, and what choosing alpha is
said to gain there, crossed and on the test set itself; how often intervals hold the true mean.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.metrics import statistics
from chromatrack.stages.evaluation.evaluate import evaluate

PINS = {
    ("SRDCF", "Staple"): (0.0166, -0.021, 0.052, 0.38, 0.053),
    ("SRDCF", "MEEM"): (0.0684, 0.022, 0.115, 0.005, 0.067),
    ("Staple", "MEEM"): (0.0518, 0.003, 0.100, 0.041, 0.070),
}
"""Difference of success AUC, ends of its interval, p, what is found with a power of 0.8."""
BARS = {"difference": 5e-4, "low": 2e-3, "high": 2e-3, "p": 1e-2, "power 0.8": 1e-3}
TARGETS, ALPHAS = 100, 11
SPREAD, CORRELATION = 0.1, 0.8
"""Of the differences to the baseline without effect, between targets and between alphas."""
SETS, MORE_SETS, DRAWS = 1000, 10_000, 1999
"""A share of 5 % has a standard error of 0.7 points over 1,000 sets, of 0.2 over 10,000."""


def success(tracker: str) -> np.ndarray:
    """(100,) success AUC of each target of OTB2015."""
    annotations = Selection(REAL_DATA / "otb_annotations" / "anno")
    scores = evaluate(sets.get("otb"), annotations, REAL_DATA / "otb_results" / tracker)
    return np.array([entry["success_auc"] for entry in scores["per_sequence"].values()])


def beside_pins() -> list[dict]:
    """What is said of each pair, and how far it is from what is known."""
    values = {tracker: success(tracker) for tracker in ("SRDCF", "Staple", "MEEM")}
    results = []
    for (first, second), pins in PINS.items():
        told = statistics.compare(values[first], values[second])
        found = (
            told.difference.mean,
            told.difference.low,
            told.difference.high,
            told.p,
            told.smallest_difference,
        )
        for (what, bar), value, pin in zip(BARS.items(), found, pins, strict=True):
            name = f"{first} - {second}: {what}"
            results.append(result(name, value, ""))
            off = abs(value - pin)
            pinned = result(f"{name} beside {pin:+.4g}", off, "", f"<= {bar:g}")
            results.append(pinned | {"value": round(off, 6)})
    return results


def without_effect(rng: np.random.Generator) -> np.ndarray:
    """(TARGETS, ALPHAS) differences to the baseline of mean 0, alphas correlated."""
    shared = rng.normal(size=(TARGETS, 1)) * np.sqrt(CORRELATION)
    own = rng.normal(size=(TARGETS, ALPHAS)) * np.sqrt(1 - CORRELATION)
    return SPREAD * (shared + own)


def on_noise() -> list[dict]:
    """Rejections at 5 %, and mean gains of choosing alpha, over data sets without effect."""
    rng = np.random.default_rng(0)
    rejected, crossed, itself = [], [], []
    for number in range(MORE_SETS):
        scores = without_effect(rng)
        rejected.append(statistics.best_of_p(scores, draws=DRAWS, seed=number) <= 0.05)
        if number >= SETS:
            continue
        chosen = statistics.crossed(scores, seed=number)
        crossed.append(scores[np.arange(TARGETS), chosen].mean())
        itself.append(scores[:, statistics.best(scores)].mean())
    share, gain = np.mean(rejected[:SETS]), float(np.mean(crossed))
    error = np.std(crossed, ddof=1) / np.sqrt(SETS)
    return [
        result("no effect: best of 11 alphas called better at 5 %", share, "", ">= 0.04"),
        result("no effect: the same, from above", share, "", "<= 0.06"),
        result(f"no effect: the same over {MORE_SETS} sets", np.mean(rejected), ""),
        result("no effect: gain of alpha chosen crossed", gain, "") | {"value": round(gain, 6)},
        result("no effect: the same, from 0", abs(gain), "", "<= 1e-3")
        | {"value": round(abs(gain), 6)},
        result("no effect: its standard error", error, "") | {"value": round(float(error), 6)},
        result("no effect: gain of alpha chosen on the test set", np.mean(itself), ""),
    ]


def coverage() -> list[dict]:
    """How often the 95 % interval holds the true mean: few targets, many, few seeds."""
    rng, results = np.random.default_rng(0), []
    for targets, seeds, between_seeds in ((9, 1, 0.0), (100, 1, 0.0), (100, 3, 0.2)):
        held = 0
        for number in range(SETS):
            values = rng.normal(size=(targets, 1)) + between_seeds * rng.normal(size=(1, seeds))
            told = statistics.estimate(values, draws=1000, seed=number)
            held += told.low < 0 < told.high
        name = f"95 % interval of {targets} targets and {seeds} seeds holds the mean"
        results.append(result(name, held / SETS, ""))
    return results


def speed() -> list[dict]:
    """The slowest of 5 bootstraps of 100 targets and 3 seeds."""
    values, times = np.random.default_rng(0).normal(size=(TARGETS, 3)), []
    for _ in range(5):
        began = time.perf_counter()
        statistics.bootstrap_means(values, draws=10_000)
        times.append(time.perf_counter() - began)
    return [result("10,000 draws of 100 targets and 3 seeds", max(times), "s", "<= 0.3")]


def main() -> None:
    if not (REAL_DATA / "otb_results").is_dir():
        sys.exit(f"{REAL_DATA / 'otb_results'}: expected results; set CHROMATRACK_REAL_DATA")
    began = time.perf_counter()
    results = [*beside_pins(), *on_noise(), *coverage(), *speed()]
    results.append(result("all of this", time.perf_counter() - began, "s", "<= 60"))
    finish(results)


if __name__ == "__main__":
    main()
