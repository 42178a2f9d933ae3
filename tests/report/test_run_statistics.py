"""What a run says of its experiments: numbers of statistics.json, the file, what is wrong."""

import csv
import json
import re

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.stages.report.summary import summarize
from tests.report.pages import without_scripts
from tests.report.small_runs import (
    BASE,
    GAIN,
    UNCLEAR,
    Run,
    with_baseline,
)

EVIL = "<script>alert('x')</script>"


# Numbers


def test_differences_are_to_the_baseline_of_the_same_seed_and_seeds_are_averaged(new):
    new.add("2", 0.5, [0.3, 0.6, 0.7], seed=1)
    new.add("2", 0.5, [0.2, 0.4, 0.3], seed=0)
    new.add("baseline", None, [0.1, 0.2, 0.3], seed=0)
    new.add("baseline", None, [0.3, 0.4, 0.5], seed=1)
    told = new.told()
    compared = told["experiments"]["2"]["comparison"]
    # By target over both seeds: 0.05, 0.2, 0.1; no other signs than all alike give as much.
    difference = compared["difference"]
    assert difference["mean"] == pytest.approx(0.7 / 6, abs=1e-6)
    assert compared["p"] == compared["holm_p"] == 2 / 8
    assert (difference["targets"], difference["seeds"]) == (3, 2)
    assert difference["target_spread"] == pytest.approx(0.076376, abs=1e-6)
    assert difference["seed_spread"] == pytest.approx(0.023570, abs=1e-6)
    baseline, row = told["rows"]
    assert row["difference"] == difference and row["p"] == 2 / 8
    assert row["value"]["mean"] == pytest.approx(2.5 / 6, abs=1e-6)
    assert told["baseline"] == baseline["value"] and told["baseline"]["mean"] == 0.3
    assert (row["tracker"], row["seeds"], row["alpha"]) == ("exp2-alpha0.5", [0, 1], 0.5)
    assert baseline["difference"] is baseline["p"] is None
    assert (told["targets"], told["unit"], told["seeds"]) == (3, "sequence", [0, 1])
    # Without T02 there are 0.05 and 0.2, whose mean is the least told from 0.
    influential = compared["most_influential"]
    assert (influential["target"], influential["mean"]) == ("T02", 0.125)


def test_where_less_is_better_differences_are_turned_and_values_are_not(tmp_path):
    run = Run(tmp_path, benchmark="davis", key="J_decay")
    run.add("baseline", None, [0.4, 0.3, 0.5])
    run.add("2", 0.5, [0.1, 0.2, 0.3])
    told = run.told()
    assert told["measure"]["key"] == "J_decay" and told["turned"] is True
    assert [row["value"]["mean"] for row in told["rows"]] == [0.4, 0.2]
    for row in told["rows"]:
        assert row["value"]["low"] <= row["value"]["mean"] <= row["value"]["high"]
    assert told["rows"][1]["difference"]["mean"] == pytest.approx(0.2)
    assert told["experiments"]["2"]["comparison"]["difference"]["mean"] == pytest.approx(0.2)
    table = summarize(run.manifest, told, tmp_path / "table.csv")
    assert table["J_decay"].tolist() == [0.4, 0.2] and table.loc[1, "difference"] == 0.2


def test_the_unit_may_be_the_object(tmp_path):
    run = Run(tmp_path, benchmark="davis", key="J_mean")
    run.add("baseline", None, [0.4, 0.3])
    run.add("2", 0.5, [0.5, 0.5])
    told = run.told()
    assert (told["unit"], told["measure"]["key"]) == ("object", "J_mean")
    assert told["rows"][1]["difference"]["mean"] == pytest.approx(0.15)


def test_trackers_of_no_experiment_stand_beside_the_mean_of_the_baselines(new):
    new.add("baseline", None, [0.1, 0.2], seed=0)
    new.add("baseline", None, [0.3, 0.4], seed=1)
    new.add("own", None, [0.5, 0.5], seed=None)
    told = new.told()
    (row,) = [row for row in told["rows"] if row["experiment"] == "own"]
    assert row["difference"]["mean"] == pytest.approx(0.25) and row["seeds"] == []
    assert told["experiments"] == {} and told["headline"] == ""


# The file


def test_two_calls_give_equal_bytes(ten):
    ten.add("2", 0.1, BASE + GAIN)
    ten.add("2", 0.5, BASE + UNCLEAR)
    ten.plan("3", controls=["2"])
    ten.add("3", 0.5, BASE)
    ten.told()
    first = ten.output.read_bytes()
    ten.value["rows"].reverse()  # nor does the order of the manifest matter
    ten.told()
    assert ten.output.read_bytes() == first
    assert str(ten.folder).encode() not in first


def test_settings_stand_in_the_file(ten):
    told = ten.told(margin=0.01, draws=300, seed=7)
    assert [told[key] for key in ("margin", "draws", "seed", "level")] == [0.01, 300, 7, 0.05]
    assert told["made_by"]["settings"] == {"margin": 0.01, "draws": 300, "seed": 7}


def test_the_command_prints_the_headline_and_the_sentences(ten, capsys):
    ten.add("2", 0.5, BASE + GAIN)
    ten.manifest.rows  # noqa: B018, writes the file
    arguments = [f"--manifest={ten.folder / 'manifest.json'}", f"--output={ten.output}"]
    assert main(["statistics", *arguments]) == 0
    told = json.loads(ten.output.read_text())
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [told["headline"], told["experiments"]["2"]["sentence"]]


def test_a_run_without_rows_has_an_empty_file(new):
    told = new.told()
    assert (told["rows"], told["experiments"], told["headline"]) == ([], {}, "")
    assert told["baseline"] is None


def test_a_run_without_experiments_has_no_verdict(ten):
    told = ten.told()
    assert told["experiments"] == {} and told["headline"] == ""
    assert told["baseline"]["mean"] == pytest.approx(0.45) and len(told["rows"]) == 1


def test_published_results_need_no_baseline(new):
    new.add("own", None, [0.5, 0.7], seed=None)
    new.add("classical", None, [0.4, 0.6], seed=None)
    told = new.told()
    assert told["baseline"] is None and told["seeds"] == [] and told["experiments"] == {}
    assert all(row["difference"] is row["p"] is None for row in told["rows"])
    table = summarize(new.manifest, told, new.folder / "table.csv")
    assert table["success_auc"].tolist() == [0.5, 0.6] and table["difference"].isna().all()


def test_one_target_has_no_interval_and_cannot_be_told(new):
    new.add("baseline", None, [0.4])
    new.add("2", 0.1, [0.9])
    new.add("2", 0.5, [0.2])
    told = new.told()
    one = told["experiments"]["2"]
    assert one["comparison"]["difference"]["low"] is one["comparison"]["p"] is None
    assert one["verdict"] == "cannot be told"
    assert "success AUC +0.500 beside the baseline over 1 target: cannot" in one["sentence"]
    assert "over 1 target:" in told["headline"]


def test_a_target_with_a_hostile_name_stays_text(tmp_path):
    names = [EVIL, *(f"T{i}" for i in range(9))]
    run = with_baseline(tmp_path, targets=names)
    run.add("2", 0.5, BASE + GAIN - np.array([0.5, *[0.0] * 9]))
    told = run.told()
    assert told["experiments"]["2"]["comparison"]["most_influential"]["target"] == EVIL
    arguments = [f"--manifest={tmp_path / 'manifest.json'}", f"--statistics={run.output}"]
    assert main(["table", "controls", *arguments, f"--output={tmp_path / 'c.csv'}"]) == 0
    (row,) = csv.DictReader((tmp_path / "c.csv").open())
    assert row["most influential target"] == EVIL
    run.value |= {"statistics": str(run.output)}
    assert run.manifest.statistics == run.output
    page = tmp_path / "page.html"
    assert main(["page", arguments[0], f"--output={page}"]) == 0
    markup, scripts = without_scripts(page.read_text())
    assert "<script" not in markup and 'id="verdicts"' in markup
    assert EVIL in json.loads(scripts[0][1])["sequences"]["names"]


# Errors


def one_sentence(message):
    return str(message) and "\n" not in str(message) and len(str(message)) < 200


def test_other_targets_are_an_error(ten):
    path = ten.add("2", 0.5, BASE[:9])
    with pytest.raises(InputError, match=f"{path}: expected the targets of") as raised:
        ten.told()
    assert one_sentence(raised.value) and not ten.output.exists()


def test_a_tracker_listed_twice_is_an_error(ten):
    ten.add("2", 0.5, BASE)
    ten.add("2", 0.5, BASE)
    with pytest.raises(InputError, match=r"experiment '2', alpha 0\.5, seed 0 is listed twice"):
        ten.told()


def test_a_seed_without_a_baseline_is_an_error(ten):
    ten.add("2", 0.5, BASE, seed=1)
    with pytest.raises(InputError, match="rows: expected a 'baseline' of seed 1, found none"):
        ten.told()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"per_sequence": {"T00": {"frames": 3}}}, "expected a measure of each sequence, found"),
        ({"per_sequence": {}}, "expected 'per_sequence' as `chromatrack evaluate` writes it"),
        ({"per_sequence": [0.5]}, "expected 'per_sequence' as `chromatrack evaluate` writes it"),
        ({"per_sequence": {"T00": 0.5}}, "expected 'per_sequence' as"),
        ({"per_sequence": {"T00": {"success_auc": None}}}, "T00: expected a number as 'success_"),
        ({"per_sequence": {"T00": {"success_auc": True}}}, "T00: expected a number as 'success_"),
        ({"per_sequence": {"T00": {"success_auc": float("nan")}}}, "T00: expected a number as"),
    ],
)  # fmt: skip
def test_scores_without_values_of_the_targets_are_an_error(new, change, message):
    path = new.add("baseline", None, [0.5])
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=re.escape(f"{path}: ") + message) as raised:
        new.told()
    assert one_sentence(raised.value)
