"""`chromatrack compare`: three published trackers, options, and what is wrong with a call."""

import json

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb

PINS = {
    ("SRDCF", "Staple"): (0.0166, -0.021, 0.052, 0.38, 0.053),
    ("SRDCF", "MEEM"): (0.0684, 0.022, 0.115, 0.005, 0.067),
    ("Staple", "MEEM"): (0.0518, 0.003, 0.100, 0.041, 0.070),
}
"""Difference of success AUC, ends of the interval, p, smallest difference at a power of 0.8."""


def rows(text):
    """Printed pair -> difference, ends of the interval, p, Holm's, smallest difference, targets."""
    found = {}
    for line in text.splitlines()[2:]:
        if " - " in line:
            pair, rest = line[: line.index("  ")], line.replace("[", " ").replace("]", " ")
            numbers = rest.replace(",", " ").split()[3:10]
            found[pair] = [float(number) for number in numbers]
    return found


def test_three_published_trackers(real_data, tmp_path, capsys):
    printed = {}
    annotations = f"--annotations={real_data / 'otb_annotations' / 'anno'}"
    for order in (("Staple", "SRDCF"), ("MEEM", "SRDCF", "Staple")):
        folders = [str(real_data / "otb_results" / tracker) for tracker in order]
        assert main(["compare", *folders, annotations, f"--output={tmp_path / 'c.json'}"]) == 0
        out = capsys.readouterr().out
        printed |= rows(out)
    for (first, second), (difference, low, high, p, size) in PINS.items():
        found = printed[f"{first} - {second}"]
        assert found[0] == pytest.approx(difference, abs=5e-4)
        assert found[1:3] == pytest.approx([low, high], abs=2e-3)
        assert found[3] == pytest.approx(p, abs=1e-2)
        assert found[5] == pytest.approx(size, abs=1e-3)
        assert found[6] == 100
    assert "without Car1" in out and "helps" in out
    told = json.loads((tmp_path / "c.json").read_text())
    assert (told["baseline"], list(told["comparisons"])) == ("MEEM", ["SRDCF", "Staple"])
    entry = told["comparisons"]["SRDCF"]
    assert entry["holm_p"] == pytest.approx(2 * entry["p"])
    assert entry["mean"] - entry["baseline_mean"] == pytest.approx(entry["difference"]["mean"])
    assert set(told["made_by"]["inputs"]) == {"MEEM", "SRDCF", "Staple"}


@pytest.fixture
def small(tmp_path):
    """Five targets of 30 frames; results A as annotated, B and C off by some pixels."""
    rng = np.random.default_rng(3)
    for name in ("Ant", "Bee", "Cat", "Dog", "Elk"):
        boxes = rng.uniform(20, 90, (30, 4)).round(2)
        otb.write_boxes(tmp_path / "anno" / f"{name}.txt", boxes)
        for tracker, far in {"A": 0, "B": 8, "C": 5}.items():
            off = np.append(rng.uniform(-far, far, (30, 2)), np.zeros((30, 2)), axis=1)
            otb.write_boxes(tmp_path / tracker / f"{name}.txt", boxes + off)
    return tmp_path


def call(folder, *options, trackers="ABC"):
    folders = [str(folder / tracker) for tracker in trackers]
    return main(["compare", *folders, f"--annotations={folder / 'anno'}", *options])


def test_options_of_compare(small, capsys):
    assert call(small, "--baseline=C", "--measure=precision_20", "--frames-limit=20") == 0
    out = capsys.readouterr().out
    assert "precision_20" in out and list(rows(out)) == ["A - C", "B - C"]
    (small / "B" / "Elk.txt").unlink()
    assert call(small, "--subset", "--tracker", "x", "y", "z") == 0
    printed = rows(capsys.readouterr().out)
    assert (printed["y - x"][6], printed["z - x"][6]) == (4, 5)


def test_one_bad_tracker_does_not_stop_the_others(small, capsys):
    (small / "B" / "Bee.txt").write_text("1,2,3\n")
    assert call(small) == 2
    told = capsys.readouterr()
    assert list(rows(told.out)) == ["C - A"]
    assert "compared without 1 of 3 trackers: B:" in told.err
    assert call(small, "--baseline=B") == 2
    told = capsys.readouterr()
    assert told.out == "" and "baseline B: " in told.err


def test_less_is_better_has_its_sign_turned(small, capsys, monkeypatch):
    from chromatrack.evaluation.measures import Measure
    from chromatrack.stages.evaluation import compare as stage

    assert call(small, trackers="AC") == 0
    usual = rows(capsys.readouterr().out)["C - A"]
    lower = Measure("success_auc", "success AUC", better="lower")
    monkeypatch.setattr(stage, "compared_measure", lambda *_: lower)
    assert call(small, trackers="AC") == 0
    out = capsys.readouterr().out
    assert "less is better: signs are turned" in out
    assert rows(out)["C - A"][0] == -usual[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--measure=eao"], "measure 'eao': expected one that each sequence has, one of success"),
        (["--baseline=D"], "baseline 'D': expected one of A, B, C"),
        (["--tracker", "x"], "expected 3 names of trackers, got 1"),
        (["--tracker", "x", "x", "y"], "expected a name for each tracker, got 'x' twice"),
        (["--margin=-1"], "expected a number above 0, got '-1'"),
        (["--draws=0"], "expected a whole number from 100 on, got '0'"),
        (["--benchmark=otbx"], "did you mean 'otb'?"),
        (["--protocol=restarted"], "protocol 'restarted': expected one of ope"),
        (["--names=nobody"], "nobody"),
    ],
)
def test_bad_calls_are_one_sentence(small, capsys, options, sentence):
    try:
        code = call(small, *options)
    except SystemExit as stopped:
        code = stopped.code
    err = capsys.readouterr().err
    assert code == 2 and err.count("\n") == 1
    assert sentence in err


def test_one_folder_is_nothing_to_compare(small, capsys):
    assert call(small, trackers="A") == 2
    assert "expected two or more folders of results, got 1" in capsys.readouterr().err


def test_a_target_without_a_value_is_named(small):
    from chromatrack.errors import InputError
    from chromatrack.evaluation.measures import Measure
    from chromatrack.stages.evaluation.compare import _values

    scores = {"unit": "object", "per_object": {"a_1": {"J": 0.5}, "a_2": {"J": None}}}
    with pytest.raises(InputError, match="X: a_2: expected a value of J, got none"):
        _values("X", scores, Measure("J", "J"))
