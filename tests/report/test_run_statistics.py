"""What a run says of its experiments: statistics.json, verdicts and the headline."""

import csv
import json
import re

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.metrics import statistics
from chromatrack.stages.report.summary import summarize
from tests.report.pages import without_scripts
from tests.report.small_runs import (
    BASE,
    GAIN,
    LEAST_P,
    LOSS,
    RIPPLE,
    UNCLEAR,
    Run,
    four_answers,
    with_baseline,
)

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


# Numbers


def test_differences_are_to_the_baseline_of_the_same_seed_and_seeds_are_averaged(run):
    run.add("2", 0.5, [0.3, 0.6, 0.7], seed=1)
    run.add("2", 0.5, [0.2, 0.4, 0.3], seed=0)
    run.add("baseline", None, [0.1, 0.2, 0.3], seed=0)
    run.add("baseline", None, [0.3, 0.4, 0.5], seed=1)
    told = run.told()
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


def test_trackers_of_no_experiment_stand_beside_the_mean_of_the_baselines(run):
    run.add("baseline", None, [0.1, 0.2], seed=0)
    run.add("baseline", None, [0.3, 0.4], seed=1)
    run.add("own", None, [0.5, 0.5], seed=None)
    told = run.told()
    (row,) = [row for row in told["rows"] if row["experiment"] == "own"]
    assert row["difference"]["mean"] == pytest.approx(0.25) and row["seeds"] == []
    assert told["experiments"] == {} and told["headline"] == ""


# Choosing alpha


def test_alpha_is_crossed_where_nothing_else_chooses_it(run):
    four_answers(run)
    one = run.experiment()
    assert one["chosen"] == {"way": "crossed", "alpha": None}
    # On T00 the alpha that T01 chose, and the other way round: 0.5 and 0.2.
    assert one["comparison"]["difference"]["mean"] == pytest.approx(-0.05)
    assert one["ways"]["crossed"]["mean"] == pytest.approx(-0.05)
    assert one["ways"]["test"] == pytest.approx(
        {"alpha": 0.1, "mean": 0.25, **{end: one["ways"]["test"][end] for end in ("low", "high")}}
    )
    assert one["choosing_on_test_gave"] == pytest.approx(0.30)
    assert one["ways"]["validation"] is None
    assert 0 < one["best_of_p"] <= 1
    assert one["complementary"]["oracle_gain"] == pytest.approx(0.45)


def test_an_alpha_of_before_comes_first(run):
    four_answers(run)
    run.plan("2", alpha=0.3)
    run.validate("2", 0.1, [0.9])
    run.validate("2", 0.3, [0.1])
    one = run.experiment()
    assert one["chosen"] == {"way": "beforehand", "alpha": 0.3}
    assert one["comparison"]["difference"]["mean"] == pytest.approx(0.15)
    # The other ways are told all the same.
    assert one["ways"]["validation"]["alpha"] == 0.1 == one["ways"]["test"]["alpha"]


def test_validation_chooses_by_the_mean_over_seeds_the_first_of_ties(run):
    four_answers(run)
    run.validate("2", 0.1, [0.2, 0.4])
    run.validate("2", 0.3, [0.8, 0.8], seed=0)
    run.validate("2", 0.3, [0.0, 0.2], seed=1)
    told = run.told()
    assert told["chosen_on"] == "GOT-10k val"
    one = told["experiments"]["2"]
    assert one["chosen"] == {"way": "validation", "alpha": 0.3}  # 0.45 beside 0.3
    assert one["ways"]["validation"]["mean"] == one["comparison"]["difference"]["mean"] == 0.15
    run.value["validation"].pop()
    run.value["validation"].pop()
    run.validate("2", 0.3, [0.4, 0.2])
    assert run.experiment()["chosen"] == {"way": "validation", "alpha": 0.1}


def test_validation_without_one_of_the_alphas_chooses_nothing(run):
    four_answers(run)
    run.validate("2", 0.3, [0.8, 0.8])
    one = run.experiment()
    assert one["chosen"]["way"] == "crossed" and one["ways"]["validation"] is None


def test_one_alpha_is_no_choice(ten):
    ten.add("2", "learned", BASE + GAIN)
    one = ten.experiment()
    assert one["chosen"] == {"way": "only one", "alpha": "learned"}
    assert one["choosing_on_test_gave"] is one["best_of_p"] is None
    assert one["ways"]["test"]["mean"] == one["ways"]["crossed"]["mean"]


def test_a_learned_alpha_may_be_chosen(run):
    run.add("baseline", None, [0.4, 0.4])
    run.add("2", 0.3, [0.5, 0.5])
    run.add("2", "learned", [0.7, 0.6])
    assert run.experiment()["chosen"] == {"way": "crossed", "alpha": "learned"}


def test_only_seeds_that_all_alphas_have_count(run):
    for seed in (0, 1):
        run.add("baseline", None, [0.4, 0.4], seed=seed)
        run.add("2", 0.1, [0.5 + seed, 0.8 + seed], seed=seed)
    run.add("2", 0.3, [0.6, 0.2])
    one = run.experiment()
    assert one["comparison"]["difference"]["seeds"] == 1
    assert one["ways"]["test"]["mean"] == pytest.approx(0.25)
    run.add("2", 0.6, [0.6, 0.2], seed=1)
    with pytest.raises(InputError, match="experiment '2': its alphas have no seed in common"):
        run.told()


# Several experiments, and controls


def test_holm_is_over_what_claims_and_apart_from_it_over_the_others(ten):
    for name, gain in (("1", GAIN), ("2", UNCLEAR), ("3", LOSS), ("4", LOSS)):
        ten.add(name, 0.5, BASE + gain)
    ten.plan("3", controls=["1"])
    ten.plan("4", claim=False)
    told = ten.told()["experiments"]
    p = [told[name]["comparison"]["p"] for name in "1234"]
    assert p == [round(LEAST_P, 6), 1.0, round(LEAST_P, 6), round(LEAST_P, 6)]
    holm = [told[name]["comparison"]["holm_p"] for name in "1234"]
    assert holm == pytest.approx([2 * LEAST_P, 1.0, 2 * LEAST_P, 2 * LEAST_P], abs=2e-6)


def test_a_run_that_could_tell_nothing_says_so(tmp_path):
    """Six targets: p is 1 / 32 at the least, and two experiments double it."""
    run = Run(tmp_path)
    run.add("baseline", None, BASE[:6])
    for name in ("1", "2"):
        run.add(name, 0.5, BASE[:6] + 0.1 + RIPPLE[:6])
    told = run.told()
    assert told["experiments"]["1"]["verdict"] == "cannot be told"
    assert told["headline"].endswith(
        "With 6 targets and 2 experiments nothing could have been told: p is 0.062 or more by "
        "Holm, whatever is measured."
    )
    run.plan("2", claim=False)
    told = run.told()
    assert told["experiments"]["1"]["verdict"] == "helps" and "nothing" not in told["headline"]


def test_an_alpha_that_was_laid_down_and_not_run_is_one_sentence(ten):
    ten.add("2", 0.5, BASE)
    ten.plan("2", alpha=0.3)
    with pytest.raises(InputError, match=r"2: alpha 0\.3: the experiment was not run with it"):
        ten.told()


def test_alpha_0_is_said_to_be_no_colour(ten):
    ten.add("2", 0.0, BASE)
    told = ten.told()
    assert "At α = 0 the auxiliary takes no part." in told["experiments"]["2"]["sentence"]
    assert "for experiment 2 α = 0 was chosen, no colour" in told["headline"]


def test_alpha_0_is_said_beside_what_cannot_be_told_and_is_not_compared(ten):
    differences = np.random.default_rng(0).normal(size=10) / 20
    ten.add("1", 0.5, BASE + differences)
    ten.add("2", 0.0, BASE)
    ten.add("3", 0.0, BASE)
    ten.plan("3", controls=["2"], claim=False)
    told = ten.told()
    assert told["headline"].endswith(
        "whether experiment 1 helps cannot be told, experiment 2 does not (α = 0 was chosen, no "
        "colour)."
    )
    assert told["experiments"]["2"]["beside_controls"] == [
        "Beside 3: no score differs, so that nothing is compared."
    ]


def test_alpha_0_is_said_of_those_alone_for_which_it_was_chosen(ten):
    ten.add("1", 0.5, BASE + np.random.default_rng(0).normal(size=10) / 20)
    ten.add("2", 0.0, BASE)
    ten.add("4", 0.5, BASE - 0.1)
    assert ten.told()["headline"].endswith(
        "experiments 2 and 4 do not (for experiment 2 α = 0 was chosen, no colour)."
    )


def test_crossed_alphas_are_tested_as_chosen_by_each_other(ten):
    rng = np.random.default_rng(3)
    differences = rng.normal(size=(10, 6)) / 20
    for number in range(6):
        ten.add("2", number / 10, BASE + differences[:, number])
    one = ten.experiment()
    assert one["chosen"]["way"] == "crossed"
    p = statistics.crossed_p(differences, folds=10, draws=500, seed=0)
    assert one["comparison"]["p"] == round(p, 6)


def test_the_three_verdicts(ten):
    for name, gain in (("1", GAIN), ("2", UNCLEAR), ("3", LOSS), ("4", RIPPLE / 10)):
        ten.add(name, 0.5, BASE + gain)
    told = ten.told()["experiments"]
    assert [told[name]["verdict"] for name in "1234"] == [
        "helps", "cannot be told", "does not help", "does not help"
    ]  # fmt: skip
    assert all(one["verdict"] == one["comparison"]["verdict"] for one in told.values())


def test_a_wider_margin_needs_less_to_say_that_there_is_no_gain(ten):
    ten.add("2", 0.5, BASE + UNCLEAR)
    assert ten.told()["experiments"]["2"]["verdict"] == "cannot be told"
    said = ten.told(margin=0.1)
    assert said["margin"] == 0.1 and said["experiments"]["2"]["verdict"] == "does not help"


def test_few_targets_cannot_help(run):
    """Five equal gains: the interval is above 0, the sign flip cannot go below 2 / 32."""
    run.add("baseline", None, BASE[:5])
    run.add("2", 0.5, BASE[:5] + 0.05)
    one = run.experiment()
    assert one["comparison"]["difference"]["low"] > 0.04 and one["comparison"]["p"] == 2 / 32
    assert one["verdict"] == "cannot be told"


def test_an_experiment_and_its_control_are_compared_at_the_alpha_of_each(ten):
    ten.add("2", 0.1, BASE - 0.2)
    ten.add("2", 0.9, BASE + GAIN)
    ten.add("3", 0.1, BASE + 0.02)
    ten.add("3", 0.9, BASE - 0.3)
    ten.plan("2", alpha=0.9)
    ten.plan("3", alpha=0.1, controls=["2"])
    told = ten.told()["experiments"]
    against = told["2"]["against"]["3"]
    assert against["difference"]["mean"] == pytest.approx(0.03)
    assert against["verdict"] == "helps" and against["holm_p"] == round(LEAST_P, 6)
    assert told["3"]["against"] == {} and told["3"]["controls"] == ["2"]
    assert told["2"]["claim"] is True and told["3"]["claim"] is False


def test_a_control_is_compared_over_seeds_in_common(ten):
    ten.add("baseline", None, BASE, seed=1)
    ten.add("2", 0.5, BASE + 0.04, seed=0)
    ten.add("2", 0.5, BASE + 0.10, seed=1)
    ten.add("3", 0.5, BASE + 0.01, seed=1)
    ten.plan("3", controls=["2"])
    against = ten.experiment()["against"]["3"]["difference"]
    assert (against["mean"], against["seeds"]) == (pytest.approx(0.09), 1)


def test_a_control_of_other_seeds_is_compared_with_the_mean_over_seeds(ten):
    for seed in (1, 2):
        ten.add("baseline", None, BASE, seed=seed)
    ten.add("2", 0.5, BASE + 0.04, seed=0)
    ten.add("3", 0.5, BASE + 0.01, seed=1)
    ten.add("3", 0.5, BASE + 0.02, seed=2)
    ten.plan("3", controls=["2"])
    against = ten.experiment()["against"]["3"]["difference"]
    assert (against["mean"], against["seeds"]) == (pytest.approx(0.025), 1)


def test_holm_is_over_the_controls_of_one_experiment_too(ten):
    ten.add("2", 0.5, BASE + GAIN)
    for name in ("3", "random"):
        ten.add(name, 0.5, BASE - RIPPLE)
        ten.plan(name, controls=["2"])
    against = ten.experiment()["against"]
    assert list(against) == ["3", "random"]
    for entry in against.values():
        assert entry["p"] == round(LEAST_P, 6)
        assert entry["holm_p"] == pytest.approx(2 * LEAST_P, abs=2e-6)


# What the branches could be together


def test_complementary_counts_frames_in_which_one_alone_is_right(run):
    run.add("baseline", None, [0.5, 0.6],
            overlaps={"T00": [0.9, 0.9, 0.1, 0.1], "T01": [0.6, 0.6]})  # fmt: skip
    run.add("2", 1.0, [0.5, 0.2], overlaps={"T00": [0.9, 0.1, 0.9, 0.1], "T01": [0.5, np.nan]})
    run.add("2", 0.5, [0.7, 0.4], overlaps={"T00": [0.9, 0.9, 0.9, 0.9], "T01": [0.6, 0.6]})
    told = run.experiment()["complementary"]
    assert told == {
        "only_baseline": (0.25 + 1) / 2, "only_auxiliary": 0.25 / 2, "oracle_gain": 0.0
    }  # fmt: skip


def test_complementary_is_the_mean_over_seeds(run):
    for seed, frames in ((0, [0.1, 0.9]), (1, [0.9, 0.9])):
        run.add("baseline", None, [0.5], seed=seed, overlaps={"T00": [0.9, 0.1]})
        run.add("2", 1.0, [0.5], seed=seed, overlaps={"T00": frames})
    told = run.experiment()["complementary"]
    assert (told["only_baseline"], told["only_auxiliary"]) == (0.25, 0.5)


def test_complementary_needs_the_auxiliary_alone_and_its_overlaps(run):
    run.add("baseline", None, [0.5], overlaps={"T00": [0.9]})
    run.add("2", 0.5, [0.7], overlaps={"T00": [0.9]})
    run.add("3", 1.0, [0.7])
    for name in ("2", "3"):
        told = run.experiment(name)["complementary"]
        assert told["only_baseline"] is told["only_auxiliary"] is None
        assert told["oracle_gain"] == pytest.approx(0.2)


def test_overlaps_of_other_frames_are_told(run):
    run.add("baseline", None, [0.5], overlaps={"T00": [0.9, 0.2]})
    path = run.add("2", 1.0, [0.7], overlaps={"T00": [0.9]})
    with pytest.raises(InputError, match=f"{path}: T00: expected overlaps of 2 frames, got 1"):
        run.told()


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


def test_a_run_without_rows_has_an_empty_file(run):
    told = run.told()
    assert (told["rows"], told["experiments"], told["headline"]) == ([], {}, "")
    assert told["baseline"] is None


def test_a_run_without_experiments_has_no_verdict(ten):
    told = ten.told()
    assert told["experiments"] == {} and told["headline"] == ""
    assert told["baseline"]["mean"] == pytest.approx(0.45) and len(told["rows"]) == 1


def test_published_results_need_no_baseline(run):
    run.add("own", None, [0.5, 0.7], seed=None)
    run.add("classical", None, [0.4, 0.6], seed=None)
    told = run.told()
    assert told["baseline"] is None and told["seeds"] == [] and told["experiments"] == {}
    assert all(row["difference"] is row["p"] is None for row in told["rows"])
    table = summarize(run.manifest, told, run.folder / "table.csv")
    assert table["success_auc"].tolist() == [0.5, 0.6] and table["difference"].isna().all()


def test_one_target_has_no_interval_and_cannot_be_told(run):
    run.add("baseline", None, [0.4])
    run.add("2", 0.1, [0.9])
    run.add("2", 0.5, [0.2])
    told = run.told()
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
def test_scores_without_values_of_the_targets_are_an_error(run, change, message):
    path = run.add("baseline", None, [0.5])
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=re.escape(f"{path}: ") + message) as raised:
        run.told()
    assert one_sentence(raised.value)
