"""What was found about the thesis itself, as numbers: docs/findings.md says what they mean.

    python -m benchmarks.findings               (real files: CHROMATRACK_REAL_DATA)

The floors of the second softmax; how much of a mixed score map is colorization where nothing is
normalised; how far a cell of the trunks sees; what 100 targets can tell apart, from published
results, and what choosing among 55 alphas gives where there is nothing to find.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.stats import norm

from benchmarks.common import REAL_DATA, finish, result
from benchmarks.statistics import success
from chromatrack.losses import double_softmax_floor, label_loss
from chromatrack.metrics import statistics
from chromatrack.models.build import build_trunk
from chromatrack.patches import EXEMPLAR_SIZE

RAW_DEVIATIONS = (3.57, 35.0)
"""Of the raw score maps of SiamFC and of the ResNet-18, as the published code has them in comments
(decisions, row 13)."""
GAIN = 0.610 - 0.584
"""Experiment 5 at alpha 0.6 over the baseline: the largest of the thesis (Table 5.6)."""
TARGETS, ALPHAS, EXPERIMENTS = 100, 11, 5


def floors() -> list[dict]:
    """The loss of a network that is right and sure of it, with the softmax taken once and twice."""
    found = []
    for colours, printed in ((8, 1.4), (16, 2.1)):
        labels = torch.arange(16).remainder(colours).view(1, 1, 4, 4).repeat(1, 2, 1, 1)
        cells = 100 * torch.eye(16).view(1, 1, 16, 4, 4).repeat(1, 2, 1, 1, 1)
        told = {
            kind: float(label_loss(cells, labels, colours=colours, kind=kind))
            for kind in ("nll", "double_softmax")
        }
        name = f"k = {colours}, all labels right:"
        found += [
            result(f"{name} loss of eq. 3.14", told["nll"], "", "<= 1e-3"),
            result(f"{name} with a second softmax (the thesis: about {printed})",
                   told["double_softmax"], ""),
            result(f"{name} beside ln(1 + (k - 1) / e)",
                   abs(told["double_softmax"] - double_softmax_floor(colours)), "", "<= 1e-4"),
        ]  # fmt: skip
    return found


def shares() -> list[dict]:
    """Share of the colorization branch in the deviation of a mixed map that is not normalised."""
    first, second = RAW_DEVIATIONS
    found = []
    for alpha in (0.1, 0.5, 0.6):
        share = alpha * second / (alpha * second + (1 - alpha) * first)
        found.append(result(f"raw maps, alpha {alpha}: share of colorization", 100 * share, "%"))
    return found


def reach() -> list[dict]:
    """What a cell sees of an exemplar, and how many cells see no padding."""
    found = []
    for name, depth in (("resnet18", 2), ("resnet18", 3), ("resnet18", 4), ("alexnet", 4)):
        trunk = build_trunk(name, width=0.125)
        cells = len(trunk.unpadded(depth, EXEMPLAR_SIZE))
        where = f"{name}, layer {depth}:"
        found += [
            result(f"{where} a cell of {EXEMPLAR_SIZE} px sees", trunk.sees(depth), "px"),
            result(f"{where} cells to a side that see no padding", cells, ""),
        ]
    return found


def power() -> list[dict]:
    """What 100 targets tell apart, and the spread at which they could tell the thesis's gain."""
    values = {tracker: success(tracker) for tracker in ("SRDCF", "Staple", "MEEM")}
    found = []
    for one, other in (("SRDCF", "Staple"), ("SRDCF", "MEEM"), ("Staple", "MEEM")):
        difference = values[one] - values[other]
        smallest = statistics.smallest_difference(difference)
        found.append(result(f"{one} - {other}: smallest difference, power 0.8", smallest, ""))
    quantiles = norm.ppf(0.975) + norm.ppf(0.8)
    spread = np.std(values["SRDCF"] - values["Staple"], ddof=1)
    found += [
        result("the thesis's largest gain", GAIN, ""),
        result("spread over targets of SRDCF - Staple", spread, ""),
        result("spread over targets at which 100 of them would tell it",
               GAIN * np.sqrt(TARGETS) / quantiles, ""),
        result("targets that would tell it at the spread of SRDCF - Staple",
               np.ceil((quantiles * spread / GAIN) ** 2), ""),
    ]  # fmt: skip
    return found


def by_choice() -> list[dict]:
    """Gain of the best of 5 x 11 alphas chosen on the test set where colour does nothing.

    Alphas of an experiment are correlated by 0.8, experiments with each other by nothing.
    """
    rng = np.random.default_rng(0)
    found = []
    for spread in (0.05, 0.1, 0.15):
        best = []
        for _ in range(1000):
            size = (EXPERIMENTS, TARGETS)
            shared = rng.normal(size=(*size, 1)) * np.sqrt(0.8)
            own = rng.normal(size=(*size, ALPHAS)) * np.sqrt(0.2)
            best.append((spread * (shared + own)).mean(axis=1).max())
        found.append(
            result(f"no effect, spread {spread}: gain of the best of 55, chosen on the test set",
                   np.mean(best), "")
        )  # fmt: skip
    return found


def main() -> None:
    if not (REAL_DATA / "otb_results").is_dir():
        sys.exit(f"{REAL_DATA / 'otb_results'}: expected results; set CHROMATRACK_REAL_DATA")
    finish([*floors(), *shares(), *reach(), *power(), *by_choice()])


if __name__ == "__main__":
    main()
