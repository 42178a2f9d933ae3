"""The copying of labels: its forms agree, in every precision, and stay finite."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from chromatrack.losses import UNSEEN, label_loss
from chromatrack.models.similarity import (
    affinity,
    copied_labels,
    copy_labels,
    directions,
    local_window,
    log_likelihood,
    predict_labels,
)

COLOURS = 5


def sample(*, scale=1.0, side=6, references=3, batch=2, colours=COLOURS, kind=torch.float32):
    """Embeddings (B, R + 1, E, h, w) and labels (B, R + 1, h, w)."""
    generator = torch.Generator().manual_seed(0)
    shape = (batch, references + 1, 16, side, side)
    embeddings = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
    labels = torch.randint(colours, (batch, references + 1, side, side), generator=generator)
    return embeddings.to(kind), labels


def one_hot(labels, colours=COLOURS):
    return F.one_hot(labels, colours).permute(0, 1, 4, 2, 3)


def plain(embeddings, labels, colours=COLOURS, **options):
    """Eq. 3.11 and 3.12, written out."""
    weights = affinity(embeddings[:, :-1], embeddings[:, -1], **options)
    return copy_labels(weights, one_hot(labels[:, :-1], colours))


def plain_nll(embeddings, labels, **options):
    """Eq. 3.14 on the mixture, in the precision of the embeddings."""
    return F.nll_loss(plain(embeddings, labels, **options).log(), labels[:, -1])


def test_copying_points_at_the_equal_embedding():
    """A target whose embeddings equal shuffled reference embeddings gets the shuffled labels."""
    generator = torch.Generator().manual_seed(0)
    reference = F.one_hot(torch.arange(16), 16).float().T.reshape(1, 1, 16, 4, 4)
    order = torch.randperm(16, generator=generator)
    target = reference.flatten(3)[:, 0, :, order].reshape(1, 16, 4, 4)
    labels = torch.rand(1, 1, 3, 4, 4, generator=generator).softmax(dim=2)
    weights = affinity(reference * 100, target)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 16))
    expected = labels.flatten(3)[:, 0, :, order]
    torch.testing.assert_close(copy_labels(weights, labels).flatten(2), expected)
    fused = copied_labels(reference * 100, target, labels)
    torch.testing.assert_close(fused.flatten(2), expected)


@pytest.mark.parametrize("colours", [COLOURS, 40], ids=["fewer", "more"])
@pytest.mark.parametrize("options", [{}, {"temperature": 0.3}, {"window": 2}], ids=str)
def test_the_fused_kernel_computes_the_plain_form(options, colours):
    """Values and gradients, with fewer and with more colours than channels of the embedding."""
    embeddings, labels = sample(colours=colours)
    embeddings.requires_grad_()
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        predicted, truth = predict_labels(embeddings, labels, colours=colours, **options)
    expected = plain(embeddings.double(), labels, colours, **options)
    assert torch.equal(truth, labels[:, -1])
    torch.testing.assert_close(predicted.double(), expected, rtol=1e-4, atol=1e-6)
    weight = torch.linspace(-1, 1, predicted.numel()).view_as(predicted)
    [ours] = torch.autograd.grad((predicted * weight).sum(), embeddings)
    [theirs] = torch.autograd.grad((expected * weight).sum(), embeddings)
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("window", [None, 3])
def test_nll_is_that_of_float64_in_every_precision(kind, scale, window):
    """The embeddings are rounded; nothing after them is. Scores reach hundreds at scale 4."""
    embeddings, labels = sample(scale=scale, kind=kind)
    embeddings.requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind != torch.float32):
        loss = label_loss(embeddings, labels, colours=COLOURS, window=window)
    exact = embeddings.detach().double().requires_grad_()
    expected = plain_nll(exact, labels, window=window)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    loss.backward()
    expected.backward()
    precision = {torch.float32: 1e-4, torch.float16: 2e-3, torch.bfloat16: 1e-2}[kind]
    torch.testing.assert_close(
        embeddings.grad.double(), exact.grad, rtol=precision, atol=precision * 0.05
    )


def test_a_sure_mistake_keeps_its_gradient():
    """Where the mixture underflows to 0, its logarithm had no value and no gradient."""
    embeddings = torch.zeros(1, 2, 2, 1, 2)
    embeddings[0, 0, :, 0, 0] = torch.tensor([15.0, 0.0])
    embeddings[0, 0, :, 0, 1] = torch.tensor([0.0, 15.0])
    embeddings[0, 1, :, 0, :] = torch.tensor([[15.0, 0.0], [0.0, 15.0]])
    labels = torch.tensor([[[[0, 1]], [[1, 0]]]])  # each position has the colour of the other
    assert plain(embeddings, labels, 2).gather(1, labels[:, -1:]).max() == 0
    embeddings.requires_grad_()
    loss = label_loss(embeddings, labels, colours=2)
    assert loss.item() == pytest.approx(225, rel=1e-6)
    loss.backward()
    assert embeddings.grad.abs().min(dim=2).values.amin() > 1


def test_a_colour_that_no_reference_has_costs_a_constant():
    embeddings, labels = sample()
    labels[labels == 4] = 3
    labels[0, -1, 0, 0] = 4
    embeddings.requires_grad_()
    logs, possible = log_likelihood(
        embeddings[:, :-1], embeddings[:, -1], labels[:, :-1], labels[:, -1], colours=COLOURS
    )
    assert (~possible).nonzero().tolist() == [[0, 0, 0]] and logs[0, 0, 0] == 0
    loss = label_loss(embeddings, labels, colours=COLOURS)
    expected = (UNSEEN - logs[possible].sum()) / possible.numel()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert pytest.approx(math.log(1e7)) == UNSEEN
    loss.backward()
    assert embeddings.grad.isfinite().all()
    assert embeddings.grad[0, -1, :, 0, 0].abs().max() == 0


def test_a_constant_colour_costs_nothing():
    embeddings, labels = sample()
    loss = label_loss(embeddings.requires_grad_(), torch.zeros_like(labels), colours=COLOURS)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    loss.backward()
    assert embeddings.grad.abs().max() < 1e-6


def test_local_window_is_a_square_around_each_cell():
    near = local_window(4, 5, 1)
    for row in range(4):
        for column in range(5):
            seen = near[row * 5 + column].view(4, 5).nonzero().tolist()
            expected = [
                [r, c] for r in range(4) for c in range(5)
                if abs(r - row) <= 1 and abs(c - column) <= 1
            ]  # fmt: skip
            assert seen == expected
    assert local_window(4, 5, 4).all()


def test_nothing_is_copied_from_outside_the_window():
    embeddings, labels = sample()
    weights = affinity(embeddings[:, :-1], embeddings[:, -1], window=2)
    assert weights[:, ~local_window(6, 6, 2).repeat(1, 3)].max() == 0
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 36))
    changed = labels.clone()
    changed[:, :-1, 3:, :] = 0
    before, _ = predict_labels(embeddings, labels, colours=COLOURS, window=2)
    after, _ = predict_labels(embeddings, changed, colours=COLOURS, window=2)
    assert torch.equal(before[:, :, 0], after[:, :, 0])
    assert not torch.equal(before[:, :, 1], after[:, :, 1])


def test_a_trunk_without_padding_takes_the_central_labels():
    embeddings, labels = sample(side=4)
    wide = torch.zeros(2, 4, 8, 8, dtype=torch.long)
    wide[..., 2:6, 2:6] = labels
    predicted, truth = predict_labels(embeddings, wide, colours=COLOURS)
    assert torch.equal(truth, labels[:, -1])
    assert torch.equal(predicted, predict_labels(embeddings, labels, colours=COLOURS)[0])
    narrow, centred = (label_loss(embeddings, given, colours=COLOURS) for given in (labels, wide))
    assert narrow == centred


def test_directions_are_unit_vectors_without_what_all_share():
    torch.manual_seed(0)
    embeddings = torch.randn(2, 3, 5, 4, 6, dtype=torch.bfloat16)
    found = directions(embeddings + 7)
    assert found.dtype == torch.float32 and found.shape == embeddings.shape
    torch.testing.assert_close(found.norm(dim=2), torch.ones(2, 3, 4, 6))
    # What all cells of a sample have in common, and any scale, change nothing.
    exact = embeddings.double()
    torch.testing.assert_close(directions(exact), directions(3 * exact + 2.5))
