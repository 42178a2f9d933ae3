"""Losses and the true score map."""

import math

import pytest
import torch

from chromatrack.losses import double_softmax_floor, label_loss, logistic_loss, target_map


def test_target_map_is_the_diamond_of_figure_3_2():
    target = target_map(17)
    assert target.sum() == 13
    assert target[8, 6] == target[6, 8] == target[7, 7] == 1
    assert target[6, 7] == 0
    assert target_map(17, distance="l2").sum() == 13
    assert target_map(17, radius=24, distance="l1").sum() == 25
    assert target_map(17, radius=24, distance="l2").sum() == 29


def test_balanced_loss_weighs_both_classes_equally():
    target = target_map(15)
    response = torch.zeros(2, 1, 15, 15)
    assert logistic_loss(response, target).item() == pytest.approx(math.log(2))
    response[:, 0][:, target > 0.5] = 1e4
    balanced = logistic_loss(response, target, kind="balanced").item()
    assert balanced == pytest.approx(math.log(2) / 2)
    plain = logistic_loss(response, target, kind="mean").item()
    assert plain == pytest.approx(math.log(2) * (225 - 13) / 225, rel=1e-5)


def test_label_losses_and_the_floor_of_section_5_3_3():
    assert double_softmax_floor(8) == pytest.approx(1.274, abs=5e-4)
    assert double_softmax_floor(16) == pytest.approx(1.875, abs=5e-4)
    labels = torch.tensor([[[3]]])
    perfect = torch.nn.functional.one_hot(labels, 8).permute(0, 3, 1, 2).float()
    assert label_loss(perfect, labels, kind="nll").item() == pytest.approx(0, abs=1e-6)
    saturated = label_loss(perfect, labels, kind="double_softmax").item()
    assert saturated == pytest.approx(double_softmax_floor(8), rel=1e-5)


def test_a_color_that_no_reference_has_stays_finite():
    predicted = torch.zeros(1, 8, 1, 1)
    assert torch.isfinite(label_loss(predicted, torch.zeros(1, 1, 1, dtype=torch.long)))


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="distance"):
        target_map(17, distance="l3")
    with pytest.raises(ValueError, match="kind"):
        logistic_loss(torch.zeros(1, 1, 17, 17), target_map(17), kind="sum")
