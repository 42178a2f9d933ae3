"""The networks of the thesis: sizes, trunks, heads, and options of colorization."""

import copy

import pytest
import torch

from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.models import trunks
from chromatrack.models.alexnet import AlexNet
from chromatrack.models.build import (
    build_colorizer,
    build_siamfc,
    build_trunk,
    root_of_embedding,
)
from chromatrack.models.colorizer import ChannelDropout
from chromatrack.models.head import ThinConv3d, positions
from chromatrack.models.layers import count_parameters, list_layers
from chromatrack.models.similarity import directions
from chromatrack.settings import ColorizationSettings, from_mapping


def test_sizes_of_the_thesis():
    """Table 3.1: parameters, strides and output sizes of SiamFC."""
    siamfc = build_siamfc()
    assert count_parameters(siamfc) == 2_336_320
    assert siamfc.embed(torch.zeros(1, 3, 127, 127)).shape == (1, 256, 6, 6)
    assert siamfc.embed(torch.zeros(1, 3, 255, 255)).shape == (1, 256, 22, 22)
    written = build_siamfc(channels="as_written")
    assert written.embed(torch.zeros(1, 3, 127, 127)).shape == (1, 128, 6, 6)


@pytest.mark.parametrize(
    ("name", "parameters", "cells"),
    [("resnet18", 5_137_856, 32), ("resnet34", 11_706_048, 32), ("alexnet", 2_313_088, 22)],
)
def test_trunks_of_the_thesis(name, parameters, cells):
    """Table 3.3 and section 5.3.4, on a frame of 256x256, and on the patches of the tracker."""
    with torch.device("meta"):
        trunk = build_trunk(name)
        assert count_parameters(trunk) == parameters
        assert (trunk.out_channels, trunk.stride) == (256, 8)
        assert trunk(torch.zeros(1, 1, 256, 256)).shape == (1, 256, cells, cells)
        small, large = (trunk(torch.zeros(1, 1, side, side)).shape[-1] for side in (127, 255))
    assert large - small + 1 == 17


@pytest.mark.parametrize(("head", "parameters"), [("3d", 3_958_336), ("2d", 2_972_736)])
def test_heads(head, parameters):
    with torch.device("meta"):
        colorizer = build_colorizer(trunk="resnet18", head=head)
        assert count_parameters(colorizer.head) == parameters
        embeddings = colorizer(torch.zeros(2, 4, 1, 256, 256))
    assert embeddings.shape == (2, 4, 64, 32, 32)


def test_rectifying_behind_the_pooling_changes_no_bit():
    """siamfc-pytorch rectifies first; here three quarters of the numbers are gone by then."""

    def swapped(part: torch.nn.Sequential) -> torch.nn.Sequential:
        convolution, norm, pool, relu = part
        return torch.nn.Sequential(convolution, norm, relu, pool)

    torch.manual_seed(0)
    ours = AlexNet(channels=(8, 16, 16, 16, 8)).train()
    theirs = copy.deepcopy(ours)
    theirs.conv1, theirs.conv2 = swapped(theirs.conv1), swapped(theirs.conv2)
    patches = torch.randn(2, 3, 127, 127)
    found, expected = ours(patches), theirs(patches)
    assert torch.equal(found, expected)
    upstream = torch.randn_like(found)
    for output in (found, expected):
        output.backward(upstream)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine.grad, other.grad)


def test_every_trunk_is_one_file():
    """What a file in `models/trunks/` must give, and that a configuration takes it by its name."""
    assert set(trunks.NAMES) >= {"resnet18", "resnet34", "alexnet"}
    for name in trunks.NAMES:
        run = {"run": "a", "data": {"title": "a", "demo": True}}
        settings = from_mapping({**run, "experiments": {"6": {"trunk": name}}})
        assert settings.experiments["6"].trunk == name
    for name in trunks.NAMES:
        trunk = build_trunk(name, width=0.125, padding="reflect")
        side = 2 * trunk.margin + 8 * trunk.stride
        features = trunk(torch.zeros(2, 1, side, side))
        assert features.shape == (2, trunk.out_channels, 8, 8)


@pytest.mark.parametrize("wrong", [{"trunk": "../x"}, {"padding": "same"}, {"head": "4d"}], ids=str)
def test_unknown_names_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        build_colorizer(**{"trunk": "resnet18", "width": 0.125, **wrong})


def test_layers_of_a_network_hold_all_its_parameters():
    with torch.device("meta"):
        network = build_colorizer(trunk="resnet18")
        rows = list_layers(network.trunk, 1, 1, 256, 256)
    assert sum(row.parameters for row in rows) == count_parameters(network.trunk)
    assert [row.kind for row in rows] == ["convolution", "max pool"] + ["residual"] * 8
    assert [row.output for row in rows[::2]] == [
        (64, 128, 128), (64, 64, 64), (128, 32, 32), (256, 32, 32), (256, 32, 32),
    ]  # fmt: skip
    assert [row.stride[0] for row in rows] == [2, 2, 1, 1, 2, 1, 1, 1, 1, 1]


def test_describe_prints_the_tables(capsys):
    assert main(["describe"]) == 0
    text = capsys.readouterr().out
    for count in ("2,336,320", "2,313,088", "5,137,856", "11,706,048", "3,958,336"):
        assert count in text
    for size in ("59x59x96 123x123x96", "6x6x256  22x22x256", "32x32x256", "4x32x32x64", "1x16x16"):
        assert size in text
    assert main(["describe", "--trunk", "resnet34"]) == 0
    text = capsys.readouterr().out
    assert "11,706,048" in text and "3,958,336" in text and "2,336,320" not in text
    assert main(["describe", "--trunk", "vgg"]) == 2
    assert "expected one of alexnet, " in capsys.readouterr().err


def test_a_2d_head_sees_every_frame_by_itself():
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(1, 3, 1, 64, 64, generator=generator)
    other = frames.clone()
    other[:, 2] = 0
    torch.manual_seed(0)
    for head, alone in (("2d", True), ("3d", False)):
        model = build_colorizer(trunk="resnet18", width=0.125, head=head).eval()
        with torch.no_grad():
            assert torch.allclose(model(frames)[:, :2], model(other)[:, :2]) == alone


def test_reflect_padding_hides_the_edge():
    """A frame without content has the same features everywhere; zeros mark its border."""
    frame = torch.full((1, 1, 96, 96), 0.7)
    torch.manual_seed(0)
    reflecting = build_trunk("resnet18", width=0.125, padding="reflect").eval()
    zeros = build_trunk("resnet18", width=0.125).eval()
    zeros.load_state_dict(reflecting.state_dict())
    with torch.no_grad():
        features = reflecting(frame)
        assert (features - features[..., :1, :1]).abs().max() < 1e-5
        bordered = zeros(frame)
        assert (bordered - bordered[..., 5:6, 5:6]).abs().max() > 1e-3


def test_channel_dropout_leaves_channels_out_of_whole_samples():
    dropout = ChannelDropout(0.5)
    torch.manual_seed(0)
    frames = torch.ones(200, 2, 3, 4, 4)
    dropped = dropout(frames)
    per_channel = dropped[:, 0, :, 0, 0]
    assert torch.equal(dropped, per_channel[:, None, :, None, None].expand_as(dropped))
    left = (per_channel > 0).sum(1)
    assert set(left.tolist()) == {1, 2, 3}
    torch.testing.assert_close(per_channel.sum(1), torch.full((200,), 3.0))
    assert torch.equal(dropout.eval()(frames), frames)


@pytest.mark.parametrize("kind", ["lab", "rgb"])
def test_colour_input_has_three_channels(kind):
    model = build_colorizer(trunk="resnet18", width=0.125, input=kind, channel_dropout=0.3)
    assert model(torch.zeros(1, 2, 3, 64, 64)).shape == (1, 2, 64, 8, 8)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channel_dropout": 1.0, "input": "lab"}, "channel_dropout: expected 0 to less than 1"),
        ({"channel_dropout": 0.2}, "channel_dropout: luma is one channel"),
        ({"local_window": 0}, "local_window: expected 1 cell or more, or null, got 0"),
    ],
)
def test_options_that_cannot_work_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ColorizationSettings(**wrong)


@pytest.mark.parametrize("trunk", trunks.NAMES)
def test_the_middle_of_a_trunk_lies_on_the_cells_of_its_output(trunk):
    """A change of one cell's pixels changes the middle there more than anywhere else."""
    torch.manual_seed(0)
    body = build_trunk(trunk, width=0.125).eval()
    side = 96 + 2 * body.margin
    image = torch.zeros(1, 1, side, side)
    spot = image.clone()
    first = body.margin + body.stride * 5
    spot[..., first : first + body.stride, first : first + body.stride] = 1.0
    with torch.inference_mode():
        change = (body.middle(spot) - body.middle(image)).abs().sum(dim=1)[0]
        assert change.shape == body(image).shape[-2:]
    row, column = divmod(int(change.argmax()), change.shape[1])
    assert abs(row - 5) <= 1 and abs(column - 5) <= 1


def test_without_a_head_the_embedding_is_what_the_trunk_gives():
    torch.manual_seed(0)
    model = build_colorizer(trunk="resnet18", width=0.125, head="none").eval()
    frames = torch.rand(1, 2, 1, 64, 64)
    with torch.inference_mode():
        expected = model.trunk(frames.flatten(0, 1))
        assert torch.equal(model(frames)[0], expected)


@pytest.mark.parametrize("channels", [8, 13])
@pytest.mark.parametrize(
    ("size", "padding", "dilation"),
    [
        ((1, 3, 3), (0, 2, 2), (1, 2, 2)),
        ((3, 1, 1), (1, 0, 0), (1, 1, 1)),
        ((3, 1, 1), (2, 0, 0), (2, 1, 1)),
        ((3, 1, 1), (3, 0, 0), (3, 1, 1)),  # beyond the frames that there are
        ((3, 1, 1), (0, 0, 0), (1, 1, 1)),
        ((1, 1, 1), (0, 0, 0), (1, 1, 1)),
    ],
)
def test_what_a_gpu_is_given_in_two_dimensions_gives_the_same(channels, size, padding, dilation):
    torch.manual_seed(0)
    conv = ThinConv3d(channels, 6, size, padding=padding, dilation=dilation, bias=size == (1, 1, 1))
    conv.double()  # in float32, kernels for other numbers of channels round in another order
    x = torch.randn(2, channels, 3, 9, 8, dtype=torch.float64)
    results = []
    for way in (conv, conv.flat):
        given = x.clone().requires_grad_()
        found = way(given)
        conv.zero_grad()
        found.square().sum().backward()
        results.append((found, given.grad, conv.weight.grad.clone()))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


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


@pytest.mark.parametrize(
    ("head", "width", "root"),
    [("3d", 1.0, 8.0), ("2d", 0.25, 8.0), ("none", 0.25, 8.0), ("none", 1.0, 16.0)],
)
def test_products_are_divided_by_the_root_of_what_they_are_taken_over(head, width, root):
    told = {"trunk": "resnet18", "width": width, "head": head, "embedding": 64}
    assert root_of_embedding(**told) == root
    embedded = build_colorizer(**told).eval()(torch.randn(1, 2, 1, 32, 32))
    assert embedded.shape[2] == root**2


def test_directions_want_a_temperature():
    with pytest.raises(InputError, match="directions are compared at a low one"):
        from_mapping({"colorization": {"directions": True}})


def test_a_network_says_how_its_embeddings_are_compared():
    options = {"trunk": "resnet18", "width": 0.05, "head": "none"}
    torch.manual_seed(0)
    plain = build_colorizer(**options).eval()
    compared = build_colorizer(**options, temperature=0.07, directions=True).eval()
    compared.load_state_dict(plain.state_dict())
    assert (plain.temperature, compared.temperature) == (1.0, 0.07)
    frames = torch.randn(2, 3, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(compared(frames), directions(plain(frames)))
