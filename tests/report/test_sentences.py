"""What the statistics of a run say in sentences: verdicts, and the headline."""

import re

import pytest

from chromatrack.reporting.sentences import controls_in_short
from tests.report.small_runs import (
    BASE,
    GAIN,
    LOSS,
    RIPPLE,
    UNCLEAR,
    Run,
    four_answers,
    with_baseline,
)

JUDGING = re.compile(
    r"\b(significant\w*|clear\w*|strong\w*|large\w*|small|great\w*|remarkabl\w*|slight\w*|"
    r"substantial\w*|promising|good|bad|best|poor\w*|only just|convincing\w*|notabl\w*)\b"
)


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_a_sentence_has_number_interval_p_and_verdict(ten):
    ten.value["experiments"] = {"2": "fine-tuned, resnet18"}
    ten.add("2", 0.5, BASE + GAIN)
    one = ten.experiment()
    low, high = (one["comparison"]["difference"][end] for end in ("low", "high"))
    hung = one["comparison"]["most_influential"]
    assert one["sentence"] == (
        "Experiment 2 (fine-tuned, resnet18), α = 0.5 the only one: success AUC +0.050 "
        f"[{low:+.3f}, {high:+.3f}], p = 0.002 (0.002 by Holm) beside the baseline over 10 "
        f"targets: helps. Without {hung['target']}: {hung['mean']:+.3f} [{hung['low']:+.3f}, "
        f"{hung['high']:+.3f}], p = 0.004."
    )


def test_what_cannot_be_told_names_the_difference_that_one_test_would_find(ten):
    ten.add("2", 0.5, BASE + UNCLEAR)
    one = ten.experiment()
    smallest = one["comparison"]["smallest_difference"]
    assert one["sentence"].endswith(
        f": cannot be told with 10 targets (one test at 0.05 has power 0.8 for a difference of "
        f"{smallest:.3f})."
    )


def test_a_sentence_goes_on_with_the_controls(ten):
    ten.add("2", 0.5, BASE + GAIN)
    for name, gain in (("a", 0 * GAIN), ("b", 2 * GAIN), ("c", 3 * UNCLEAR)):
        ten.add(name, 0.5, BASE + gain)
        ten.plan(name, controls=["2"])
    text = ten.experiment()["sentence"]
    parts = re.findall(r"Beside (\w): ([+-]0\.\d{3}) \[[^]]+\], p = [^:]+: ([^.]+)\.", text)
    assert parts == [
        ("a", "+0.050", "better than this control"),
        ("b", "-0.050", "not better than this control"),
        ("c", "+0.050", "whether it is better than this control cannot be told"),
    ]


def test_ways_of_choosing_and_seeds_are_said(run):
    four_answers(run)
    assert ", α chosen on the other targets: " in run.experiment()["sentence"]
    run.validate("2", 0.1, [0.2])
    run.validate("2", 0.3, [0.8])
    assert ", α = 0.3 chosen on GOT-10k val: " in run.experiment()["sentence"]
    run.plan("2", alpha=0.1)
    run.add("baseline", None, [0.4, 0.4], seed=1)
    run.add("2", 0.1, [0.5, 0.8], seed=1)
    run.add("2", 0.3, [0.9, 0.2], seed=1)
    told = run.told()
    assert ", α = 0.1 laid down beforehand: " in told["experiments"]["2"]["sentence"]
    assert "over 2 targets and 2 seeds" in told["experiments"]["2"]["sentence"]
    assert "over 2 targets and 2 seeds" in told["headline"]


def test_scale_and_digits_are_those_of_the_measure(tmp_path):
    run = with_baseline(tmp_path, benchmark="davis", key="J_mean")
    run.add("2", 0.5, BASE + LOSS)
    told = run.told()
    text = told["experiments"]["2"]["sentence"]
    assert re.search(r"J % -5\.00 \[-5\.\d\d, -4\.\d\d\]", text) and "over 10 objects" in text
    assert "no experiment gains 0.5 or more" in told["headline"]


def test_a_small_p_is_written_out(ten):
    targets = {"targets": [f"T{i:02}" for i in range(16)]}
    run = Run(ten.folder, **targets)
    run.add("baseline", None, [0.5] * 16)
    run.add("2", 0.5, [0.6] * 16)
    assert "p = 0.00003 (0.00003 by Holm)" in run.experiment()["sentence"]


# The headline: each branch


def headline(folder, gains, **plans):
    """Of experiments with these gains; no sentence of theirs judges."""
    run = with_baseline(folder)
    for name, gain in gains.items():
        run.add(name, 0.5, BASE + gain)
    for name, plan in plans.items():
        run.plan(name, **plan)
    told = run.told()
    for text in (told["headline"], *(one["sentence"] for one in told["experiments"].values())):
        assert not JUDGING.search(text), text
    return told["headline"]


WHERE = "over 10 targets"


def test_headline_where_the_controls_are_beaten(tmp_path):
    gains = {"2": GAIN, "random": 0 * GAIN, "5": LOSS}
    assert headline(tmp_path, gains, random={"controls": ["2", "5"]}) == (
        f"Colour helps {WHERE}: experiment 2 beats the baseline and each of its controls."
    )
    gains = {"2": GAIN, "4": GAIN, "random": 0 * GAIN}
    assert headline(tmp_path, gains, random={"controls": ["2", "4"]}) == (
        f"Colour helps {WHERE}: experiments 2 and 4 beat the baseline and each of their controls."
    )


def test_headline_where_one_control_of_two_is_not_beaten(tmp_path):
    gains = {"2": GAIN, "random": 0 * GAIN, "ensemble": GAIN - RIPPLE}
    plans = {"random": {"controls": ["2"]}, "ensemble": {"controls": ["2"]}}
    assert headline(tmp_path, gains, **plans) == (
        f"Colour is not shown to beat all of its controls {WHERE}: experiment 2 beats the "
        "baseline, and so may whatever else is put in the place of colour."
    )


def test_headline_where_it_cannot_be_told_of_the_controls(tmp_path):
    gains = {"2": GAIN, "random": 3 * UNCLEAR}
    assert headline(tmp_path, gains, random={"controls": ["2"]}).startswith(
        "Colour is not shown to beat all of its controls"
    )


def test_headline_without_controls(tmp_path):
    assert headline(tmp_path, {"2": GAIN}) == (
        f"Experiment 2 beats the baseline {WHERE}, and no control was run that would say whether "
        "colour is the reason."
    )
    # The names are as they were given.
    assert headline(tmp_path, {"ResNet": GAIN, "VGG": GAIN}).startswith(
        "Experiments ResNet and VGG beat the baseline"
    )


def test_headline_where_some_winners_have_controls(tmp_path):
    gains = {"2": GAIN, "4": GAIN, "random": GAIN - RIPPLE}
    text = headline(tmp_path, gains, random={"controls": ["2"]})
    assert text.startswith(
        f"Colour is not shown to beat all of its controls {WHERE}: experiment 2 beats"
    )
    assert text.endswith("in the place of colour; experiment 4 beats it without a control.")


def test_headline_where_nothing_helps(tmp_path):
    assert headline(tmp_path, {"2": LOSS, "4": RIPPLE / 10}) == (
        f"Colour does not help {WHERE}: no experiment gains 0.005 or more."
    )


def test_headline_where_it_cannot_be_told(tmp_path):
    assert headline(tmp_path, {"2": UNCLEAR}) == (
        f"Colour is not shown to beat the baseline {WHERE}: whether experiment 2 helps cannot be "
        "told."
    )


def test_headline_where_it_is_mixed(tmp_path):
    gains = {"1": LOSS, "2": UNCLEAR, "4": -UNCLEAR, "5": LOSS}
    assert headline(tmp_path, gains) == (
        f"Colour is not shown to beat the baseline {WHERE}: whether experiments 2 and 4 help "
        "cannot be told, experiments 1 and 5 do not."
    )


def test_headline_is_about_experiments_that_claim(tmp_path):
    gains = {"2": LOSS, "probe": GAIN, "random": GAIN}
    plans = {"probe": {"claim": False}, "random": {"controls": ["2"]}}
    assert headline(tmp_path, gains, **plans).startswith("Colour does not help")
    assert headline(tmp_path, {"2": GAIN}, **{"2": {"claim": False}}) == ""


def test_headline_names_no_number_of_seeds_where_experiments_differ_in_it(ten):
    ten.add("baseline", None, BASE, seed=1)
    for seed in (0, 1):
        ten.add("2", 0.5, BASE + GAIN, seed=seed)
    assert f"{WHERE} and 2 seeds" in ten.told()["headline"]
    ten.add("4", 0.5, BASE + GAIN, seed=0)
    assert "seeds" not in ten.told()["headline"]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([], ""),
        (["helps"], "better than its control"),
        (["cannot be told"], "not shown to be better than its control"),
        (["helps", "helps"], "better than each of its 2 controls"),
        (["helps", "does not help", "helps"], "shown to be better than 2 of its 3 controls"),
        (["does not help", "cannot be told"], "not shown to be better than any of its 2 controls"),
    ],
)
def test_controls_in_short(verdicts, told):
    against = {str(number): {"verdict": one} for number, one in enumerate(verdicts)}
    assert controls_in_short({"against": against}) == told
