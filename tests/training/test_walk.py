"""The second pretext: walks from patch to patch and back."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from chromatrack.errors import InputError
from chromatrack.models.build import build_colorizer
from chromatrack.settings import from_mapping
from chromatrack.training.walk import TEMPERATURE, Walk, patches_of, walk_loss


def test_patches_are_cut_every_half_of_their_side():
    images = torch.arange(2 * 1 * 128 * 96).view(2, 1, 128, 96).float()
    patches = patches_of(images)
    assert patches.shape == (2 * 3 * 2, 1, 64, 64)
    torch.testing.assert_close(patches[1], images[0, :, :64, 32:96])
    torch.testing.assert_close(patches[-1], images[1, :, 64:, 32:96])


@pytest.mark.parametrize("frames", [2, 4])
def test_the_loss_is_that_of_the_steps_one_by_one(frames):
    torch.manual_seed(0)
    nodes = F.normalize(torch.randn(2, frames, 5, 8, dtype=torch.float64), dim=-1)
    expected = []
    for length in range(1, frames):
        walk = [*range(length + 1), *range(length - 1, -1, -1)]
        for sample in nodes:
            chain = torch.eye(5, dtype=torch.float64)
            for before, after in itertools.pairwise(walk):
                step = sample[before] @ sample[after].T / TEMPERATURE
                chain = chain @ torch.softmax(step, dim=-1)
            expected.append(-chain.diagonal().log().mean())
    torch.testing.assert_close(walk_loss(nodes), torch.stack(expected).mean())


def test_who_finds_back_has_no_loss_and_who_cannot_tell_patches_apart_that_of_chance():
    apart = torch.eye(6).expand(1, 3, 6, 6)
    assert walk_loss(apart) < 1e-4
    alike = torch.ones(1, 3, 6, 6) / 6**0.5
    torch.testing.assert_close(walk_loss(alike), torch.tensor(6.0).log())
    assert walk_loss(apart, dropout=0.99).isfinite()


@pytest.mark.parametrize("trunk", ["resnet18", "alexnet"])
def test_a_few_steps_learn_to_find_back(trunk):
    torch.manual_seed(0)
    walk = Walk(build_colorizer(trunk=trunk, width=0.1, head="none"))
    frames = F.interpolate(torch.randn(2, 1, 24, 24), 128)[:, None].expand(2, 3, 1, 128, 128)
    frames = frames + 0.3 * torch.randn(frames.shape)
    optimizer = torch.optim.Adam(walk.parameters(), lr=1e-3)
    losses = []
    for _ in range(12):
        loss = walk_loss(walk(frames))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    assert all(value.grad is not None for value in walk.parameters())


def test_walks_have_no_head_to_train():
    with pytest.raises(InputError, match="walk trains the trunk alone; expected head: none"):
        from_mapping({"colorization": {"loss": "walk"}})
