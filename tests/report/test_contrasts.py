"""What the page says of pretrained networks beside random ones: numbers, interval, and no more."""

import json

import pytest

from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Scores, report
from chromatrack.reporting.manifest import Evaluated
from chromatrack.reporting.page.contrasts import contrasts
from chromatrack.reporting.scores import read_evaluation


def scored(folder, name, values):
    benchmark = sets.get("davis")
    mean = sum(values) / len(values)
    per_unit = {
        f"o{i}": {"J_mean": value, "F_mean": value, "frames": 5} for i, value in enumerate(values)
    }
    scores = Scores(
        values={one.key: mean for one in benchmark.measures}, per_unit=per_unit, frames=20
    )
    path = folder / f"{name}.json"
    path.write_text(json.dumps(report(benchmark, scores, protocol="propagated", tracker=name)))
    return path


@pytest.mark.parametrize(
    ("trained", "random", "said"),
    [
        ([0.5, 0.6, 0.7, 0.5], [0.3, 0.41, 0.5, 0.32], "pretraining helped here."),
        ([0.3, 0.41, 0.5, 0.32], [0.5, 0.6, 0.7, 0.5], "pretraining did not help here."),
        ([0.2, 0.8, 0.3, 0.6], [0.6, 0.4, 0.6, 0.4], "which is better cannot be told."),
        ([0.9], [0.1], "One object has no interval."),
    ],
)
def test_pretraining_is_told_by_its_interval(trained, random, said, tmp_path):
    paths = {"net, pretrained": scored(tmp_path, "a", trained),
             "net, random": scored(tmp_path, "b", random)}  # fmt: skip
    pair = {"net, pretrained": "net, random"}
    (sentence,) = contrasts([Evaluated("davis", "propagated", paths, pair)], read_evaluation)
    assert sentence.endswith(said)
    mean = 100 * sum(trained) / len(trained)
    assert f"net, pretrained {mean:.2f}" in sentence
