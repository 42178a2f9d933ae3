"""Shapes and parameter counts of the networks, and what cross-correlation and mixing promise."""

import pytest
import torch

from chromatrack.models.build import TRUNKS, build_colorizer, build_fused, build_siamfc
from chromatrack.models.colorizer import affinity, copy_labels
from chromatrack.models.head import positions
from chromatrack.models.siamfc import cross_correlate

SMALL = {"width": 0.125, "channels": "as_run"}


def fused(alpha, *, normalize=False, part="trunk", trunk="resnet18"):
    torch.manual_seed(0)
    return build_fused(
        siamfc=SMALL,
        colorizer={"trunk": trunk, "width": 0.125},
        alpha=alpha,
        part=part,
        normalize=normalize,
        statistics=((1.0, 2.0), (3.0, 4.0)),
    ).eval()


def patches(batch=2):
    generator = torch.Generator().manual_seed(1)
    make = lambda channels, size: torch.randn(batch, channels, size, size, generator=generator)  # noqa: E731
    return make(3, 127), make(1, 127), make(3, 255), make(1, 255)


def test_sizes_of_the_thesis():
    """Table 3.1 and 3.3: parameters, strides and output sizes."""
    siamfc = build_siamfc()
    assert sum(p.numel() for p in siamfc.parameters()) == 2_336_320
    assert siamfc.embed(torch.zeros(1, 3, 127, 127)).shape == (1, 256, 6, 6)
    assert siamfc.embed(torch.zeros(1, 3, 255, 255)).shape == (1, 256, 22, 22)
    colorizer = build_colorizer(trunk="resnet18")
    assert sum(p.numel() for p in colorizer.parameters()) == 9_096_192
    assert colorizer.trunk(torch.zeros(1, 1, 256, 256)).shape == (1, 256, 32, 32)
    written = build_siamfc(channels="as_written")
    assert written.embed(torch.zeros(1, 3, 127, 127)).shape == (1, 128, 6, 6)


@pytest.mark.parametrize(("trunk", "cells"), [("resnet18", 32), ("alexnet", 22)])
def test_embedding_of_a_sample(trunk, cells):
    model = build_colorizer(trunk=trunk, width=0.125)
    assert model(torch.zeros(2, 4, 1, 256, 256)).shape == (2, 4, 64, cells, cells)


@pytest.mark.parametrize("trunk", sorted(TRUNKS))
@pytest.mark.parametrize("part", ["trunk", "full"])
def test_both_branches_give_17x17(trunk, part):
    model = fused(0.5, part=part, trunk=trunk)
    assert model(*patches()).shape == (2, 1, 17, 17)


def test_positions():
    assert positions(8, kind="without_zero").tolist() == [
        -1,
        -0.75,
        -0.5,
        -0.25,
        0.25,
        0.5,
        0.75,
        1,
    ]
    assert positions(5, kind="linspace").tolist() == [-1, -0.5, 0, 0.5, 1]


def test_cross_correlation_is_a_loop():
    generator = torch.Generator().manual_seed(0)
    exemplar = torch.randn(2, 3, 4, 4, generator=generator)
    search = torch.randn(4, 3, 7, 7, generator=generator)
    response = cross_correlate(exemplar, search)
    assert response.shape == (4, 1, 4, 4)
    for item in range(4):
        for row in range(4):
            for column in range(4):
                window = search[item, :, row : row + 4, column : column + 4]
                expected = (window * exemplar[item % 2]).sum()
                torch.testing.assert_close(response[item, 0, row, column], expected)


def test_alpha_0_and_1_are_the_branches_bit_for_bit():
    z_rgb, z_grey, x_rgb, x_grey = patches()
    first, last, middle = fused(0.0), fused(1.0), fused(0.25)
    with torch.no_grad():
        siamfc = first.siamfc(z_rgb, x_rgb)
        branch = last.colorization
        colorization = branch.respond(branch.embed(z_grey), branch.embed(x_grey))
        assert torch.equal(first(z_rgb, z_grey, x_rgb, x_grey), siamfc)
        assert torch.equal(last(z_rgb, z_grey, x_rgb, x_grey), colorization)
        mixed = middle(z_rgb, z_grey, x_rgb, x_grey)
        torch.testing.assert_close(mixed, 0.75 * siamfc + 0.25 * colorization)


def test_normalization_is_eq_4_1():
    z_rgb, z_grey, x_rgb, x_grey = patches()
    model, plain = fused(0.3, normalize=True), fused(0.0)
    with torch.no_grad():
        first = (plain.siamfc(z_rgb, x_rgb) - 1) / 2
        branch = model.colorization
        second = (branch.respond(branch.embed(z_grey), branch.embed(x_grey)) - 3) / 4
        mixed = model(z_rgb, z_grey, x_rgb, x_grey)
    torch.testing.assert_close(mixed, 0.7 * first + 0.3 * second)


def test_learned_alpha_gets_a_gradient():
    model = fused(None)
    assert model.alpha.item() == 0.5
    model(*patches()).sum().backward()
    assert model.alpha_logit.grad.abs() > 0


def test_copying_points_at_the_equal_embedding():
    """A target whose embeddings equal shuffled reference embeddings gets the shuffled labels."""
    generator = torch.Generator().manual_seed(0)
    reference = torch.nn.functional.one_hot(torch.arange(16), 16).float().T.reshape(1, 1, 16, 4, 4)
    order = torch.randperm(16, generator=generator)
    target = reference.flatten(3)[:, 0, :, order].reshape(1, 16, 4, 4)
    labels = torch.rand(1, 1, 3, 4, 4, generator=generator).softmax(dim=2)
    weights = affinity(reference * 100, target)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 16))
    copied = copy_labels(weights, labels)
    torch.testing.assert_close(copied.flatten(2), labels.flatten(3)[:, 0, :, order])
