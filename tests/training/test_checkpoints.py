"""Networks as files: those of before, of another network, and damaged ones."""

import pytest
import torch

from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.errors import InputError
from chromatrack.models.build import (
    build_colorizer,
    build_siamfc,
)
from chromatrack.models.inputs import InputScaling


def test_a_checkpoint_from_before_the_options_loads(tmp_path):
    """Its description names no options, and its weights have the names of today."""
    old = {"trunk": "resnet18", "width": 0.125, "embedding": 16, "positions": "linspace"}
    network = build_colorizer(**old)
    names = {"trunk.stem.0.weight", "trunk.stages.1.0.downsample.0.weight",
             "head.blocks.4.3.weight", "head.embed.bias"}  # fmt: skip
    assert names <= set(network.state_dict())
    path = save(tmp_path, old, network)
    loaded = load_checkpoint(path).build().state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    "other", [{"trunk": "resnet34"}, {"trunk": "vgg"}, {"head": "2d"}, {"window": 3}], ids=str
)
def test_a_checkpoint_of_another_network_is_one_sentence(tmp_path, other):
    description = {"trunk": "resnet18", "width": 0.125}
    path = save(tmp_path, {**description, **other}, build_colorizer(**description))
    with pytest.raises(InputError, match=r"model\.pt: .*network") as raised:
        load_checkpoint(path).build()
    assert "\n" not in str(raised.value)


def save(folder, description, network):
    path = folder / "model.pt"
    save_checkpoint(
        path, kind="colorization", network=description, scaling=InputScaling(), module=network,
        made_by={},
    )  # fmt: skip
    return path


@pytest.mark.parametrize("content", [b"abc", b"X", b"", b"PK\x03\x04"])
def test_a_file_that_is_no_checkpoint_is_one_sentence(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.pt"):
        load_checkpoint(tmp_path / "model.pt")


@pytest.mark.parametrize("scaling", [{"grey": "banana"}, {"grey_std": 0.0}, {"rgb": "0..255"}])
def test_a_scaling_that_cannot_be_is_refused(scaling):
    with pytest.raises(ValueError, match="scaling"):
        InputScaling(**scaling)


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    network = build_siamfc(width=0.1)
    with torch.no_grad():
        network.backbone.conv1[0].weight[0] = float("nan")
    save_checkpoint(
        tmp_path / "model.pt", kind="siamfc", network={"width": 0.1}, scaling=InputScaling(),
        module=network, made_by={},
    )  # fmt: skip
    with pytest.raises(InputError, match="a weight is no number"):
        load_checkpoint(tmp_path / "model.pt").build()
