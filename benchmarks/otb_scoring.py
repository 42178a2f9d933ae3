"""How long the published results of a tracker on OTB2015 take to score, and whether they are right.

    python -m benchmarks.otb_scoring            (real files: CHROMATRACK_REAL_DATA)

Seconds from the call to the finished JSON, reading the text included, in this process (imports
are not counted), the slowest of 5; the pins are what SRDCF, Staple and MEEM are known to score. The
largest difference to the got10k toolkit is over all points of all success and precision curves of
all targets and of their mean; it needs `pip install -e .[dev]`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.data.otb import read_annotations
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.evaluation.boxes import score_runs
from chromatrack.evaluation.runs import read_runs
from chromatrack.metrics import otb
from chromatrack.stages.evaluation.evaluate import evaluate

PINS = {"SRDCF": (0.5980, 0.7890), "Staple": (0.5814, 0.7835), "MEEM": (0.5296, 0.7807)}
REPEATS = 5


def scored(root: Path, tracker: str, output: Path | None = None, **options) -> dict:
    """What is said of a tracker; attributes are found beside the annotations."""
    annotations = Selection(root / "otb_annotations")
    results = root / "otb_results" / tracker
    return evaluate(sets.get("otb"), annotations, results, output, **options)


def seconds(root: Path, tracker: str, **options) -> float:
    """The slowest of REPEATS evaluations with attributes and an output file."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(REPEATS):
            began = time.perf_counter()
            scored(root, tracker, Path(folder) / "scores.json", **options)
            times.append(time.perf_counter() - began)
    return max(times)


def difference_to_toolkit(root: Path, tracker: str) -> float | None:
    """Largest difference of any point of any curve; None where the toolkit is not installed."""
    try:
        from got10k.experiments.otb import ExperimentOTB
    except ImportError:
        return None
    toolkit = ExperimentOTB.__new__(ExperimentOTB)  # its constructor downloads the data set
    toolkit.nbins_iou, toolkit.nbins_ce = 21, 51
    truth = read_annotations(root / "otb_annotations")
    runs = read_runs(truth, root / "otb_results" / tracker)
    measured = [otb.measure(run.results, run.annotations) for run in runs]
    ours, _ = score_runs(runs, measured, "got10k")
    theirs = []
    for run in runs:
        boxes = np.loadtxt(root / "otb_results" / tracker / f"{run.name}.txt", delimiter=",")
        annotations = run.annotations + np.array([1, 1, 0, 0])
        boxes[0] = annotations[0]
        curves = toolkit._calc_curves(*toolkit._calc_metrics(boxes, annotations))
        theirs.append(np.concatenate(curves))
    found = [np.concatenate([score.success, score.precision]) for score in ours.values()]
    each = np.abs(np.array(found) - np.array(theirs)).max()
    mean = otb.mean_score(ours.values())
    overall = np.concatenate([mean.success, mean.precision]) - np.mean(theirs, axis=0)
    return float(max(each, np.abs(overall).max()))


def main() -> None:
    if not (REAL_DATA / "otb_results").is_dir():
        sys.exit(f"{REAL_DATA / 'otb_results'}: expected results; set CHROMATRACK_REAL_DATA")
    results = []
    for tracker, (success, precision) in PINS.items():
        results.append(
            result(f"{tracker}: 100 targets scored", seconds(REAL_DATA, tracker), "s", "<= 1")
        )
        scores = scored(REAL_DATA, tracker)
        pairs = {"success AUC": ("success_auc", success), "precision": ("precision_20", precision)}
        for name, (key, pin) in pairs.items():
            off = abs(scores[key] - pin)
            results.append(result(f"{tracker}: {name}", scores[key], ""))
            pinned = result(f"{tracker}: {name} beside {pin:.4f}", off, "", "<= 5e-5")
            results.append(pinned | {"value": off})
        difference = difference_to_toolkit(REAL_DATA, tracker)
        if difference is None:
            print(f"{tracker}: the got10k toolkit is not installed; not compared with it")
        else:
            name = f"{tracker}: largest difference to the got10k toolkit"
            results.append(result(name, difference, "", "<= 1e-9") | {"value": difference})
    matlab = seconds(REAL_DATA, "SRDCF", convention="matlab")
    results.append(result("SRDCF: MATLAB's convention", matlab, "s", "<= 1"))
    finish(results)


if __name__ == "__main__":
    main()
