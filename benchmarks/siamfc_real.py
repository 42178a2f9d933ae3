"""A SiamFC trained on the 30 real sequences, on the 9 real OTB targets, beside what else there is.

    chromatrack train-siamfc --crops ... --config config/thesis.yaml config/siamfc_real.yaml ...
    chromatrack validate-siamfc ..., chromatrack choose-siamfc ... --output MODEL.pt
    python -m benchmarks.siamfc_real --checkpoint MODEL.pt --work DIR

docs/siamfc.md has the whole of the first commands. The rows: the checkpoint, the same network with
random weights, KCF and CSRT of OpenCV as this project runs them, the recorded boxes of
siamfc-pytorch trained on the same sequences, and the published results of SRDCF, Staple and MEEM on
the same targets. The bars are the first against siamfc-pytorch. What training gave, in success AUC,
comes with a 95 % t interval of its mean over the targets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from scipy import stats

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.models.build import build_siamfc
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.openers import FromCheckpoint, FromOpenCV
from chromatrack.stages.evaluation.run import track

BENCHMARK = sets.get("otb")
OTB = Selection(root=REAL_DATA / "otb")
CLASSICAL = ("kcf", "csrt")
PUBLISHED = ("SRDCF", "Staple", "MEEM")


def random_weights(checkpoint: Path, output: Path) -> Path:
    """The network of a checkpoint as it was before any training."""
    trained = load_checkpoint(checkpoint, kinds=("siamfc",))
    torch.manual_seed(0)
    save_checkpoint(
        output,
        kind="siamfc",
        network=trained.network,
        scaling=trained.scaling,
        module=build_siamfc(**trained.network),
        made_by={"stage": "random-weights"},
    )
    return output


def boxes_of(checkpoint: Path, work: Path, threads: int) -> dict[str, Path]:
    """Name of a row -> folder of its boxes; what was tracked before is not tracked again."""
    work.mkdir(parents=True, exist_ok=True)
    found = {}
    compute = ComputeSettings(threads=threads)
    random = random_weights(checkpoint, work / "random.pt")
    trackers = {
        "trained": FromCheckpoint(checkpoint, TrackerSettings()),
        "random weights": FromCheckpoint(random, TrackerSettings()),
        **{name: FromOpenCV(name) for name in CLASSICAL},
    }
    for name, tracker in trackers.items():
        folder = work / name.replace(" ", "-")
        track(BENCHMARK, OTB, tracker, folder / "run.json", protocol="ope", compute=compute)
        found[name] = folder / "boxes"
    found["siamfc-pytorch, same sequences"] = REAL_DATA / "siamfc_reference" / "boxes"
    for name in PUBLISHED:
        found[f"{name}, published"] = REAL_DATA / "otb_results" / name
    return found


def gain(ours: dict, others: dict) -> tuple[float, float]:
    """Mean gain in success AUC over the targets, and half of its 95 % t interval."""
    gains = [
        entry["success_auc"] - others["per_sequence"][name]["success_auc"]
        for name, entry in ours["per_sequence"].items()
    ]
    return sum(gains) / len(gains), stats.t.ppf(0.975, len(gains) - 1) * stats.sem(gains)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps the boxes")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    scores = {
        name: evaluate(BENCHMARK, OTB, folder)
        for name, folder in boxes_of(options.checkpoint, options.work, options.threads).items()
    }
    rival = scores["siamfc-pytorch, same sequences"]
    results = []
    for name, score in scores.items():
        for key, what in (("success_auc", "success AUC"), ("precision_20", "precision at 20 px")):
            bar = f">= {rival[key]:.4f}" if name == "trained" else None
            results.append(result(f"{name}: {what}", score[key], "of 1", bar))
    for other in ("random weights", "siamfc-pytorch, same sequences"):
        mean, half = gain(scores["trained"], scores[other])
        results.append(result(f"trained - {other}: success AUC", mean, "of 1"))
        results.append(result("half of its 95 % interval", half, "of 1"))
    results.append(result("targets", rival["targets"], "targets"))
    finish(results)


if __name__ == "__main__":
    main()
