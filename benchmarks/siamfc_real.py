"""A SiamFC trained on the 30 real sequences, on the 9 real OTB targets, beside what else there is.

    chromatrack train-siamfc --crops ... --config config/thesis.yaml config/siamfc_real.yaml ...
    chromatrack validate-siamfc ..., chromatrack choose-siamfc ... --output MODEL.pt
    python -m benchmarks.siamfc_real --checkpoint MODEL.pt --work DIR
    python -m benchmarks.siamfc_real --work DIR        random weights alone, of full width

docs/siamfc.md has the whole of the first commands. The rows: the checkpoint, the same network as
training starts with it (ten seeds; their mean and range), KCF and CSRT of OpenCV as this project
runs them, the recorded boxes of siamfc-pytorch trained on the same sequences, and the published
results of SRDCF, Staple and MEEM on the same targets. The bars are the first against
siamfc-pytorch. What training gave, in success AUC, comes with a 95 % t interval of its mean over
the targets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, SiamFCSettings, TrackerSettings
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.openers import FromCheckpoint, FromOpenCV
from chromatrack.stages.evaluation.run import track
from chromatrack.stages.siamfc.training import initialize

BENCHMARK = sets.get("otb")
OTB = Selection(root=REAL_DATA / "otb")
CLASSICAL = ("kcf", "csrt")
PUBLISHED = ("SRDCF", "Staple", "MEEM")
MEASURES = {"success_auc": "success AUC", "precision_20": "precision at 20 px"}


SEEDS = range(10)


def random_weights(trained: Checkpoint | None, seed: int, output: Path) -> Path:
    """The network as training starts with it, with the input scaling of the trained one."""
    network = trained.network if trained else {"width": 1.0, "channels": "as_run"}
    torch.manual_seed(seed)
    model = build_siamfc(**network)
    initialize(model)
    save_checkpoint(
        output,
        kind="siamfc",
        network=network,
        scaling=trained.scaling if trained else InputScaling(rgb=SiamFCSettings().input_scaling),
        module=model,
        made_by={"stage": "random-weights"},
    )
    return output


def boxes_of(trackers: dict, work: Path, threads: int) -> dict[str, Path]:
    """Name of a row -> folder of its boxes; what was tracked before is not tracked again."""
    found = {}
    compute = ComputeSettings(threads=threads)
    for name, tracker in trackers.items():
        folder = work / name.replace(" ", "-")
        track(BENCHMARK, OTB, tracker, folder / "run.json", protocol="ope", compute=compute)
        found[name] = folder / "boxes"
    return found


def scored(folders: dict[str, Path]) -> dict[str, dict]:
    return {name: evaluate(BENCHMARK, OTB, folder) for name, folder in folders.items()}


def random_rows(trained: Checkpoint | None, work: Path, threads: int) -> tuple[list[dict], list]:
    """Mean and range over the seeds; and the scores of each."""
    trackers = {}
    for seed in SEEDS:
        path = random_weights(trained, seed, work / f"random-{seed}.pt")
        trackers[f"random weights {seed}"] = FromCheckpoint(path, TrackerSettings())
    scores = list(scored(boxes_of(trackers, work, threads)).values())
    rows = []
    for key, what in MEASURES.items():
        values = [score[key] for score in scores]
        name = f"random weights, {len(values)} seeds: {what}"
        rows.append(result(f"{name}, mean", np.mean(values), "of 1"))
        rows.append(result(f"{name}, lowest", min(values), "of 1"))
        rows.append(result(f"{name}, highest", max(values), "of 1"))
    return rows, scores


def gain(ours: dict, others: list[dict]) -> tuple[float, float]:
    """Mean gain in success AUC over the targets, and half of its 95 % t interval.

    Args:
        others: of one tracker, one for each seed, whose mean is taken.
    """
    gains = [
        entry["success_auc"] - np.mean([o["per_sequence"][name]["success_auc"] for o in others])
        for name, entry in ours["per_sequence"].items()
    ]
    return sum(gains) / len(gains), stats.t.ppf(0.975, len(gains) - 1) * stats.sem(gains)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps the boxes")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    work = options.work
    work.mkdir(parents=True, exist_ok=True)
    trained = options.checkpoint and load_checkpoint(options.checkpoint, kinds=("siamfc",))
    results, random = random_rows(trained, work, options.threads)
    if not trained:
        finish(results)
        return
    trackers = {
        "trained": FromCheckpoint(options.checkpoint, TrackerSettings()),
        **{name: FromOpenCV(name) for name in CLASSICAL},
    }
    folders = boxes_of(trackers, work, options.threads)
    folders["siamfc-pytorch, same sequences"] = REAL_DATA / "siamfc_reference" / "boxes"
    folders |= {f"{name}, published": REAL_DATA / "otb_results" / name for name in PUBLISHED}
    scores = scored(folders)
    rival = scores["siamfc-pytorch, same sequences"]
    for name, score in scores.items():
        for key, what in MEASURES.items():
            bar = f">= {rival[key]:.4f}" if name == "trained" else None
            results.append(result(f"{name}: {what}", score[key], "of 1", bar))
    for other, beside in (("random weights", random), ("siamfc-pytorch, same sequences", [rival])):
        mean, half = gain(scores["trained"], beside)
        results.append(result(f"trained - {other}: success AUC", mean, "of 1"))
        results.append(result("half of its 95 % interval", half, "of 1"))
    results.append(result("targets", rival["targets"], "targets"))
    finish(results)


if __name__ == "__main__":
    main()
