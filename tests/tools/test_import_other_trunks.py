"""`chromatrack import-weights` of trunks that are no such ResNet: DINO, MAST, CorrFlow."""

import argparse
from collections import OrderedDict

import cv2
import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from chromatrack.checkpoints import load_checkpoint
from chromatrack.errors import InputError
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.stages.tools.foreign_weights import import_weights
from tests.tools.public_weights import image, imported, saved


def dino(side, seed=0):
    """A transformer of torchvision, ViT-S/16, and its weights in DINO's names."""
    torch.manual_seed(seed)
    network = torchvision.models.VisionTransformer(side, 16, 12, 6, 384, 1536).eval()
    for name, value in network.named_parameters():
        if "ln" in name or "bias" in name or "class_token" in name:
            nn.init.normal_(value, mean="ln" in name and name.endswith("weight"), std=0.1)
    # fmt: off
    renamed = {"class_token": "cls_token", "encoder.pos_embedding": "pos_embed"}
    parts = {"conv_proj": "patch_embed.proj", "ln_1": "norm1", "ln_2": "norm2", "mlp.0": "mlp.fc1",
             "mlp.3": "mlp.fc2", "self_attention.out_proj": "attn.proj", "encoder.ln": "norm",
             "self_attention.in_proj_": "attn.qkv.", "encoder.layers.encoder_layer_": "blocks."}
    # fmt: on
    state = {}
    for name, value in network.state_dict().items():
        if not name.startswith("heads"):
            for theirs, ours in parts.items():
                name = name.replace(theirs, ours)
            state[renamed.get(name, name)] = value
    return network, state


def test_a_trunk_need_not_be_a_resnet(tmp_path):
    network, state = dino(224)
    loaded = imported(tmp_path, state)
    model = loaded.build()
    assert loaded.network["trunk"] == "dino_vits16"
    wide, _ = dino(240)
    wide.load_state_dict(
        network.state_dict() | {"encoder.pos_embedding": interpolated(state["pos_embed"], 15)}
    )
    for reference, side in ((network, 224), (wide, 240)):
        x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
        with torch.inference_mode():
            tokens = reference._process_input(x)
            tokens = reference.encoder(torch.cat([reference.class_token, tokens], dim=1))
            grid = tokens[:, 1:].transpose(1, 2).unflatten(2, (side // 16, side // 16))
            expected = nn.functional.interpolate(grid, scale_factor=2, mode="bilinear")
            found = model.trunk(x)
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
    branch = AuxiliaryBranch.of(model, layer="layer3", border="padded", probe=False).eval()
    with torch.inference_mode():
        sides = [branch.embed(torch.zeros(1, 3, side, side)).shape[-1] for side in (127, 255, 121)]
    assert sides == [16, 32, 16]
    with pytest.raises(
        InputError, match=r"dino_vits16 of dino: blocks\.3\.attn\.qkv\.bias is miss"
    ):
        imported(tmp_path, {k: v for k, v in state.items() if k != "blocks.3.attn.qkv.bias"})
    lower = imported(tmp_path, state, layer="layer3").build().trunk
    with torch.inference_mode():
        assert torch.equal(lower(x), model.trunk.features(x, 3))


@pytest.mark.parametrize("parallel", ["", "module."])
def test_of_a_training_of_dino_the_teacher_is_taken(tmp_path, parallel):
    networks = {who: dino(224, seed)[1] for who, seed in (("student", 1), ("teacher", 2))}
    file = {
        who: {f"{parallel}backbone.{name}": value for name, value in state.items()}
        | {f"{parallel}head.mlp.0.weight": torch.zeros(2, 384)}
        for who, state in networks.items()
    }
    rest = {"optimizer": {"state": {}}, "epoch": 3, "args": argparse.Namespace(arch="vit_small")}
    torch.save(file | rest | {"dino_loss": {"center": torch.zeros(1, 2)}}, tmp_path / "full.pth")
    told = import_weights("auto", tmp_path / "full.pth", tmp_path / "full.pt")
    assert told[0] == f"found: dino-training, under teacher > {parallel}backbone."
    assert told[2] == "left over: head (1); not looked at: student, dino_loss"
    torch.save(networks["teacher"], tmp_path / "alone.pth")
    import_weights("auto", tmp_path / "alone.pth", tmp_path / "alone.pt")
    full, alone = (load_checkpoint(tmp_path / f"{name}.pt") for name in ("full", "alone"))
    assert full.network == alone.network
    assert all(torch.equal(value, alone.state[name]) for name, value in full.state.items())


class Residual(nn.Module):
    """A block as CorrFlow and MAST name it."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.left = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip
        self.shortcut = nn.Sequential()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x):
        return torch.relu(self.left(x) + self.shortcut(x))


def corrflow():
    """What MAST and CorrFlow compare: a ResNet-18 without pooling, and a convolution behind."""
    torch.manual_seed(0)
    parts = {"conv1": nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64),
                                    nn.ReLU())}  # fmt: skip
    sizes = ((64, 64, 1), (64, 128, 2), (128, 256, 1), (256, 256, 1))
    for number, (before, after, stride) in enumerate(sizes):
        layer = nn.Sequential(Residual(before, after, stride), Residual(after, after, 1))
        parts[f"layer{number + 1}"] = layer
    whole = {"feature_extraction": nn.Sequential(OrderedDict(parts)),
             "post_convolution": nn.Conv2d(256, 64, 3, 1, 1)}  # fmt: skip
    network = nn.Sequential(OrderedDict(whole))
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return network.eval()


def mast_pixels(image):
    """As MAST's loader has them: real Lab, L less 50 over 50, a and b over 127."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    scaled = (lab - np.float32([50, 0, 0])) / np.float32([50, 127, 127])
    return torch.from_numpy(scaled).permute(2, 0, 1)[None]


@pytest.mark.parametrize("kind", ["mast", "corrflow"])
def test_a_trunk_of_stride_4_gives_every_second_cell_to_the_tracker(tmp_path, kind):
    network = corrflow()
    weights = saved(tmp_path / "w.pth", {"epoch": 3, "state_dict": network.state_dict()})
    told = import_weights(kind, weights, tmp_path / "out.pt")
    assert told[1].startswith("mapped: 116 tensors to mast_resnet18 up to layer4: 64 channels, str")
    assert told[2] == "left over: nothing"
    loaded = load_checkpoint(tmp_path / "out.pt")
    model = loaded.build()
    x = torch.randn(1, 3, 120, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, found = network(x), model.trunk(x)
    assert found.shape == (1, 64, 30, 16)
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
    picture = image()[0]
    seen = loaded.scaling.grey_tensor(picture[None])
    if kind == "mast":  # 8 bits of Lab
        assert (seen - mast_pixels(picture)).abs().max() < 0.02
    else:
        assert (seen - torch.from_numpy(picture / 255).permute(2, 0, 1)).abs().max() < 1e-6
    branch = AuxiliaryBranch.of(model, layer="layer4", border="padded", probe=False).eval()
    patch = torch.randn(1, 3, 255, 255)
    with torch.inference_mode():
        assert torch.equal(branch.embed(patch), model.trunk(patch)[..., ::2, ::2])
        assert branch.embed(patch[..., :127, :127]).shape == (1, 64, 16, 16)
    cropped = AuxiliaryBranch.of(model, layer="layer2", border="cropped", probe=False).eval()
    with torch.inference_mode():
        sides = [cropped.embed(patch[..., :side, :side]).shape[-1] for side in (127, 255)]
        inside = cropped.embed(patch[..., :127, :127])
    assert sides[1] - sides[0] == 16
    first = -(-model.trunk.unpadded(2, 127).start // 2)
    whole = model.trunk.features(patch[..., :127, :127], 2)[..., ::2, ::2]
    assert torch.equal(inside, whole[..., first : first + sides[0], first : first + sides[0]])


def test_names_that_two_projects_share_are_not_guessed(tmp_path):
    weights = saved(tmp_path / "w.pth", corrflow().state_dict())
    with pytest.raises(InputError, match="names are those of mast and of corrflow, which"):
        import_weights("auto", weights, tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


def interpolated(positions, side):
    """As DINO's interpolate_pos_encoding does it from 14x14."""
    grid = positions[:, 1:].reshape(1, 14, 14, -1).permute(0, 3, 1, 2)
    grid = nn.functional.interpolate(grid, scale_factor=(side + 0.1) / 14, mode="bicubic")
    assert grid.shape[-1] == side
    return torch.cat([positions[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)
