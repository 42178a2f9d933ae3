"""Losses and the true score map."""

import math

import pytest
import torch

from chromatrack.losses import (
    chroma_loss,
    double_softmax_floor,
    label_loss,
    logistic_loss,
    target_map,
)
from chromatrack.models.similarity import affinity, copy_labels, predict_labels


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


def sure(labels, colours):
    """Embeddings (B, T, K, h, w) of a network that is sure of these labels."""
    return torch.nn.functional.one_hot(labels, colours).permute(0, 1, 4, 2, 3).float() * 10


@pytest.mark.parametrize(("colours", "floor"), [(8, 1.274), (16, 1.875)])
def test_the_floor_of_section_5_3_3(colours, floor):
    """A perfect prediction costs nothing, but `double_softmax` cannot fall below its floor."""
    assert double_softmax_floor(colours) == pytest.approx(floor, abs=5e-4)
    labels = torch.arange(16).reshape(1, 1, 4, 4).expand(1, 4, 4, 4) % colours
    perfect = sure(labels, colours)
    assert label_loss(perfect, labels, colours=colours).item() == pytest.approx(0, abs=1e-6)
    saturated = label_loss(perfect, labels, colours=colours, kind="double_softmax").item()
    assert saturated == pytest.approx(double_softmax_floor(colours), rel=1e-5)


def test_double_softmax_is_the_cross_entropy_of_probabilities():
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(2, 4, 8, 3, 3, generator=generator)
    labels = torch.randint(5, (2, 4, 3, 3), generator=generator)
    predicted, truth = predict_labels(embeddings, labels, colours=5)
    twice = torch.softmax(predicted, dim=1).gather(1, truth[:, None]).log().mean()
    loss = label_loss(embeddings, labels, colours=5, kind="double_softmax")
    torch.testing.assert_close(loss, -twice)


@pytest.mark.parametrize("window", [None, 1])
def test_chroma_is_copied_like_labels_and_compared_by_hubers_loss(window):
    torch.manual_seed(0)
    embeddings, chroma = torch.randn(2, 3, 5, 4, 4), 3 * torch.randn(2, 3, 2, 4, 4)
    found = chroma_loss(embeddings, chroma, temperature=2.0, window=window)
    weights = affinity(embeddings[:, :-1], embeddings[:, -1], temperature=2.0, window=window)
    away = (copy_labels(weights, chroma[:, :-1]) - chroma[:, -1]).abs()
    expected = torch.where(away < 1, 0.5 * away**2, away - 0.5).mean()
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
    same = chroma[:, :1].mean(dim=(3, 4), keepdim=True).expand_as(chroma)
    assert float(chroma_loss(embeddings, same)) == pytest.approx(0, abs=1e-10)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="kind"):
        label_loss(torch.zeros(1, 2, 4, 2, 2), torch.zeros(1, 2, 2, 2).long(), colours=2, kind="l2")
    with pytest.raises(ValueError, match="distance"):
        target_map(17, distance="l3")
    with pytest.raises(ValueError, match="kind"):
        logistic_loss(torch.zeros(1, 1, 17, 17), target_map(17), kind="sum")


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_a_target_map_moves_with_its_target(distance):
    """By whole cells it is the centred map, moved; between cells the nearest ones are true."""
    centred = target_map(15, distance=distance)
    moved = target_map(15, distance=distance, offsets_yx=torch.tensor([[0.0, 0.0], [16.0, -8.0]]))
    assert torch.equal(moved[0], centred)
    assert torch.equal(moved[1], torch.roll(centred, (2, -1), dims=(0, 1)))
    half = target_map(15, radius=4.0, distance=distance, offsets_yx=torch.tensor([[4.0, 0.0]]))[0]
    assert half.nonzero().tolist() == [[7, 7], [8, 7]]


@pytest.mark.parametrize("kind", ["balanced", "mean"])
def test_maps_of_their_own_are_averaged_over_the_batch(kind):
    torch.manual_seed(0)
    response = torch.randn(2, 1, 15, 15)
    targets = target_map(15, offsets_yx=torch.tensor([[3.0, 5.0], [-20.0, 40.0]]))
    together = logistic_loss(response, targets, kind=kind)
    alone = [logistic_loss(response[i : i + 1], targets[i], kind=kind) for i in range(2)]
    torch.testing.assert_close(together, torch.stack(alone).mean())
