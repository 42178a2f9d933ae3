"""What the page says of pretrained networks beside random ones: numbers, interval, and no more."""

import json

import pytest

from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Scores, report
from chromatrack.plan.trackers import TrackerSpec, segmentations
from chromatrack.reporting.manifest import Evaluated
from chromatrack.reporting.page.contrasts import contrasts
from chromatrack.reporting.scores import read_evaluation
from chromatrack.settings import from_mapping
from chromatrack.stages.report.manifest import beside_untrained


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


HIGH, LOW = [0.5, 0.6, 0.7, 0.5, 0.6, 0.7], [0.3, 0.41, 0.5, 0.32, 0.4, 0.51]


@pytest.mark.parametrize(
    ("trained", "random", "said"),
    [
        (HIGH, LOW, "over 6 objects, p = 0.031: pretraining helped here."),
        (LOW, HIGH, "p = 0.031: random weights do better: pretraining did not help here."),
        (HIGH[:5], LOW[:5], "p is not below 0.05: whether pretraining helped cannot be told."),
        (
            [0.2, 0.8, 0.3, 0.6],
            [0.6, 0.4, 0.6, 0.4],
            "random weights scored higher, the interval holds 0: which is better cannot be told.",
        ),
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


def test_seeds_of_a_network_are_one_beside_the_random_weights_that_there_are(tmp_path):
    """Two trainings, and random weights of the first seed alone."""
    seeds = {f"net, pretrained, seed {i}": scored(tmp_path, f"p{i}", HIGH if i else LOW)
             for i in range(2)}  # fmt: skip
    paths = {**seeds, "net, random, seed 0": scored(tmp_path, "r", LOW)}
    pairs = dict.fromkeys(seeds, "net, random, seed 0")
    (sentence,) = contrasts([Evaluated("davis", "propagated", paths, pairs)], read_evaluation)
    gain = 100 * (sum(HIGH) - sum(LOW)) / 12
    assert sentence.startswith("Segments (DAVIS), J %: net, pretrained, seed 0 and 1 other seed ")
    assert f"difference {gain:+.2f} [" in sentence and "over 6 objects and 2 seeds" in sentence


def test_networks_go_with_the_random_weights_of_the_same_trunk_and_method():
    """Random weights are those of the first seed alone; a network that was given has none."""
    settings = from_mapping({
        "run": "r", "data": {"title": "t", "demo": True}, "seeds": [0, 1], "trunks": [],
        "benchmarks": ["davis"], "propagation": {"methods": ["soft", "thesis"]},
        "experiments": {"1": {"trunk": "resnet18", "weights": "pretrained"},
                        "4": {"trunk": "alexnet", "weights": "given.pt"}},
    })  # fmt: skip
    specs = segmentations(settings)
    assert len(specs) == 1 + 2 + 4 + 4
    assert beside_untrained(specs) == {
        f"resnet18, pretrained, seed {seed}: {method}": f"resnet18, random, seed 0: {method}"
        for seed in (0, 1)
        for method in ("soft", "thesis")
    }


def test_what_a_network_is_called_does_not_say_which_its_random_twin_is():
    specs = [
        TrackerSpec(name="a", title="any", kind="masks", untrained="b"),
        TrackerSpec(name="b", title="other", kind="masks"),
        TrackerSpec(name="c", title="net, pretrained", kind="masks"),
        TrackerSpec(name="d", title="net, random", kind="masks"),
    ]
    assert beside_untrained(specs) == {"any": "other"}
