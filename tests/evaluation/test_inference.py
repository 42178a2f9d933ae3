"""Networks as the tracker runs them: the same numbers as plain PyTorch."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from chromatrack.checkpoints import load_checkpoint
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_sequences
from chromatrack.models import trunks
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.build import build_colorizer, build_fused, build_siamfc
from chromatrack.models.correlation import correlate
from chromatrack.models.inputs import InputScaling
from chromatrack.models.paired import PairedConv2d
from chromatrack.models.pooled import rectify_pools
from chromatrack.models.siamfc import SiamFC, cross_correlate
from chromatrack.models.winograd import WinogradConv2d, transforms
from chromatrack.models.winograd_rows import RowWinogradConv2d
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.inference import (
    Prepared,
    fold_batch_norm,
    replace_convolutions,
    shift_input,
)
from chromatrack.tracking.networks import FusedNetwork, SiamFCNetwork
from chromatrack.tracking.tracker import SiameseTracker

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
@pytest.mark.parametrize("way", [WinogradConv2d, RowWinogradConv2d])
def test_winograd_equals_the_convolution(kernel, groups, padding, mode, way):
    torch.manual_seed(0)
    convolution = nn.Conv2d(
        64, 96, kernel, groups=groups, padding=padding, padding_mode=mode, bias=groups == 2
    )
    assert way.fits(convolution)
    x = torch.randn(2, 64, 23, 18)
    with torch.inference_mode():
        expected = convolution.double()(x.double())
        convolution.float()
        close(way(convolution)(x).double(), expected, 2e-5)
        # channels-last in memory, as it comes from patches
        x = x.to(memory_format=torch.channels_last)
        close(way(convolution)(x).double(), expected, 2e-5)


@pytest.mark.parametrize("width", [35, 38, 46, 57, 61])  # 8, 9, 11, 14 and 15 tiles
def test_tiles_of_a_row_are_transformed_in_parts(width):
    torch.manual_seed(0)
    convolution = nn.Conv2d(32, 64, 5, padding=(1, 0))
    x = torch.randn(3, 32, 9, width).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        close(RowWinogradConv2d(convolution)(x), convolution(x), 2e-5)


@pytest.mark.parametrize("kernel", [3, 5])
def test_rows_lose_little_in_bfloat16(kernel):
    for matrix in transforms(4, kernel)[::2]:  # of input and output: held exactly
        held = torch.from_numpy(matrix).bfloat16().double().numpy()
        np.testing.assert_allclose(held, matrix, rtol=0, atol=1e-12)  # inverted in float64
    torch.manual_seed(0)
    convolution = nn.Conv2d(64, 96, kernel)
    x = torch.randn(2, 64, 31, 31).relu()
    with torch.inference_mode():
        expected = convolution(x)
        half = RowWinogradConv2d(convolution).bfloat16()
        direct = convolution.bfloat16()(x.bfloat16())
        lost, lost_directly = (
            (found.float() - expected).norm() for found in (half(x.bfloat16()), direct)
        )
        assert lost < 4.5 * lost_directly  # 1.8 in a trained network
        # another width, then the first again: bands of each are kept apart
        assert half(x[..., :20].bfloat16()).shape == (2, 96, 32 - kernel, 21 - kernel)
        assert half(x.bfloat16()).shape == expected.shape


def test_the_input_is_shifted_where_nothing_is_put_around_it():
    network = lived_in(build_siamfc())
    x = torch.rand(1, 3, 127, 127) * 255
    with torch.inference_mode():
        expected = network.embed(x)
        fold_batch_norm(network, lambda: network.embed(x))
        assert shift_input(network, lambda: network.embed(x), 128)
        close(network.embed(x - 128), expected, 1e-4)
    padded = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1))
    before = padded[0].bias.clone()
    assert not shift_input(padded, lambda: padded(x), 128)
    assert torch.equal(padded[0].bias, before)


@pytest.mark.parametrize("size", [(40, 41), (37, 52)])
@pytest.mark.parametrize(
    ("kernel", "padding", "stride"),
    [(11, 0, 2), (7, 3, 2), (8, 0, 2), (8, 3, 2), ((3, 9), (1, 2), (1, 2))],
)
def test_pixels_in_pairs_are_the_same_convolution(kernel, padding, stride, size):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, kernel, stride, padding, bias=padding == 0).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    for given in (x, x.contiguous(memory_format=torch.channels_last)):
        assert PairedConv2d.fits(convolution)
        found = PairedConv2d(convolution).double()(given)
        torch.testing.assert_close(found, convolution(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(1, 4, 11, 2),
        nn.Conv2d(3, 4, 3, 2),
        nn.Conv2d(3, 4, 7),
        nn.Conv2d(3, 3, 7, 2, groups=3),
        nn.Conv2d(3, 4, 7, 2, dilation=2),
        nn.Conv2d(3, 4, 7, 2, 3, padding_mode="reflect"),
    ],
)
def test_pixels_in_pairs_are_for_wide_kernels_over_three_channels(convolution):
    assert not PairedConv2d.fits(convolution)


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(
    "parts",
    [
        (nn.MaxPool2d(3, stride=2), nn.ReLU()),
        (nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1)),
        (nn.Identity(), nn.MaxPool2d(2), nn.Identity(), nn.ReLU()),
        (nn.MaxPool2d(4, stride=3, padding=2), nn.ReLU(), nn.MaxPool2d(3, 1), nn.ReLU()),
    ],
)
def test_rectified_pooling_of_whole_numbers_is_the_same(parts, layout):
    torch.manual_seed(0)
    x = torch.randn(2, 5, 23, 30).bfloat16().to(memory_format=layout)
    x[0, :, :9] = -x[0, :, :9].abs()  # whole windows below zero
    x[0, 0, 0, 0], x[0, 1, 12, 12], x[1, 0, 3, 3] = -0.0, float("inf"), -float("inf")
    network = nn.Sequential(*parts)
    expected = network(x.clone())
    rectify_pools(network)
    assert not any(isinstance(part, nn.MaxPool2d | nn.ReLU) for part in network)
    found = network(x.clone())
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    "parts",
    [
        (nn.MaxPool2d(3, stride=2), nn.Sigmoid()),
        (nn.MaxPool2d(3, stride=2, dilation=2), nn.ReLU()),
        (nn.MaxPool2d(3, stride=2, ceil_mode=True), nn.ReLU()),
        (nn.MaxPool2d((3, 2)), nn.ReLU()),
        (nn.MaxPool2d(3), nn.Conv2d(3, 3, 1), nn.ReLU()),
        (SAME := nn.Conv2d(3, 3, 1), nn.MaxPool2d(3), SAME, nn.ReLU()),
    ],
)
def test_other_pools_stay_as_they_are(parts):
    network = nn.Sequential(*parts)
    rectify_pools(network)
    assert tuple(network) == parts


def test_bf16_keeps_exemplars_in_float32_and_bytes_exact():
    network = lived_in(build_siamfc())
    generator = np.random.default_rng(0)
    search = cv2.resize(generator.integers(0, 255, (9, 9, 3)).astype(np.uint8), (255, 255))[None]
    exemplar = search[:, 64:191, 64:191]
    single, half = (
        SiamFCNetwork(network, InputScaling(rgb="byte"), CPU, precision=precision)
        for precision in (32, "bf16")
    )
    (expected,), (found,) = single.embed_exemplar(exemplar), half.embed_exemplar(exemplar)
    assert torch.equal(expected, found)
    response = single.respond((expected,), single.embed(search))
    gap = half.respond((found,), half.embed(search)) - response
    assert 0 < (gap - gap.mean()).std() < 0.01 * response.std()


def test_bytes_less_128_are_nearer_to_float32(real_data, tmp_path):
    """Of trained weights: with random ones it is one as often as the other."""
    import_siamfc_pytorch(real_data / "siamfc_reference" / "weights.pth", tmp_path / "siamfc.pt")
    loaded = load_checkpoint(tmp_path / "siamfc.pt", kinds=("siamfc",))
    network, scaling = loaded.build().eval(), loaded.scaling
    single, half = (
        SiamFCNetwork(network, scaling, CPU, precision=precision) for precision in (32, "bf16")
    )
    plain = Prepared(network, SiamFC.embed, channels=3, device=CPU, precision="bf16")
    tracker = SiameseTracker(network=single)
    for sequence in read_sequences(real_data / "otb"):
        first, second = (read_image_rgb(path) for path in sequence.frames[:2])
        tracker.init(first, sequence.boxes_ltwh[0])
        patches = tracker.search_patches(second)
        expected = single.respond(tracker.exemplar, single.embed(patches))
        found = (half.embed(patches), (plain(scaling.rgb_tensor(patches)),))
        ours, other = (half.respond(tracker.exemplar, search) - expected for search in found)
        assert 0 < (ours - ours.mean()).std() < (other - other.mean()).std(), sequence.name


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
@pytest.mark.parametrize("layer", ["layer2", "layer4", "head"])
def test_a_prepared_branch_gives_its_embeddings(trunk, layer, padding):
    torch.manual_seed(0)
    colorizer = build_colorizer(trunk=trunk, width=0.5, padding=padding)
    branch = lived_in(AuxiliaryBranch.of(colorizer, layer=layer, border="padded", probe=False))
    patches = torch.randn(2, 1, 127, 127)
    before = [value.clone() for value in branch.state_dict().values()]
    with torch.inference_mode():
        expected = branch.embed(patches)
        prepared = Prepared(branch, AuxiliaryBranch.embed, channels=1, device=CPU)
        close(prepared(patches), expected, 1e-4)
        half = Prepared(branch, AuxiliaryBranch.embed, channels=1, device=CPU, precision="bf16")(
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
    replace_convolutions(network, WinogradConv2d)
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


AUXILIARY = {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.2}}


@pytest.mark.parametrize("normalize", [False, True])
def test_each_target_is_mixed_with_its_own_alpha(normalize):
    torch.manual_seed(0)
    model = lived_in(
        build_fused(
            siamfc={"width": 0.2}, auxiliary=AUXILIARY, alpha=None, normalize=normalize,
            statistics=((-3.0, 3.5), (400.0, 34.0)),
        )
    )  # fmt: skip
    alphas = (0.0, 0.3, 1.0)
    network = FusedNetwork(model, InputScaling(), CPU, alphas=alphas, centred=True)
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
