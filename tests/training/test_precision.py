"""One step of an optimiser."""

import pytest
import torch

from chromatrack.training.precision import Precision

CPU = torch.device("cpu")


def after_a_step(scale, clip_norm):
    """Two weights after a step of rate 1 along a gradient of length 5 times a scale."""
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    loss = scale * (torch.tensor([3.0, 4.0]) * weight).sum()
    Precision(32, CPU).step(loss, optimizer, clip_norm=clip_norm)
    return -weight.detach()


def test_a_long_gradient_is_shortened_and_keeps_its_direction():
    step = after_a_step(100.0, 10.0)
    assert step.norm().item() == pytest.approx(10.0, rel=1e-5)
    assert (step / step.norm()).tolist() == pytest.approx([0.6, 0.8], rel=1e-5)


@pytest.mark.parametrize("clip_norm", [None, 5.1, 1e6])
def test_a_shorter_one_is_left_as_it_is_to_the_bit(clip_norm):
    assert torch.equal(after_a_step(1.0, clip_norm), torch.tensor([3.0, 4.0]))
