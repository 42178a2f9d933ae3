"""Networks as the tracker runs them: the same numbers as plain PyTorch."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from chromatrack.models import trunks
from chromatrack.models.build import build_colorizer, build_fused, build_siamfc
from chromatrack.models.correlation import correlate
from chromatrack.models.fused import ColorizationBranch
from chromatrack.models.inputs import InputScaling
from chromatrack.models.siamfc import cross_correlate
from chromatrack.models.winograd import WinogradConv2d, transforms
from chromatrack.tracking.inference import Prepared, fold_batch_norm, use_winograd
from chromatrack.tracking.networks import FusedNetwork

CPU = torch.device("cpu")


def lived_in(module):
    """With BatchNorm statistics and weights that training could have left."""
    torch.manual_seed(1)
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm2d, nn.BatchNorm3d)):
            nn.init.normal_(part.running_mean, std=0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.normal_(part.weight, mean=1, std=0.2)
            nn.init.normal_(part.bias, std=0.2)
    return module.eval()


def close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= tolerance * expected.abs().max()


@pytest.mark.parametrize("outputs, kernel", [(2, 3), (4, 3), (4, 5)])
def test_transforms_compute_a_correlation(outputs, kernel):
    to_input, to_kernel, to_output = transforms(outputs, kernel)
    generator = np.random.default_rng(0)
    signal, weights = generator.normal(size=outputs + kernel - 1), generator.normal(size=kernel)
    found = to_output @ ((to_kernel @ weights) * (to_input @ signal))
    np.testing.assert_allclose(found, np.correlate(signal, weights, "valid"), atol=1e-12)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("padding, mode", [(0, "zeros"), (1, "zeros"), ((2, 1), "reflect")])
def test_winograd_equals_the_convolution(kernel, groups, padding, mode):
    torch.manual_seed(0)
    convolution = nn.Conv2d(
        64, 96, kernel, groups=groups, padding=padding, padding_mode=mode, bias=groups == 2
    )
    assert WinogradConv2d.fits(convolution)
    x = torch.randn(2, 64, 23, 18)
    with torch.inference_mode():
        expected = convolution.double()(x.double())
        convolution.float()
        close(WinogradConv2d(convolution)(x).double(), expected, 2e-5)
        # channels-last in memory, as it comes from patches
        x = x.to(memory_format=torch.channels_last)
        close(WinogradConv2d(convolution)(x).double(), expected, 2e-5)


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(64, 64, 3, stride=2),
        nn.Conv2d(64, 64, 3, dilation=2),
        nn.Conv2d(64, 64, 1),
        nn.Conv2d(3, 64, 3),
        nn.Conv2d(64, 64, 3, padding="same"),
        nn.ReLU(),
    ],
)
def test_other_layers_stay_as_they_are(convolution):
    assert not WinogradConv2d.fits(convolution)


@pytest.mark.parametrize("padding", ["zeros", "reflect"])
@pytest.mark.parametrize("trunk", trunks.NAMES)
@pytest.mark.parametrize("part", ["trunk", "full"])
def test_a_prepared_branch_gives_its_embeddings(trunk, part, padding):
    torch.manual_seed(0)
    colorizer = build_colorizer(trunk=trunk, width=0.5, padding=padding)
    branch = lived_in(ColorizationBranch(colorizer=colorizer, part=part))
    patches = torch.randn(2, 1, 127, 127)
    before = [value.clone() for value in branch.state_dict().values()]
    with torch.inference_mode():
        expected = branch.embed(patches)
        prepared = Prepared(branch, ColorizationBranch.embed, channels=1, device=CPU)
        close(prepared(patches), expected, 1e-4)
        half = Prepared(branch, ColorizationBranch.embed, channels=1, device=CPU, precision="bf16")(
            patches
        )
    assert half.dtype == torch.float32
    assert 1e-4 < (half - expected).norm() / expected.norm() < 0.05
    # The network itself may go on being trained.
    for old, new in zip(before, branch.state_dict().values(), strict=True):
        assert torch.equal(old, new)


def test_no_normalisation_is_left_and_winograd_is_used():
    network = lived_in(build_siamfc())
    fold_batch_norm(network, lambda: network.embed(torch.zeros(1, 3, 127, 127)))
    assert not any(isinstance(part, nn.BatchNorm2d) for part in network.modules())
    use_winograd(network)
    assert sum(isinstance(part, WinogradConv2d) for part in network.modules()) == 4


def test_a_normalisation_is_folded_by_what_feeds_it_not_by_its_place():
    class Odd(nn.Module):
        """Declared in another order than used; one normalisation follows no convolution."""

        def __init__(self):
            super().__init__()
            self.last = nn.BatchNorm2d(4)
            self.norm = nn.BatchNorm2d(4)
            self.convolution = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.last(F.relu(self.norm(self.convolution(x))))

    network = lived_in(Odd())
    x = torch.randn(1, 3, 16, 16)
    with torch.inference_mode():
        expected = network(x)
        fold_batch_norm(network, lambda: network(torch.zeros(1, 3, 16, 16)))
        close(network(x), expected, 1e-5)
    assert isinstance(network.norm, nn.Identity) and isinstance(network.last, nn.BatchNorm2d)


@pytest.mark.parametrize("targets, scales, cells", [(1, 3, 6), (3, 3, 6), (4, 1, 16)])
def test_correlation_as_a_product_equals_the_convolution(targets, scales, cells):
    torch.manual_seed(0)
    exemplar = torch.randn(targets, 8, cells, cells)
    search = torch.randn(targets * scales, 8, 22, 22)
    expected = [
        cross_correlate(exemplar[i : i + 1], search[i * scales : (i + 1) * scales])[:, 0]
        for i in range(targets)
    ]
    close(correlate(exemplar, search), torch.cat(expected), 1e-5)
    layout = search.to(memory_format=torch.channels_last)
    close(correlate(exemplar, layout), torch.cat(expected), 1e-5)


@pytest.mark.parametrize("normalize", [False, True])
def test_each_target_is_mixed_with_its_own_alpha(normalize):
    torch.manual_seed(0)
    model = lived_in(
        build_fused(
            siamfc={"width": 0.2}, colorizer={"trunk": "resnet18", "width": 0.2}, alpha=None,
            part="trunk", normalize=normalize, statistics=((-3.0, 3.5), (400.0, 34.0)),
        )
    )  # fmt: skip
    alphas = (0.0, 0.3, 1.0)
    network = FusedNetwork(model, InputScaling(), CPU, alphas=alphas)
    generator = np.random.default_rng(0)
    exemplar, search = (
        network.embed(generator.integers(0, 255, (count, side, side, 3)).astype(np.uint8))
        for count, side in ((4, 127), (8, 255))
    )
    variants = [2, 0, 1, 1]
    together = network.respond(exemplar, search, variants)
    for target, variant in enumerate(variants):
        model.fixed_alpha = alphas[variant]
        model.alpha_logit = None
        for row in (2 * target, 2 * target + 1):
            expected = model.respond(
                [e[target : target + 1] for e in exemplar], [e[row : row + 1] for e in search]
            )
            close(together[row], expected[0, 0].detach(), 1e-4)
