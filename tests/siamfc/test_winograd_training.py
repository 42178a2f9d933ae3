"""Winograd's algorithm in training is the convolution, gradients and all."""

import copy
import dataclasses

import pytest
import torch
from torch import nn

from chromatrack.checkpoints import load_checkpoint
from chromatrack.models import winograd_training
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.winograd import WinogradConv2d, matrices
from chromatrack.models.winograd_training import (
    TrainedWinogradConv2d,
    placed,
    use_winograd_in_training,
)
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.stages.siamfc import training
from tests.crop_shards import write_blobs

CPU = ComputeSettings(device="cpu")
# The narrowest network in which all but the first convolution have 32 channels to a group.
NARROW = SiamFCSettings(width=0.7, epochs=1, pairs_per_epoch=8, batch_size=2)


def outputs_and_gradients(convolution, x):
    x = x.clone(memory_format=torch.preserve_format).requires_grad_()
    y = convolution(x)
    torch.manual_seed(1)
    slope = torch.randn(y.shape, dtype=torch.float64).to(y.dtype)
    return y, *torch.autograd.grad(y, (x, *convolution.parameters()), slope)


# In float64 formulas have to be the same, in float32 some digits are lost to the transforms.
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-12), (torch.float32, 3e-5)])
@pytest.mark.parametrize("padding, mode", [(0, "zeros"), ((2, 1), "zeros"), (1, "reflect")])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5])
def test_outputs_and_gradients_are_those_of_the_convolution(
    kernel, groups, batch, padding, mode, dtype, tolerance, monkeypatch
):
    monkeypatch.setattr(winograd_training, "LEAST_OUTPUTS", 0)
    torch.manual_seed(0)
    direct = nn.Conv2d(
        64, 96, kernel, groups=groups, padding=padding, padding_mode=mode, bias=batch == 8
    ).to(dtype)
    fast = copy.deepcopy(direct)
    use_winograd_in_training(fast)
    assert isinstance(fast, TrainedWinogradConv2d)
    x = torch.randn(batch, 64, 23, 18, dtype=dtype)
    # Contiguous, and channels-last as in a training.
    for form in (torch.contiguous_format, torch.channels_last):
        expected = outputs_and_gradients(direct.double(), x.double())
        found = outputs_and_gradients(fast.to(memory_format=form), x.to(memory_format=form))
        for one, two in zip(found, expected, strict=True):
            assert one.shape == two.shape and one.dtype == dtype
            assert (one - two).abs().max() < tolerance * two.abs().max()


def test_many_rows_are_taken_in_parts(monkeypatch):
    """Sums over the chunks of tiles, and tiles that overlap between them."""
    monkeypatch.setattr(winograd_training, "LEAST_OUTPUTS", 0)
    torch.manual_seed(0)
    direct = nn.Conv2d(64, 64, 5).double()
    fast = copy.deepcopy(direct)
    use_winograd_in_training(fast)
    x = torch.randn(3, 64, 41, 37, dtype=torch.float64)
    whole = outputs_and_gradients(fast, x)
    monkeypatch.setattr("chromatrack.models.winograd.AT_ONCE", 30)
    for one, two, three in zip(
        whole, outputs_and_gradients(fast, x), outputs_and_gradients(direct, x), strict=True
    ):
        torch.testing.assert_close(one, three)
        torch.testing.assert_close(two, three)


def test_a_training_may_follow_on_tracking_in_a_process():
    """Matrices are kept: those that were made in inference mode have to serve a training too."""
    matrices.cache_clear()
    convolution = nn.Conv2d(32, 32, 3)
    x = torch.randn(1, 32, 40, 40)
    with torch.inference_mode():
        WinogradConv2d(convolution)(x)
    use_winograd_in_training(convolution)
    convolution(x).sum().backward()
    assert convolution.weight.grad.isfinite().all()


def test_the_network_keeps_its_names_and_weights():
    network = build_siamfc()
    before = dict(network.named_parameters())
    names = list(network.state_dict())
    use_winograd_in_training(network)
    assert sum(isinstance(part, TrainedWinogradConv2d) for part in network.modules()) == 4
    assert list(network.state_dict()) == names
    assert all(before[name] is value for name, value in network.named_parameters())
    another = build_siamfc()
    another.load_state_dict(copy.deepcopy(network).state_dict())


@pytest.mark.parametrize("precision, changed", [(32, 4 + 15), ("bf16", 0)])
def test_both_branches_of_the_combined_network_train_so(precision, changed):
    """Of ResNet-18, all filters of 3x3 but the one with a stride."""
    network = build_fused(
        siamfc={}, auxiliary={"kind": "colorization", "network": {"trunk": "resnet18"}}, alpha=0.5,
        normalize=True, statistics=((0.0, 1.0), (0.0, 1.0)),
    )  # fmt: skip
    placed(network, torch.device("cpu"), precision)
    parts = [part for part in network.modules() if isinstance(part, TrainedWinogradConv2d)]
    assert len(parts) == changed


def test_few_positions_are_convolved_directly():
    direct = nn.Conv2d(64, 64, 3)
    fast = copy.deepcopy(direct)
    use_winograd_in_training(fast)
    x = torch.randn(8, 64, 8, 8)
    assert torch.equal(fast(x), direct(x))


def test_a_training_goes_as_with_direct_convolutions(tmp_path, monkeypatch):
    crops = write_blobs(tmp_path / "crops-0000.h5")
    settings = dataclasses.replace(NARROW, learning_rate=1e-3)
    losses, states = [], []
    for name in ("fast", "direct"):
        if name == "direct":
            monkeypatch.setattr(winograd_training, "use_winograd_in_training", lambda _: None)
        output = tmp_path / name / "model.pt"
        training.train_siamfc([crops], output, seed=0, settings=settings, compute=CPU)
        rows = (output.parent / "metrics.csv").read_text().splitlines()[1:]
        losses.append([float(row.split(",")[1]) for row in rows])
        states.append(load_checkpoint(output).state)
    fast, direct = states
    assert list(fast) == list(direct)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)  # six digits in metrics.csv
    assert any(not torch.equal(fast[name], direct[name]) for name in fast)
    # Not closer: in a pooling's tie the other cell may come to be the largest.
    for name in fast:
        largest = max(1e-2, float(direct[name].abs().max()))
        torch.testing.assert_close(fast[name], direct[name], rtol=0, atol=1e-3 * largest)
