"""`chromatrack import-weights`: public names and shapes in, the numbers of the public network out.

No weights are at hand. State dicts are built with the names that the projects' own code gives them,
and what comes out is compared with torchvision's forward, strides and padding changed as there.
"""

import argparse
from collections import Counter, OrderedDict

import cv2
import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from chromatrack.auxiliaries import check_branch
from chromatrack.checkpoints import load_checkpoint
from chromatrack.cli import tools
from chromatrack.cli.main import main
from chromatrack.data import davis
from chromatrack.data.images import write_frames
from chromatrack.errors import InputError
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.build import build_siamfc
from chromatrack.models.siamfc import RESPONSE_SCALE, cross_correlate
from chromatrack.settings import (
    AuxiliarySettings,
    ComputeSettings,
    ExperimentSettings,
    FusionSettings,
    SiamFCSettings,
    from_mapping,
)
from chromatrack.stages.fusion.fusion import compose, fused_scaling, response_statistics
from chromatrack.stages.tools import foreign_weights
from chromatrack.stages.tools.foreign_weights import import_weights
from chromatrack.tracking.networks import response_network
from tests.crop_shards import write_blobs

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def public(depth, seed=0):
    """A network of torchvision with weights that training could have left."""
    torch.manual_seed(seed)
    network = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.normal_(part.weight, mean=0.7, std=0.1)
            nn.init.normal_(part.bias, std=0.2)
    return network.eval()


def forward(network, x, *, layer, padding="zeros"):
    """What its authors compute: layer3 and layer4 with stride 1, up to a layer."""
    for stage in (network.layer3, network.layer4):
        for part in stage.modules():
            if isinstance(part, nn.Conv2d):
                part.stride = (1, 1)
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and sum(part.padding):
            part.padding_mode = padding
    with torch.inference_mode():
        x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
        for name in ("layer1", "layer2", "layer3", "layer4")[: int(layer[-1])]:
            x = getattr(network, name)(x)
    return x


def behind(prefix, state, less=()):
    return OrderedDict(
        (prefix + name, value)
        for name, value in state.items()
        if not name.startswith(("fc", *less))
    )


def mmcv(state):
    """Names of mmcv's ConvModule, in which a convolution and its normalisation are one part."""
    renamed = OrderedDict()
    for name, value in state.items():
        *front, part, end = name.split(".")
        if front[-1:] == ["downsample"]:
            front, part = [*front], {"0": "conv", "1": "bn"}[part]
        else:
            front, part = [*front, f"conv{part[-1]}"], part[:-1]
        renamed[".".join((*front, part, end))] = value
    return renamed


def torchvision_file(network):
    return network.state_dict()


def moco_file(network):
    """MoCo v2: two encoders with heads of two layers, and a queue, in DistributedDataParallel."""
    state = behind("module.encoder_q.", network.state_dict())
    state |= behind("module.encoder_k.", public(50, seed=1).state_dict())
    state |= {"module.encoder_q.fc.0.weight": torch.ones(8, 8), "module.queue": torch.ones(8, 16),
              "module.queue_ptr": torch.zeros(1, dtype=torch.long)}  # fmt: skip
    return {"epoch": 200, "arch": "resnet50", "state_dict": state, "optimizer": {"state": {}}}


def timecycle_file(network):
    """Kernels have an axis of time; a 1x1x1 convolution comes after."""
    state = behind("module.encoderVideo.", network.state_dict())
    state = {name: value[:, :, None] if value.ndim == 4 else value for name, value in state.items()}
    return {"state_dict": state | {"module.afterconv1.weight": torch.ones(8, 1024, 1, 1, 1)}}


def crw_file(network):
    """With the arguments and the schedule that its train.py stores."""
    state = behind("encoder.model.", network.state_dict())
    state |= {"selfsim_fc.0.weight": torch.ones(128, 512), "selfsim_fc.0.bias": torch.ones(128)}
    return {"model": state, "args": argparse.Namespace(temp=0.05), "epoch": 24,
            "lr_scheduler": {"milestones": Counter([20])}}  # fmt: skip


def vfs_file(network):
    state = behind("backbone.", mmcv(behind("", network.state_dict())))
    state |= {"img_head.projection_fcs.0.conv.weight": torch.ones(8, 8, 1, 1)}
    return {"meta": {"epoch": 100, "time": "now"}, "state_dict": state}


def dul_file(network):
    state = behind("module.fast_net.backbone.", network.state_dict())
    state |= {"module.fast_net.emb_q.conv1.weight": torch.ones(8, 8, 1, 1)}
    return {"model": state, "epoch": 60, "score": np.float64(0.69)}


def uvc_file(network):
    state = behind("module.gray_encoder.", network.state_dict())
    state |= {"module.rgb_encoder.conv1.weight": torch.ones(3, 3, 1, 1),
              "module.normalize.mean": torch.ones(3)}  # fmt: skip
    return {"epoch": 20, "state_dict": state, "best_loss": np.float32(0.1)}


CASES = [
    ("torchvision", 18, torchvision_file, "layer3", "zeros"),
    ("torchvision", 34, torchvision_file, "layer3", "zeros"),
    ("torchvision", 50, torchvision_file, "layer3", "zeros"),
    ("moco", 50, moco_file, "layer3", "zeros"),
    ("timecycle", 50, timecycle_file, "layer3", "zeros"),
    ("crw", 18, crw_file, "layer3", "reflect"),
    ("vfs", 18, vfs_file, "layer3", "zeros"),
    ("vfs", 50, vfs_file, "layer3", "zeros"),
    ("dul", 18, dul_file, "layer4", "zeros"),
    ("uvc", 18, uvc_file, "layer4", "zeros"),
]
each = pytest.mark.parametrize(
    ("kind", "depth", "file", "layer", "padding"),
    CASES,
    ids=lambda v: v if v in (18, 34, 50) else None,
)


def saved(path, content):
    torch.save(content, path)
    return path


def imported(tmp_path, content, kind="auto", **options):
    import_weights(kind, saved(tmp_path / "public.pth", content), tmp_path / "own.pt", **options)
    return load_checkpoint(tmp_path / "own.pt")


@each
def test_the_features_are_those_of_the_public_network(
    tmp_path, capsys, kind, depth, file, layer, padding
):
    network = public(depth)
    weights = saved(tmp_path / "public.pth", file(network))
    own = tmp_path / "own.pt"
    assert main(["import-weights", "auto", str(weights), "--output", str(own)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"found: {kind}") and f"torchvision_resnet{depth} up to {layer}" in told
    model = load_checkpoint(own).build()
    generator = torch.Generator().manual_seed(2)
    for side in (63, 96):
        x = torch.randn(1, 3, side, side, generator=generator)
        expected = forward(network, x, layer=layer, padding=padding)
        with torch.inference_mode():
            found = model.trunk(x)
            assert torch.equal(model(x[:, None])[:, 0], found)
        assert found.shape == expected.shape and found.shape[-1] == -(-side // 8)
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
    # The same file by its name, and by another one.
    import_weights(kind, weights, tmp_path / "named.pt")
    assert own.read_bytes() == (tmp_path / "named.pt").read_bytes()
    other = "crw" if kind != "crw" else "moco"
    with pytest.raises(InputError, match=r"of (crw|moco): encod\S+conv1.weight is missing"):
        import_weights(other, weights, tmp_path / "other.pt")
    assert not (tmp_path / "other.pt").exists()


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
    assert told[2] == "left over: head (1)"
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


def test_what_was_found_mapped_and_left_over_is_told(tmp_path, capsys):
    weights = saved(tmp_path / "crw.pth", crw_file(public(18)))
    out = tmp_path / "out.pt"
    assert main(["import-weights", "crw", str(weights), f"--output={out}"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "found: crw, under model > encoder.model.",
        "mapped: 90 tensors to torchvision_resnet18 up to layer3: 256 channels, stride 8, padding "
        "reflect, input rgb_normalized less 0.485, 0.456, 0.406 over 0.229, 0.224, 0.225",
        "left over: encoder.model.layer4 (30), selfsim_fc (2)",
        f"checkpoint in {out}",
    ]
    assert import_weights("auto", weights, out, layer="layer4")[2] == "left over: selfsim_fc (2)"


def test_layer_and_padding_can_be_told(tmp_path):
    network = public(18)
    content = network.state_dict()
    model = imported(tmp_path, content, layer="layer4", padding="reflect").build()
    x = torch.randn(1, 3, 64, 64)
    expected = forward(network, x, layer="layer4", padding="reflect")
    with torch.inference_mode():
        assert (model.trunk(x) - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert expected.shape == (1, 512, 8, 8)


def test_what_is_read_is_not_written_over(tmp_path, capsys):
    published = saved(tmp_path / "resnet18.pth", torchvision_file(public(18)))
    before = published.read_bytes()
    link = tmp_path / "link.pt"
    link.symlink_to(published)
    for output in (published, link):
        assert main(["import-weights", "auto", str(published), "--output", str(output)]) == 2
        said = capsys.readouterr().err
        assert f"{output}: is a file that is read" in said and said.count("\n") == 1
    assert published.read_bytes() == before


def test_finite_weights_that_give_no_numbers_are_refused(tmp_path):
    state = torchvision_file(public(18))
    state["bn1.running_var"] = torch.full_like(state["bn1.running_var"], -1.0)
    with pytest.raises(InputError, match="gives features that are no numbers"):
        imported(tmp_path, state)
    siamfc = build_siamfc(width=1.0, channels="as_run").state_dict()
    name = next(name for name in siamfc if name.endswith("running_var"))
    siamfc[name] = torch.full_like(siamfc[name], -1.0)
    with pytest.raises(InputError, match="gives features that are no numbers"):
        imported(tmp_path, siamfc)
    assert [path.suffix for path in tmp_path.iterdir()] == [".pth"]


def test_older_files_count_no_batches(tmp_path):
    """torchvision's resnet18-5c106cde.pth has no num_batches_tracked."""
    state = {k: v for k, v in public(18).state_dict().items() if "num_batches" not in k}
    assert imported(tmp_path, state).build().trunk.out_channels == 256


def test_a_trunk_without_layer4_is_whole_up_to_layer3(tmp_path):
    state = behind("encoder.model.", public(18).state_dict(), less=["layer4"])
    assert imported(tmp_path, {"model": state}).build().trunk.out_channels == 256
    with pytest.raises(InputError, match=r"encoder\.model\.layer4\.0\.conv1\.weight is missing"):
        imported(tmp_path, {"model": state}, layer="layer4")


def changed(change):
    state = dict(public(18).state_dict())
    change(state)
    return state


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lambda: changed(lambda s: s.pop("layer2.1.bn2.running_var")),
         "layer2.1.bn2.running_var is missing"),
        (lambda: changed(lambda s: s.pop("conv1.weight")),
         "of torchvision: conv1.weight is missing"),
        (lambda: changed(lambda s: s.update({"conv1.weight": torch.ones(64, 1, 7, 7)})),
         "conv1.weight has shape (64, 1, 7, 7), expected (64, 3, 7, 7)"),
        (lambda: changed(lambda s: s["layer1.0.bn1.bias"].fill_(float("nan"))),
         "layer1.0.bn1.bias holds a value that is no number"),
        (lambda: changed(lambda s: s.update({"bn1.bias": torch.ones(64, dtype=torch.int64)})),
         "bn1.bias holds torch.int64, expected real numbers"),
        (lambda: changed(lambda s: s.update({"layer3.0.conv1.bias": torch.ones(256)})),
         "layer3.0.conv1.bias is no weight of it"),
        (lambda: changed(lambda s: s.update({"conv1.conv.weight": s["conv1.weight"]})),
         "some parts are there twice"),
        (lambda: torchvision.models.resnet101(weights=None).state_dict(),
         "torchvision_resnet50 of torchvision: layer3.6.conv1.weight is no weight of it"),
        (lambda: {"state_dict": behind("module.encoder_q.", changed(
            lambda s: s.pop("layer3.1.conv2.weight")))},
         "of moco: encoder_q.layer3.1.conv2.weight is missing"),
        (lambda: {"state_dict": behind("backbone.", mmcv(behind("", changed(
            lambda s: s.pop("layer3.0.downsample.1.weight")))))},
         "of vfs: backbone.layer3.0.downsample.bn.weight is missing"),
        (lambda: torchvision.models.alexnet(weights=None).state_dict(),
         "expected weights of siamfc-pytorch, torchvision, moco"),
        (dict, "expected a state_dict"),
        (lambda: {"state_dict": {}}, "expected a state_dict"),
        (lambda: {"conv1.weight": 3}, "expected a state_dict"),
        (lambda: {3: torch.ones(3)}, "expected a state_dict"),
        (lambda: [torch.ones(3)], "expected a state_dict"),
        (lambda: changed(lambda s: s.update({"fc.bias": torch.ones(9).to_sparse()})),
         "expected a state_dict, dense tensors"),
    ],
)  # fmt: skip
def test_half_a_match_is_refused_by_the_name_that_is_amiss(tmp_path, capsys, content, told):
    weights = saved(tmp_path / "half.pth", content())
    out = tmp_path / "out.pt"
    assert main(["import-weights", "auto", str(weights), "--output", str(out)]) == 2
    error = capsys.readouterr().err.strip()
    assert told in error and str(weights) in error and "\n" not in error
    assert not out.exists()


def test_a_file_with_code_in_it_is_refused(tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("run",))

    with pytest.raises(InputError, match="not a file of PyTorch tensors"):
        imported(tmp_path, {"model": public(18).state_dict(), "args": Trap()})


@pytest.mark.parametrize("beside", [{}, {"args": argparse.Namespace(lr=1)}])
def test_commands_that_want_a_checkpoint_say_how_foreign_weights_become_one(tmp_path, beside):
    weights = saved(tmp_path / "foreign.pth", {"model": public(18).state_dict(), **beside})
    with pytest.raises(InputError, match=r"foreign.pth: .*come in through `chromatrack import-w"):
        load_checkpoint(weights)


def test_siamfc_is_found_by_its_names(tmp_path):
    state = build_siamfc().state_dict()
    assert imported(tmp_path, state).kind == "siamfc"
    with pytest.raises(InputError, match="--layer and --padding: SiamFC"):
        imported(tmp_path, state, layer="layer3")


def test_the_command_names_every_format():
    assert tools.FORMATS == foreign_weights.KINDS


def image(side=127):
    return np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)


def test_the_input_is_scaled_as_imagenet_networks_expect_it(tmp_path):
    scaling = imported(tmp_path, public(18).state_dict()).scaling
    normalize = torchvision.transforms.Normalize(MEAN, DEVIATION)
    expected = normalize(torch.from_numpy(image()).permute(0, 3, 1, 2).float() / 255)
    assert (scaling.grey_tensor(image()) - expected).abs().max() < 1e-6
    assert scaling.grey_channels == 3 and scaling.sees_colours


def test_uvc_sees_the_lightness_in_three_channels(tmp_path):
    """Its test.py: Lab less 128 over 128, L thrice, plus 1 over 2, then as ImageNet."""
    scaling = imported(tmp_path, uvc_file(public(18))).scaling
    light = (cv2.cvtColor(image()[0], cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) - 128) / 128
    thrice = torch.from_numpy((light + 1) / 2)[None, None].expand(1, 3, -1, -1)
    expected = torchvision.transforms.Normalize(MEAN, DEVIATION)(thrice)
    assert (scaling.grey_tensor(image()) - expected).abs().max() < 1e-5
    assert not scaling.sees_colours


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Checkpoints: ImageNet's to layer3, UVC's to layer4, a SiamFC."""
    root = tmp_path_factory.mktemp("imported")
    contents = {"imagenet": public(18).state_dict(), "uvc": uvc_file(public(18)),
                "siamfc": build_siamfc().state_dict()}  # fmt: skip
    for name, content in contents.items():
        import_weights("auto", saved(root / "public.pth", content), root / f"{name}.pt")
    return root


def experiment(**keys):
    return ExperimentSettings(weights="x.pt", **keys)


def test_an_experiment_takes_it_up_to_the_layer_where_it_ends(files):
    check_branch(experiment(layer="layer3", input="colour"), files / "imagenet.pt")
    check_branch(experiment(layer="layer2", border="cropped"), files / "imagenet.pt")
    check_branch(experiment(layer="layer4", probe=True, alphas=(1.0,)), files / "uvc.pt")
    for keys, file, told in (
        ({}, "imagenet", "layer: layer4: the trunk ends at layer3"),
        ({"layer": "head"}, "imagenet", "layer: head: the network has none"),
        ({"input": "colour"}, "uvc", "is a network of grey frames"),
    ):
        with pytest.raises(InputError, match=told):
            check_branch(experiment(**keys), files / f"{file}.pt")


def test_a_configuration_is_told_so_before_any_job(files):
    from chromatrack.layout import problems

    run = {"run": "a", "data": {"title": "a", "demo": True}}
    entry = {"weights": str(files / "imagenet.pt")}
    told = "\n".join(problems(from_mapping({**run, "experiments": {"imagenet": entry}})))
    assert "experiments.imagenet: layer: layer4: the trunk ends at layer3" in told
    entry["layer"] = "layer3"
    assert not list(problems(from_mapping({**run, "experiments": {"imagenet": entry}})))


@pytest.mark.parametrize(("exemplar", "search"), [(127, 255), (127, 239), (128, 256), (121, 249)])
@pytest.mark.parametrize(("name", "layer"), [("imagenet", "layer3"), ("uvc", "layer4")])
def test_exemplar_and_search_give_maps_that_fit(files, name, layer, exemplar, search):
    loaded = load_checkpoint(files / f"{name}.pt")
    branch = AuxiliaryBranch.of(loaded.build(), layer=layer, border="padded", probe=False).eval()
    scaling = fused_scaling(load_checkpoint(files / "siamfc.pt"), loaded, AuxiliarySettings())
    with torch.inference_mode():
        maps = branch.respond(*(
            branch.embed(scaling.grey_tensor(image(side))) for side in (exemplar, search)
        ))  # fmt: skip
    assert scaling.grey_channels == 3
    assert maps.shape[-1] == -(-search // 8) - -(-exemplar // 8) + 1
    assert search - exemplar != 128 or maps.shape == (1, 1, 17, 17)


@pytest.mark.parametrize(("name", "layer"), [("imagenet", "layer3"), ("uvc", "layer4")])
def test_it_stands_beside_siamfc_from_statistics_to_the_tracker(files, tmp_path, name, layer):
    branch = AuxiliarySettings(layer=layer)
    settings, pair = FusionSettings(statistics_pairs=2), (files / "siamfc.pt", files / f"{name}.pt")
    response_statistics(
        *pair, [write_blobs(tmp_path / "crops.h5")], tmp_path / "s.json", seed=0, settings=settings,
        branch=branch, pairs=SiamFCSettings(), compute=ComputeSettings(device="cpu"),
    )  # fmt: skip
    compose(
        *pair, tmp_path / "s.json", tmp_path / "fused.pt", alpha=1.0, settings=settings,
        branch=branch, seed=0,
    )  # fmt: skip
    fused, alone = load_checkpoint(tmp_path / "fused.pt"), load_checkpoint(pair[1])
    network = response_network(fused.build(), fused.scaling, torch.device("cpu"))
    large, small = image(255), image(127)
    found = network.respond(network.embed_exemplar(small), network.embed(large))
    seen = [alone.build().trunk(alone.scaling.grey_tensor(patch)) for patch in (small, large)]
    with torch.inference_mode():
        expected = cross_correlate(*seen)[:, 0] * RESPONSE_SCALE
    factor = found.mean() / expected.mean()  # maps are in units of SiamFC's
    assert found.shape == (1, 17, 17)
    assert (found - factor * expected).abs().max() < 1e-4 * found.abs().max()


def test_the_mean_of_the_colours_is_scaled_as_the_colours_were(files):
    """`input: channel_mean` shows a grey patch, and else the same numbers."""
    siamfc = load_checkpoint(files / "siamfc.pt")
    grey = np.repeat(image()[..., :1], 3, axis=-1)
    for name in ("imagenet", "uvc"):
        loaded = load_checkpoint(files / f"{name}.pt")
        told = AuxiliarySettings(input="channel_mean")
        mean = fused_scaling(siamfc, loaded, told).grey_tensor(grey)
        as_trained = fused_scaling(siamfc, loaded, AuxiliarySettings()).grey_tensor(grey)
        # L of a grey pixel is near its value, not equal to it.
        assert (mean - as_trained).abs().max() < (1e-6 if name == "imagenet" else 0.3)


def test_it_propagates_and_colorize_says_why_not(files, tmp_path, capsys):
    images = np.full((3, 66, 97, 3), (40, 90, 60), np.uint8)
    for shift, frame in enumerate(images):
        frame[20:44, 16 + 4 * shift : 40 + 4 * shift] = (250, 200, 40)
    write_frames(tmp_path / "frames", images, pattern="%03d.jpg", first=0, quality=95)
    mask = np.zeros((66, 97), np.uint8)
    mask[20:44, 16:40] = 3
    davis.write_mask(tmp_path / "mask.png", mask)
    common = [f"--checkpoint={files / 'imagenet.pt'}", '--settings={"short_side": 64}']
    given = [f"--mask={tmp_path / 'mask.png'}", f"--output={tmp_path / 'out'}"]
    assert main(["propagate", *common, *given, str(tmp_path / "frames")]) == 0
    last = davis.read_mask(tmp_path / "out" / "002.png") == 3
    right = np.zeros_like(last)
    right[20:44, 24:48] = True
    assert (last & right).sum() / (last | right).sum() > 0.5
    video = [f"--output={tmp_path / 'out.mp4'}", str(tmp_path / "frames")]
    assert main(["colorize", *common, *video]) == 2
    assert "its network sees colours" in capsys.readouterr().err
    common[0] = f"--checkpoint={files / 'uvc.pt'}"
    assert main(["colorize", *common, *video]) == 0
