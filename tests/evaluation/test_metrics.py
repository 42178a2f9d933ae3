"""Metrics: published checks, golden numbers and the corners (empty, NaN, too short)."""

import numpy as np
import pytest

from chromatrack.metrics import otb, vot
from chromatrack.metrics.boxes import center_error, iou_ltwh


def random_boxes(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1, 100, (count, 4))


def test_iou_of_known_boxes():
    a = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 10, 10.0]])
    b = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [10, 0, 5, 5], [0, 0, 20, 20.0]])
    np.testing.assert_allclose(iou_ltwh(a, b), [1, 50 / 150, 0, 100 / 400])


def test_iou_is_symmetric_and_does_not_care_for_the_origin():
    a, b = random_boxes(200, 0), random_boxes(200, 1)
    np.testing.assert_allclose(iou_ltwh(a, b), iou_ltwh(b, a))
    shift = np.array([1, 1, 0, 0])
    np.testing.assert_allclose(iou_ltwh(a + shift, b + shift), iou_ltwh(a, b))


@pytest.mark.parametrize(
    "box", [[np.nan] * 4, [0, 0, np.inf, 10], [0, 0, 0, 10], [0, 0, -10, -10], [0, 0, 0, 0]]
)
def test_unusable_box_has_no_overlap(box):
    good = np.array([[0, 0, 10, 10.0]])
    assert iou_ltwh(np.array([box], dtype=float), good) == [0.0]


def test_center_error():
    a, b = np.array([[0, 0, 10, 20.0]]), np.array([[3, 4, 10, 20.0]])
    assert center_error(a, b) == pytest.approx([5.0])
    assert center_error(a, b, relative=True) == pytest.approx([np.hypot(0.3, 0.2)])
    assert center_error(np.full((1, 4), np.nan), b) == [np.inf]


def test_boxes_of_unequal_count_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        iou_ltwh(random_boxes(3, 0), random_boxes(4, 0))


def test_identity_tracker_scores_twenty_of_twenty_one():
    boxes = random_boxes(37, 2)
    score = otb.score_target(boxes, boxes)
    assert score.success_auc == 20 / 21
    assert score.precision_20 == 1.0
    assert score.success[-1] == 0.0  # strictly greater than 1 is impossible


def test_success_is_strict_and_precision_is_not():
    assert otb.success_curve(np.array([0.5]))[10] == 0.0
    assert otb.success_curve(np.array([0.5]))[9] == 1.0
    assert otb.success_curve(np.array([0.0]))[0] == 0.0
    assert otb.precision_curve(np.array([20.0]))[20] == 1.0
    assert otb.precision_curve(np.array([20.0]))[19] == 0.0


def test_nan_boxes_count_as_failures():
    boxes = random_boxes(10, 3)
    results = boxes.copy()
    results[5:] = np.nan
    score = otb.score_target(results, boxes)
    assert score.success_auc == pytest.approx(10 / 21)
    assert score.precision_20 == 0.5
    assert otb.success_curve(np.array([np.nan])).sum() == 0
    assert otb.precision_curve(np.array([np.nan])).sum() == 0


def test_mean_is_over_targets_and_not_over_frames():
    boxes = random_boxes(90, 4)
    lost = boxes + np.array([1000, 0, 0, 0])
    mean = otb.mean_score([otb.score_target(boxes, boxes), otb.score_target(lost[:3], boxes[:3])])
    assert mean.success_auc == pytest.approx(10 / 21)
    assert mean.precision_20 == 0.5


def restarted_run() -> tuple[np.ndarray, np.ndarray]:
    """Tracks 20 frames, fails at 20, starts again at 25 and goes on to the end at 50."""
    states = np.full(50, vot.TRACKED)
    states[[0, 25]], states[20], states[21:25] = vot.INITIALIZED, vot.FAILED, vot.SKIPPED
    overlaps = np.full(50, 0.5)
    overlaps[35:], overlaps[20:25], overlaps[[0, 25]] = 0.8, 0.0, 1.0
    return overlaps, states


def test_vot_accuracy_leaves_out_burn_in_failures_and_gaps():
    overlaps, states = restarted_run()
    counted = np.flatnonzero(vot.valid_frames(states))
    np.testing.assert_array_equal(counted, [*range(10, 20), *range(35, 50)])
    assert vot.accuracy(overlaps, states) == pytest.approx((10 * 0.5 + 15 * 0.8) / 25)
    assert vot.failures(states) == 1
    assert np.isnan(vot.accuracy(overlaps[:10], states[:10]))
    with pytest.raises(ValueError, match="states"):
        vot.failures(np.array([1, 7]))


def test_runs_are_cut_at_starts_and_failures():
    first, second = vot.split_runs(*restarted_run())
    assert (len(first[0]), first[1]) == (20, True)
    assert (len(second[0]), second[1]) == (25, False)


def test_eao_pads_failed_runs_and_drops_finished_ones():
    # Frame 0 is the start. One run fails after two frames, one ends after three.
    runs = [(np.array([1.0, 0.6]), True), (np.array([1.0, 0.4, 0.8]), False)]
    curve = vot.eao_curve([*runs, (np.array([1.0, 0.5, 0.5, 0.5]), False)])
    np.testing.assert_allclose(curve[1], (0.6 + 0.4 + 0.5) / 3)
    np.testing.assert_allclose(curve[2], (0.3 + 0.6 + 0.5) / 3)
    np.testing.assert_allclose(curve[3], (0.2 + 0.5) / 2)
    longest = [*runs, (np.full(4, 0.5), False)]
    assert vot.eao(longest, 1, 2) == (pytest.approx(curve[1:3].mean()), 2)


def test_eao_says_how_much_of_its_interval_the_sequences_reach():
    runs = [(np.array([1.0, 0.4, 0.8]), False)]
    assert vot.eao(runs, 1, 9) == (pytest.approx((0.4 + 0.6) / 2), 2)
    assert vot.eao(runs, 3, 9) == (None, None)
    assert vot.eao([], 1, 3) == (None, None)


def test_vot_summary_weighs_sequences_by_frames():
    overlaps, states = restarted_run()
    perfect = np.ones(150), np.array([vot.INITIALIZED] + [vot.TRACKED] * 149)
    summary = vot.summarize({"a": [(overlaps, states)], "b": [perfect]}, "vot2019")
    assert summary["accuracy"] == pytest.approx((50 * 17 / 25 + 150 * 1.0) / 200)
    assert summary["failures"] == 1
    assert summary["robustness"] == pytest.approx(0.5)
    assert summary["robustness_toolkit"] == pytest.approx(1 * 50 / 200)
    assert summary["eao_interval"] == [46, 291] and summary["eao_until"] == 149
    assert summary["per_sequence"]["b"] == {"accuracy": 1.0, "failures": 0.0, "frames": 150}
    assert 0 < summary["eao"] < 1
