"""Verdicts on several experiments, their controls, and what the branches could be together."""

import numpy as np
import pytest

from chromatrack.errors import InputError
from tests.report.small_runs import (
    BASE,
    GAIN,
    LEAST_P,
    LOSS,
    RIPPLE,
    UNCLEAR,
    Run,
)

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
        "With 6 targets and 2 experiments no gain could have been shown: p is 0.062 or more by "
        "Holm, whatever is measured."
    )
    run.plan("2", claim=False)
    told = run.told()
    assert told["experiments"]["1"]["verdict"] == "helps" and "nothing" not in told["headline"]


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


def test_few_targets_cannot_help(new):
    """Five equal gains: the interval is above 0, the sign flip cannot go below 2 / 32."""
    new.add("baseline", None, BASE[:5])
    new.add("2", 0.5, BASE[:5] + 0.05)
    one = new.experiment()
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


def test_complementary_counts_frames_in_which_one_alone_is_right(new):
    new.add("baseline", None, [0.5, 0.6],
            overlaps={"T00": [0.9, 0.9, 0.1, 0.1], "T01": [0.6, 0.6]})  # fmt: skip
    new.add("2", 1.0, [0.5, 0.2], overlaps={"T00": [0.9, 0.1, 0.9, 0.1], "T01": [0.5, np.nan]})
    new.add("2", 0.5, [0.7, 0.4], overlaps={"T00": [0.9, 0.9, 0.9, 0.9], "T01": [0.6, 0.6]})
    told = new.experiment()["complementary"]
    assert told == {
        "only_baseline": (0.25 + 1) / 2, "only_auxiliary": 0.25 / 2, "oracle_gain": 0.0
    }  # fmt: skip


def test_complementary_is_the_mean_over_seeds(new):
    for seed, frames in ((0, [0.1, 0.9]), (1, [0.9, 0.9])):
        new.add("baseline", None, [0.5], seed=seed, overlaps={"T00": [0.9, 0.1]})
        new.add("2", 1.0, [0.5], seed=seed, overlaps={"T00": frames})
    told = new.experiment()["complementary"]
    assert (told["only_baseline"], told["only_auxiliary"]) == (0.25, 0.5)


def test_complementary_needs_the_auxiliary_alone_and_its_overlaps(new):
    new.add("baseline", None, [0.5], overlaps={"T00": [0.9]})
    new.add("2", 0.5, [0.7], overlaps={"T00": [0.9]})
    new.add("3", 1.0, [0.7])
    for name in ("2", "3"):
        told = new.experiment(name)["complementary"]
        assert told["only_baseline"] is told["only_auxiliary"] is None
        assert told["oracle_gain"] == pytest.approx(0.2)


def test_overlaps_of_other_frames_are_told(new):
    new.add("baseline", None, [0.5], overlaps={"T00": [0.9, 0.2]})
    path = new.add("2", 1.0, [0.7], overlaps={"T00": [0.9]})
    with pytest.raises(InputError, match=f"{path}: T00: expected overlaps of 2 frames, got 1"):
        new.told()
