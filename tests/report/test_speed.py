"""The table of speed: which trackers are timed, how, and what the files say."""

import csv
import inspect
import os
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.evaluation.run import _opener
from chromatrack.cli.main import build_parser, main
from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.plan import arguments, timing
from chromatrack.plan.places import Places
from chromatrack.settings import from_json, from_mapping, to_json
from chromatrack.settings.whole import Settings
from chromatrack.stages.evaluation.openers import of_spec
from chromatrack.stages.report.speed import HEADER, frames_per_second, write_speed

SMALL = {"width": 0.1, "channels": "as_run"}
FUSED = {
    "siamfc": SMALL, "alpha": 0.5, "normalize": True,
    "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.1}},
    "statistics": ((0.0, 1.0), (0.0, 8.0)),
}  # fmt: skip
STILL = "still_tracker:Still"


@pytest.fixture
def root(tmp_path):
    """A sequence of noise in which a square moves, and one that is not to be read."""
    generator = np.random.default_rng(0)
    boxes = np.array([[30.0 + i, 25, 24, 18] for i in range(6)])
    frames = [generator.integers(0, 255, (90, 120, 3)).astype(np.uint8) for _ in boxes]
    for name in ("A", "B"):
        otb.write_sequence(tmp_path / "otb", name, frames, [boxes])
    return tmp_path / "otb"


@pytest.fixture
def given(root, tmp_path, monkeypatch):
    """A run of real data with an experiment that only tests, whose networks are small."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "still_tracker", raising=False)
    Path("still_tracker.py").write_text(
        f"import os\n\nimport numpy as np\n\n\n{inspect.getsource(Still)}"
    )
    torch.manual_seed(0)
    made = {"siamfc": (SMALL, build_siamfc(**SMALL)), "fused": (FUSED, build_fused(**FUSED))}
    files = {"siamfc": Path("siamfc.pt"), "fused": Path(Places("tiny").composed("1", 0))}
    for kind, (network, module) in made.items():
        files[kind].parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(
            files[kind], kind=kind, network=network, scaling=InputScaling(), module=module,
            made_by={},
        )  # fmt: skip
    return {
        "run": "tiny", "data": {"title": "Tiny & real", "demo": False},
        "alphas": [0.0, 0.1, 0.4, 0.7, 1.0], "seeds": [0, 1],
        "siamfc": {"checkpoint": "siamfc.pt"}, "colorization": {"width": 0.1},
        "experiments": {"1": {"weights": "siamfc.pt"}}, "trunks": [],
        "baselines": ["klt"], "benchmarks": {"otb": {"root": str(root)}},
        "trackers": {
            "still": {"module": STILL, "options": {"by": 2}},
            "elsewhere": {"module": STILL, "benchmarks": ["vot"]},
            "printed": {"results": str(root)},
        },
    }  # fmt: skip


class Still:
    """A tracker that leaves the box where it is."""

    def __init__(self, by=0, log="log"):
        self.by, self.log = by, log

    def init(self, image, box_ltwh):
        self.box = np.array(box_ltwh)

    def update(self, image):
        with open(self.log, "a") as log:
            print(self.by, os.environ["OPENBLAS_NUM_THREADS"], file=log)
        return self.box


def test_one_tracker_of_everything_that_runs_is_timed(given):
    names = [spec.name for spec in timing.timed(from_mapping(given))]
    assert names == ["baseline-seed0", "exp1-alpha0.4-seed0", "klt", "still"]
    # Of a seed and of alphas of its own, these.
    given["experiments"] |= {
        "2": {"train": True, "weights": "x.pt", "alphas": [0.2, "learned"], "seeds": [1]},
        "3": {"probe": True, "weights": "x.pt"},
    }
    settings = from_mapping(given)
    names = [spec.name for spec in timing.timed(settings)]
    assert names[2:4] == ["exp2-alphalearned-seed1", "exp3-alpha1.0-seed0"]
    files = timing.files(settings)
    assert files[:4] == ["siamfc.pt", *(f"results/tiny/fused/{name}/model.pt" for name in (
        "exp1-seed0", "exp2-alphalearned-seed1", "exp3-alpha1.0-seed0"))]  # fmt: skip


def test_a_tracker_is_opened_as_by_the_command_that_runs_it(given):
    given["experiments"]["1"]["auxiliary_at_test"] = "random"
    given["tracker"] = {"window_influence": 0.3}
    settings = from_mapping(given)
    for spec in timing.timed(settings):
        told = arguments.tracker_options(settings, "otb", spec.name)
        more = ["--root", "r", "--output", "o"]
        more += arguments.tracker_settings(settings, "otb", spec.name)
        options = build_parser().parse_args(["run", "otb", *told, *more])
        assert _opener(options) == of_spec(settings, spec), spec.name


def test_what_the_timing_reads_times_the_same_trackers(given):
    settings = from_mapping(given)
    kept = from_json(Settings, timing.read(settings))
    assert timing.timed(kept) and "vot" not in kept.benchmarks
    for one, other in zip(timing.timed(settings), timing.timed(kept), strict=True):
        assert of_spec(settings, one) == of_spec(kept, other)
    longer = {**given, "siamfc": {**given["siamfc"], "epochs": 3}, "propagation": {"top_k": 3}}
    longer["benchmarks"] = {**given["benchmarks"], "davis": {"root": "nowhere"}}
    assert timing.read(from_mapping(longer)) == timing.read(settings)


def test_the_table_has_a_row_per_tracker_and_says_how_it_was_timed(given, tmp_path, capsys):
    settings, output = to_json(from_mapping(given)), tmp_path / "tables" / "speed.csv"
    command = ["speed", "--settings", settings, "--output", str(output), "--rounds", "3"]
    assert main([*command, "--frames", "4", "--compute", '{"device": "cpu", "threads": 2}']) == 0
    with open(output, newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == HEADER
    assert [row["tracker"] for row in rows] == [
        "baseline-seed0", "exp1-alpha0.4-seed0", "klt", "still",
    ]  # fmt: skip
    assert [row["α"] for row in rows] == ["", "0.4", "", ""]
    assert [row["device"] for row in rows] == ["cpu", "cpu", "cpu", "own"]
    for row in rows:
        lowest, middle, highest = (float(row[key]) for key in ("lowest", "frames/s", "highest"))
        assert 0 < lowest <= middle <= highest
        assert float(row["ms per frame"]) == pytest.approx(1000 / middle, rel=1e-3)
    text = output.with_suffix(".tex").read_text()
    assert r"\label{tab:speed}" in text and r"Tiny \& real" in text
    assert "3 rounds" in text and "first 4 frames of A" in text
    assert "SiamFC given, colorization 0.1" in text
    assert "exp1-alpha0.4-seed0: " in capsys.readouterr().out


def test_trackers_take_turns_in_a_process_of_one_thread(root, tmp_path, monkeypatch):
    sequence, log = otb.read_sequences(root)[0], tmp_path / "log"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    opens = {name: partial(Still, name, log) for name in ("a", "b")}
    speeds = frames_per_second(opens, sequence, rounds=3)
    assert {name: len(found) for name, found in speeds.items()} == {"a": 3, "b": 3}
    turns = len(sequence) - 1
    seen = [line.split() for line in log.read_text().splitlines()]
    assert [name for name, _ in seen] == [*"aabb", *("a" * turns + "b" * turns) * 3]  # warmed up
    assert {threads for _, threads in seen} == {"1"} and os.environ["OPENBLAS_NUM_THREADS"] == "2"


def test_what_cannot_be_timed_is_one_sentence(given, tmp_path):
    for benchmarks, has in (({}, "none"), ({"davis": {"root": "x"}}, "davis, which is of masks")):
        settings = from_mapping({**given, "benchmarks": benchmarks, "trackers": {}})
        with pytest.raises(InputError, match=f"needs one of boxes; the run has {has}$"):
            write_speed(settings, tmp_path / "speed.csv")
    with pytest.raises(InputError, match=r"ends in \.csv"):
        write_speed(from_mapping(given), tmp_path / "speed.txt")
    assert main(["speed", "--output", str(tmp_path / "speed.csv")]) == 2
