"""The pretraining of a run, on the seven sequences of DAVIS that are at hand (thesis 5.3.7).

    python -m benchmarks.davis_networks results/strongest/colorization/resnet18-pretrained-seed0 \\
        --work DIR

Scores what the run kept (`colorization.keep_every`) in the three ways of `davis_pretraining`:
random weights and the last network on all seven sequences, those between on the three of `davis`.
The last line is the gain of the last one over random weights, paired over sequences, with its BCa
interval: of one training, so that it says nothing of others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.common import finish, result
from benchmarks.davis_pretraining import CONFIG
from benchmarks.pretraining import SETS, WAYS, Study, look, table
from chromatrack.checkpoints import load_checkpoint
from chromatrack.files import read_json
from chromatrack.metrics.statistics.intervals import estimate
from chromatrack.settings import ComputeSettings, load_config


def networks(folder: Path) -> dict[int, Path]:
    """Steps -> checkpoint: 0 for random weights, what was kept, the last one."""
    random = folder.with_name(folder.name.replace("-pretrained-", "-random-")) / "model.pt"
    found = folder.glob("checkpoints/step-*.pt")
    kept = {int(path.stem.removeprefix("step-")): path for path in found}
    last = read_json(folder / "speed.json")["steps"]
    return {0: random, **dict(sorted(kept.items())), last: folder / "model.pt"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="of a pretraining: TRUNK-pretrained-seedN")
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps the scores")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    made = networks(options.folder)
    trunk = load_checkpoint(made[0]).network["trunk"]
    study = Study(
        options.work, load_config(CONFIG), ComputeSettings(threads=options.threads), trunk
    )

    def scored(steps: int, way: str, folder: str) -> np.ndarray:
        """(sequences, 1) J&F in percent."""
        output = options.work / "scores" / f"{options.folder.name}-{steps}"
        return table([study.scored(made[steps], way, folder, output, study.base.propagation)])

    for steps in made:
        told = [f"{way} {scored(steps, way, 'davis').mean():.1f}" for way in WAYS]
        print(
            f"{steps} steps, davis: {', '.join(told)}; {look(made[steps], ['davis'])}", flush=True
        )
    results = []
    for way in WAYS:
        each = {
            n: np.concatenate([scored(n, way, folder) for folder in SETS]) for n in (0, max(made))
        }
        trained, random = each[max(made)], each[0]
        gain = estimate(trained - random)
        print(
            f"all seven, {way}: {trained.mean():.1f}, random {random.mean():.1f}, "
            f"gain {gain.mean:+.1f} [{gain.low:+.1f}, {gain.high:+.1f}]"
        )
        results += [
            result(f"{way}: gain over random weights", gain.mean, "points of J&F"),
            result(f"{way}: lower end of its interval", gain.low, "points of J&F"),
            result(f"{way}: upper end of its interval", gain.high, "points of J&F"),
        ]
    results.append(result("steps", max(made), "steps"))
    finish(results)


if __name__ == "__main__":
    main()
