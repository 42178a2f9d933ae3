"""Statistics of comparisons: against scipy, and by properties."""

import json

import numpy as np
import pytest
from scipy import stats

from chromatrack.metrics import statistics as s
from chromatrack.metrics.statistics import choosing


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# Intervals


@pytest.mark.parametrize("values", [normal(60), np.exp(normal(60, seed=1)), normal(9, seed=2)])
def test_the_interval_of_one_seed_is_scipys(values):
    ours = s.estimate(values, seed=3)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=100_000, rng=4).confidence_interval
    error = 0.04 * values.std() / np.sqrt(len(values))  # Monte Carlo, of the ends
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=2 * error)
    assert ours.mean == pytest.approx(values.mean())
    assert ours.target_spread == pytest.approx(values.std(ddof=1))
    assert (ours.targets, ours.seeds, ours.seed_spread) == (len(values), 1, None)


def test_the_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        told = s.estimate(rng.normal(0.3, 1, 40), draws=1000)
        inside += told.low < 0.3 < told.high
    assert 0.91 < inside / 400 < 0.98


def test_seeds_that_differ_widen_the_interval_and_equal_seeds_do_not():
    targets, seeds = normal(50, 1), np.array([[-1.0, 0.0, 1.0]])
    averaged = s.estimate((targets + seeds).mean(axis=1))
    both = s.estimate(targets + seeds)
    assert both.high - both.low > 1.5 * (averaged.high - averaged.low)
    assert both.mean == pytest.approx(averaged.mean)
    assert (both.seeds, both.seed_spread) == (3, pytest.approx(1.0))
    same = s.estimate(np.repeat(targets, 3, axis=1))
    assert (same.low, same.high) == pytest.approx((averaged.low, averaged.high))


def test_a_draw_takes_the_same_seeds_for_all_targets():
    values = np.tile([0.0, 1.0], (200, 1))
    assert set(s.bootstrap_means(values, draws=500).round(9)) == {0.0, 0.5, 1.0}


def test_draws_in_chunks_are_draws():
    means = s.bootstrap_means(normal(3000), draws=2000)
    assert means.shape == (2000,)
    assert means.std() == pytest.approx(normal(3000).std() / np.sqrt(3000), rel=0.1)


def test_one_target_has_no_interval_and_equal_ones_have_a_point():
    assert s.estimate([0.3]) == s.Estimate(0.3, None, None, 1, 1, None, None)
    told = s.estimate([0.1] * 7)
    assert (told.low, told.high) == (told.mean, told.mean)


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], np.zeros((2, 2, 2))])
def test_what_is_no_table_of_numbers_is_an_error(bad):
    with pytest.raises(ValueError, match="expected"):
        s.estimate(bad)


def test_shares_on_either_side_of_the_margin():
    means = np.array([-0.1, -0.005, 0.0, 0.005, 0.0051, 0.2, 0.3, 0.4])
    assert s.equivalence(means) == s.Shares(0.5, 0.375, 0.125)


# Tests


@pytest.mark.parametrize("differences", [normal(9) + 0.5, normal(12), [0.2, 0.2, -0.1, 0.1, 0.0]])
def test_sign_flips_of_few_targets_are_scipys_exact_ones(differences):
    exact = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert s.sign_flip_p(differences) == pytest.approx(exact.pvalue, abs=1e-12)


def test_random_sign_flips_are_near_the_exact_ones():
    differences = normal(14) + 0.3
    assert s.sign_flip_p(differences, draws=16_000) == pytest.approx(
        s.sign_flip_p(differences), abs=0.01
    )
    assert s.sign_flip_p(normal(100) + 5, draws=999) == 1 / 1000


def test_no_difference_has_a_p_of_one():
    assert s.sign_flip_p(np.zeros(5)) == s.sign_flip_p(np.zeros(50)) == 1.0
    assert s.best_of_p(np.zeros((50, 3))) == 1.0


def test_the_best_of_one_is_the_one_sided_test():
    column = normal(10, 1) + 0.4
    exact = stats.permutation_test(
        (column[:, 0],), np.mean, permutation_type="samples", n_resamples=np.inf,
        alternative="greater",
    )  # fmt: skip
    assert s.best_of_p(column) == pytest.approx(exact.pvalue, abs=1e-12)


def test_the_best_of_many_is_the_maximum_of_students_t():
    table = normal(8, 4) + np.array([0.0, 0.3, 0.6, 0.2])
    signs = np.array([[(k >> i & 1) * 2 - 1 for i in range(8)] for k in range(256)])
    flipped = signs[:, :, None] * table  # (256, 8, 4)
    t = flipped.mean(axis=1) / flipped.std(axis=1, ddof=1)
    observed = (table.mean(axis=0) / table.std(axis=0, ddof=1)).max()
    assert s.best_of_p(table) == np.mean(t.max(axis=1) >= observed - 1e-12)
    scaled = np.column_stack([table * [1, 10, 100, 0.1], np.zeros(8)])
    assert s.best_of_p(scaled) == s.best_of_p(table)


def test_equal_columns_cost_nothing_and_others_do():
    column = normal(60, 1, seed=1) + 0.25
    alone = s.best_of_p(column)
    assert s.best_of_p(np.repeat(column, 11, axis=1)) == alone
    assert s.best_of_p(np.column_stack([column, normal(60, 10, seed=2)])) > 2 * alone


def test_holm_by_hand():
    assert s.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert s.holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert len(s.holm([])) == 0


# Choosing, power, complement


def test_best_is_the_first_of_ties():
    assert s.best([[0.1, 0.3, 0.2], [0.2, 0.2, 0.3]]) == 1
    rows = np.array([[0.1, 0.2, 0.7], [0.7, 0.1, 0.2], [0.2, 0.7, 0.1]])
    assert s.best(rows) == 0


def test_crossed_never_sees_the_fold_that_it_judges(monkeypatch):
    scores = np.column_stack([np.arange(23.0), normal(23)])  # column 0 says which targets are seen
    seen = []
    monkeypatch.setattr(choosing, "best", lambda rows: seen.append(rows[:, 0]) or len(seen) - 1)
    fold = s.crossed(scores, folds=5)
    assert len(seen) == 5
    for target in range(23):
        assert target not in seen[fold[target]]
        assert sum(target in rows for rows in seen) == 4
    assert {len(rows) for rows in seen} == {18, 19}


def test_crossed_choices():
    clear = normal(30, 4) * 0.01 + np.array([0.0, 1.0, 0.5, 0.2])
    assert (s.crossed(clear) == 1).all()
    assert s.crossed(normal(1, 4)).tolist() == [0]
    # With two targets each is chosen for by the other.
    assert s.crossed([[1.0, 0.0], [0.0, 1.0]]).tolist() == [1, 0]
    with pytest.raises(ValueError, match="at least 2 folds"):
        s.crossed(clear, folds=1)


def test_a_difference_of_the_smallest_size_is_found_four_times_in_five():
    size = s.smallest_difference(normal(40))
    found = np.mean([
        stats.ttest_1samp(normal(40, seed=seed) * normal(40).std(ddof=1) + size, 0).pvalue < 0.05
        for seed in range(1000)
    ])  # fmt: skip
    assert found == pytest.approx(0.8, abs=0.05)
    assert s.smallest_difference([0.1]) is None


def test_targets_that_choose_for_each_other_are_tested_as_such():
    """The sign flip of crossed differences is too liberal; choosing anew in each draw is not."""
    rng = np.random.default_rng(0)
    naive, anew = [], []
    for number in range(200):
        table = rng.normal(size=(30, 6))
        chosen = table[np.arange(30), s.crossed(table, seed=number)]
        naive.append(s.sign_flip_p(chosen, draws=1000))
        anew.append(s.crossed_p(table, draws=1000, seed=number))
    assert np.mean(np.array(naive) < 0.05) > 0.1
    assert 0.01 < np.mean(np.array(anew) < 0.05) < 0.1
    assert s.crossed_p(rng.normal(size=(30, 6)) + 2) < 0.001
    assert s.crossed_p(np.ones((1, 3))) is None


def test_the_most_influential_target_is_the_one_without_which_a_verdict_is_nearest_to_another():
    def told(values):
        return abs(values.mean()) / (values.std(ddof=1) / np.sqrt(len(values)))

    for values, nearest in ((normal(20), np.argmax), (normal(20) + 2, np.argmin)):
        without = [told(np.delete(values, index)) for index in range(20)]
        assert s.most_influential(values) == nearest(without)
    assert s.most_influential([0.1, 0.1, 0.1]) is None


def test_only_one_right_weighs_targets_alike():
    first = [np.array([0.6, 0.5, np.nan, 0.9]), np.array([0.9])]
    second = [np.array([0.4, 0.6, 0.8, 0.9]), np.array([0.1])]
    assert s.only_one_right(first, second) == ((0.25 + 1) / 2, 0.5 / 2)
    with pytest.raises(ValueError, match="the same frames"):
        s.only_one_right(first, second[::-1])


def test_the_oracle_gains_at_least_what_any_column_does():
    scores, baseline = normal(30, 5), normal(30, seed=1)
    assert s.oracle_gain(scores, baseline) >= (scores.mean(axis=0) - baseline.mean()).max()
    assert s.oracle_gain(baseline[:, None], baseline) == 0


# Comparisons


def test_seeds_are_paired_where_there_are_as_many():
    targets, seeds = normal(30, 1), np.array([[0.0, 3.0, -2.0]])
    paired = s.compare(targets + seeds + 0.1, targets + seeds)
    told = paired.difference
    assert (told.low, told.high) == pytest.approx((0.1, 0.1)) and told.seeds == 3
    averaged = s.compare(targets + seeds + 0.1, targets)
    assert averaged.difference.seeds == 1
    assert averaged.difference.mean == pytest.approx(0.1 + seeds.mean())


def test_a_comparison_says_what_its_parts_say_and_the_same_again():
    first, second = normal(40) + 0.2, normal(40, seed=1)
    told = s.compare(first, second, seed=5)
    assert told == s.compare(first, second, seed=5)
    assert told.difference != s.compare(first, second, seed=6).difference
    assert told.p == s.sign_flip_p(first - second, seed=5)
    rest = np.delete(first - second, told.most_influential)
    without = s.estimate(rest, seed=5)
    assert (told.without_it, told.low_without) == (without.mean, without.low)
    plain = s.as_plain(told, [f"t{index}" for index in range(40)])
    assert json.loads(json.dumps(plain)) == plain
    assert plain["most_influential"] == f"t{told.most_influential}"
    with pytest.raises(ValueError, match="the same targets, got 40 and 39"):
        s.compare(first, second[1:])


def test_one_target_tells_a_mean_and_nothing_else():
    told = s.compare([0.4], [0.3])
    assert told.difference.mean == pytest.approx(0.1)
    assert (told.p, told.difference.low, told.smallest_difference, told.most_influential) == (
        None, None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "p", "p_margin", "said"),
    [
        (0.001, 0.03, 0.04, 0.5, "helps"),
        (0.001, 0.004, 0.04, 0.01, "helps"),  # a gain, though less than counts
        (0.001, 0.03, 0.05, 0.5, "cannot be told"),
        (-0.001, 0.03, 0.04, 0.5, "cannot be told"),
        (-0.01, 0.004, 0.5, 0.04, "does not help"),
        (-0.01, 0.004, 0.5, 0.05, "cannot be told"),
        (-0.03, -0.01, 0.001, 0.001, "does not help"),
        (-0.03, 0.005, 0.001, 0.001, "cannot be told"),
        (0.001, 0.03, 0.06, 0.001, "cannot be told"),  # far from the margin, above it
        (None, None, 0.001, 0.001, "cannot be told"),
        (0.001, 0.03, None, 0.001, "cannot be told"),
        (-0.03, -0.01, 0.001, None, "cannot be told"),
    ],
)
def test_the_verdict(low, high, p, p_margin, said):
    assert s.verdict(low, high, p, p_margin) == said


def test_five_equal_losses_are_too_few_to_say_that_it_does_not_help():
    """The interval ends below the margin, and no signs of five targets can be rarer than 2 / 32."""
    told = s.compare(np.full(5, 0.4), np.full(5, 0.5))
    assert told.difference.high < 0 and told.p == told.p_margin == 2 / 32
    ends = told.difference.low, told.difference.high
    assert s.verdict(*ends, told.p, told.p_margin) == "cannot be told"
    more = s.compare(np.full(6, 0.4), np.full(6, 0.5))
    ends = more.difference.low, more.difference.high
    assert s.verdict(*ends, more.p, more.p_margin) == "does not help"
