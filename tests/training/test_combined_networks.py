"""Both branches together: cells that fit, the auxiliary branch, and the mix of eq. 4.1."""

import pytest
import torch

from chromatrack.models import trunks
from chromatrack.models.build import (
    build_fused,
    build_trunk,
)
from chromatrack.models.siamfc import cross_correlate

SMALL = {"width": 0.125, "channels": "as_run"}


def fused(alpha, *, normalize=False, trunk="resnet18", **branch):
    torch.manual_seed(0)
    network = {"trunk": trunk, "width": 0.125}
    return build_fused(
        siamfc=SMALL,
        auxiliary={"kind": "colorization", "network": network, **branch},
        alpha=alpha,
        normalize=normalize,
        statistics=((1.0, 2.0), (3.0, 4.0)),
    ).eval()


def patches(batch=2):
    generator = torch.Generator().manual_seed(1)
    make = lambda channels, size: torch.randn(batch, channels, size, size, generator=generator)  # noqa: E731
    return make(3, 127), make(1, 127), make(3, 255), make(1, 255)


@pytest.mark.parametrize("trunk", trunks.NAMES)
@pytest.mark.parametrize("layer", ["layer2", "layer3", "layer4", "head"])
def test_both_branches_give_17x17(trunk, layer):
    model = fused(0.5, layer=layer, trunk=trunk)
    assert model(*patches()).shape == (2, 1, 17, 17)


@pytest.mark.parametrize("size", [127, 239, 255])
@pytest.mark.parametrize(
    ("trunk", "depth", "side"),
    [("resnet18", 2, 99), ("resnet18", 3, 163), ("resnet18", 4, 227), ("resnet34", 2, 179),
     ("torchvision_resnet50", 2, 91), ("alexnet", 2, 55), ("alexnet", 4, 87)],
)  # fmt: skip
def test_cells_see_what_they_are_said_to_see(trunk, depth, side, size):
    """By the gradient of a cell; and those that are unpadded see as many pixels as any."""
    torch.manual_seed(0)
    model = build_trunk(trunk, width=0.05).double().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.uniform_(module.weight, 0.1, 1.0)  # nothing cancels, no ReLU is shut
    assert model.sees(depth) == side
    image = torch.ones(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    features = model.features(image, depth)
    inside = model.unpadded(depth, size)

    def seen(cell: int) -> tuple[int, int]:
        row = torch.autograd.grad(features[0, :, cell, cell].sum(), image, retain_graph=True)[0]
        touched = row.abs().sum(dim=(0, 1, 2)).nonzero()
        return int(touched.min()), int(touched.max())

    for cell in range(features.shape[-1]):
        first, last = seen(cell)
        # A pooling passes its largest input on alone: less than the whole may be touched.
        assert last - first + 1 <= side
        if trunk != "alexnet":
            reach = (side - 1) // 2
            assert (8 * cell - reach >= 0 and 8 * cell + reach < size) == (cell in inside)
            assert first >= 8 * cell - reach and last <= 8 * cell + reach
        else:
            assert cell in inside


def test_cropped_cells_give_17x17_where_there_are_any():
    """A cell of layer 4 sees 227 pixels: more than an exemplar has."""
    model = fused(0.5, layer="layer2", border="cropped")
    z, grey_z, x, grey_x = patches()
    assert model.auxiliary.embed(grey_z).shape[-1] == 3
    assert model(z, grey_z, x, grey_x).shape == (2, 1, 17, 17)
    assert model.auxiliary.embed(torch.zeros(1, 1, 239, 239)).shape[-1] - 2 == 15
    for layer in ("layer3", "layer4"):
        with pytest.raises(ValueError, match=r"sees (163|227) px of an exemplar of 127 px"):
            fused(0.5, layer=layer, border="cropped")
    with pytest.raises(ValueError, match="every cell of the head sees padding"):
        fused(0.5, layer="head", border="cropped")


def test_a_probe_starts_as_the_identity_and_is_all_that_is_trained():
    plain, probed = fused(1.0), fused(1.0, probe=True)
    missing, unexpected = probed.auxiliary.load_state_dict(plain.auxiliary.state_dict(), False)
    assert not unexpected and all(name.startswith("probe.") for name in missing)
    z, grey_z, x, grey_x = patches()
    expected = plain(z, grey_z, x, grey_x)
    torch.testing.assert_close(probed(z, grey_z, x, grey_x), expected)
    before = {name: value.clone() for name, value in probed.state_dict().items()}
    probed.train()
    weights = [weight for weight in probed.auxiliary.parameters() if weight.requires_grad]
    assert len(weights) == 2
    optimizer = torch.optim.SGD([w for w in probed.parameters() if w.requires_grad], lr=0.1)
    probed(z, grey_z, x, grey_x).square().mean().backward()
    optimizer.step()
    changed = [n for n, value in probed.state_dict().items() if not torch.equal(value, before[n])]
    assert changed == ["auxiliary.probe.weight", "auxiliary.probe.bias"]


def test_a_second_siamfc_is_an_auxiliary():
    network = {"siamfc": SMALL, "auxiliary": {"kind": "siamfc", "network": SMALL}, "alpha": 0.5}
    model = build_fused(**network, normalize=False, statistics=((0, 1), (0, 1))).eval()
    model.auxiliary.trunk.load_state_dict(model.siamfc.backbone.state_dict())
    z, _, x, _ = patches()
    torch.testing.assert_close(model(z, z, x, x), model.siamfc(z, x))


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
        branch = last.auxiliary
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
        branch = model.auxiliary
        second = (branch.respond(branch.embed(z_grey), branch.embed(x_grey)) - 3) / 4
        mixed = model(z_rgb, z_grey, x_rgb, x_grey)
    torch.testing.assert_close(mixed, 0.7 * first + 0.3 * second)


def test_learned_alpha_gets_a_gradient():
    model = fused(None)
    assert model.alpha.item() == 0.5
    model(*patches()).sum().backward()
    assert model.alpha_logit.grad.abs() > 0
