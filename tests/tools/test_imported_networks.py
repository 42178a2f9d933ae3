"""What imported networks are good for: their input, an experiment, propagation."""

import cv2
import numpy as np
import pytest
import torch
import torchvision

from chromatrack.checkpoints import load_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import davis
from chromatrack.data.images import write_frames
from chromatrack.errors import InputError
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.build import build_siamfc
from chromatrack.models.siamfc import RESPONSE_SCALE, cross_correlate
from chromatrack.plan.auxiliaries import check_branch
from chromatrack.settings import (
    AuxiliarySettings,
    ComputeSettings,
    ExperimentSettings,
    FusionSettings,
    SiamFCSettings,
    from_mapping,
)
from chromatrack.stages.fusion.branches import fused_scaling
from chromatrack.stages.fusion.compose import compose
from chromatrack.stages.fusion.statistics import response_statistics
from chromatrack.stages.tools.foreign_weights import import_weights
from chromatrack.tracking.networks import response_network
from tests.crop_shards import write_blobs
from tests.tools.public_weights import DEVIATION, MEAN, image, imported, public, saved, uvc_file


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
    from chromatrack.plan.problems import problems

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
