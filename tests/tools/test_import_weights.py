"""`chromatrack import-weights`: public names and shapes in, the numbers of the public network out.

No weights are at hand. State dicts are built with the names that the projects' own code gives them,
and what comes out is compared with torchvision's forward, strides and padding changed as there.
"""

import argparse

import pytest
import torch
import torchvision

from chromatrack.checkpoints import load_checkpoint
from chromatrack.cli.main import main
from chromatrack.cli.tools import weights
from chromatrack.errors import InputError
from chromatrack.models.build import build_siamfc
from chromatrack.stages.tools import foreign_weights
from chromatrack.stages.tools.foreign_weights import import_weights
from tests.tools.public_weights import (
    behind,
    crw_file,
    dul_file,
    forward,
    imported,
    mmcv,
    moco_file,
    public,
    saved,
    timecycle_file,
    torchvision_file,
    uvc_file,
    vfs_file,
)

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
        (dict, "expected a state_dict, dense tensors by name, got an empty dict"),
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
    assert weights.FORMATS == foreign_weights.KINDS
