"""Which alpha of an experiment a run compares: crossed, validated, laid down, or 0."""

import numpy as np
import pytest

from chromatrack.errors import InputError
from chromatrack.metrics import statistics
from tests.report.small_runs import (
    BASE,
    GAIN,
    four_answers,
)

# Of one experiment


def test_alpha_is_crossed_where_nothing_else_chooses_it(new):
    four_answers(new)
    one = new.experiment()
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


def test_an_alpha_of_before_comes_first(new):
    four_answers(new)
    new.plan("2", alpha=0.3)
    new.validate("2", 0.1, [0.9])
    new.validate("2", 0.3, [0.1])
    one = new.experiment()
    assert one["chosen"] == {"way": "beforehand", "alpha": 0.3}
    assert one["comparison"]["difference"]["mean"] == pytest.approx(0.15)
    # The other ways are told all the same.
    assert one["ways"]["validation"]["alpha"] == 0.1 == one["ways"]["test"]["alpha"]


def test_validation_chooses_by_the_mean_over_seeds_the_first_of_ties(new):
    four_answers(new)
    new.validate("2", 0.1, [0.2, 0.4])
    new.validate("2", 0.3, [0.8, 0.8], seed=0)
    new.validate("2", 0.3, [0.0, 0.2], seed=1)
    told = new.told()
    assert told["chosen_on"] == "GOT-10k val"
    one = told["experiments"]["2"]
    assert one["chosen"] == {"way": "validation", "alpha": 0.3}  # 0.45 beside 0.3
    assert one["ways"]["validation"]["mean"] == one["comparison"]["difference"]["mean"] == 0.15
    new.value["validation"].pop()
    new.value["validation"].pop()
    new.validate("2", 0.3, [0.4, 0.2])
    assert new.experiment()["chosen"] == {"way": "validation", "alpha": 0.1}


def test_validation_without_one_of_the_alphas_chooses_nothing(new):
    four_answers(new)
    new.validate("2", 0.3, [0.8, 0.8])
    one = new.experiment()
    assert one["chosen"]["way"] == "crossed" and one["ways"]["validation"] is None


def test_one_alpha_is_no_choice(ten):
    ten.add("2", "learned", BASE + GAIN)
    one = ten.experiment()
    assert one["chosen"] == {"way": "only one", "alpha": "learned"}
    assert one["choosing_on_test_gave"] is one["best_of_p"] is None
    assert one["ways"]["test"]["mean"] == one["ways"]["crossed"]["mean"]


def test_a_learned_alpha_may_be_chosen(new):
    new.add("baseline", None, [0.4, 0.4])
    new.add("2", 0.3, [0.5, 0.5])
    new.add("2", "learned", [0.7, 0.6])
    assert new.experiment()["chosen"] == {"way": "crossed", "alpha": "learned"}


def test_only_seeds_that_all_alphas_have_count(new):
    for seed in (0, 1):
        new.add("baseline", None, [0.4, 0.4], seed=seed)
        new.add("2", 0.1, [0.5 + seed, 0.8 + seed], seed=seed)
    new.add("2", 0.3, [0.6, 0.2])
    one = new.experiment()
    assert one["comparison"]["difference"]["seeds"] == 1
    assert one["ways"]["test"]["mean"] == pytest.approx(0.25)
    new.add("2", 0.6, [0.6, 0.2], seed=1)
    with pytest.raises(InputError, match="experiment '2': its alphas have no seed in common"):
        new.told()


# Of several


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
