"""Auxiliaries of every kind, composed, measured, trained and tracked with, by the stages."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.data import otb
from chromatrack.equalize import equalize
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling, luma, luma_on_device
from chromatrack.settings import (
    AuxiliarySettings,
    ColorizationSettings,
    ComputeSettings,
    FusionSettings,
    SiamFCSettings,
    TrackerSettings,
)
from chromatrack.stages.colorization.initial import initial_colorization
from chromatrack.stages.evaluation.openers import FromCheckpoint
from chromatrack.stages.evaluation.run import track
from chromatrack.stages.fusion.compose import compose
from chromatrack.stages.fusion.fine_tune import fine_tune
from chromatrack.stages.fusion.statistics import response_statistics
from chromatrack.tracking.networks import gathered, response_network
from tests.crop_shards import write_blobs

CPU = ComputeSettings(device="cpu")
FUSION = FusionSettings(statistics_pairs=8)
SMALL = {"width": 0.05, "channels": "as_run"}
GENTLE = SiamFCSettings(
    width=0.05, epochs=1, pairs_per_epoch=8, batch_size=2, learning_rate=1e-5,
    final_learning_rate=1e-5,
)  # fmt: skip
PATCHES = np.random.default_rng(0).integers(0, 120, (2, 255, 255, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Untrained networks of all kinds, and crops."""
    folder = tmp_path_factory.mktemp("networks")
    for seed, (name, rgb) in enumerate([("siamfc", "unit"), ("unit", "unit"), ("byte", "byte")]):
        torch.manual_seed(seed)
        network = build_siamfc(**SMALL)
        with torch.no_grad():  # statistics as training leaves them
            for _ in range(20):
                patches = torch.rand(4, 3, 127, 127)
                network.train().backbone(patches * 255 if rgb == "byte" else patches * 2 - 1)
        save_checkpoint(
            folder / f"{name}.pt", kind="siamfc", network=SMALL, scaling=InputScaling(rgb=rgb),
            module=network.eval(), made_by={},
        )  # fmt: skip
    for name, seen in (("grey", "luma"), ("colours", "rgb")):
        initial_colorization(
            None, folder / f"{name}.pt", trunk="resnet18", seed=0,
            settings=ColorizationSettings(width=0.05, input=seen, normalization="published"),
        )  # fmt: skip
    write_statistics(folder / "statistics.json")
    write_blobs(folder / "crops-0000.h5")
    return folder


def write_statistics(path: Path, mean: float = 0.0) -> None:
    branch = {"mean": mean, "std": 1.0}
    path.write_text(json.dumps({"siamfc": branch, "auxiliary": branch}))


def test_statistics_of_something_else_are_one_sentence(folder, tmp_path):
    statistics = tmp_path / "st.json"
    statistics.write_text('{"siamfc": {"mean": 0, "std": 1}}')
    with pytest.raises(InputError, match=r"st\.json: expected mean and std of siamfc"):
        compose(
            folder / "siamfc.pt", folder / "grey.pt", statistics, tmp_path / "f.pt",
            alpha=0.5, settings=FUSION, branch=AuxiliarySettings(), seed=0,
        )  # fmt: skip


def composed(folder, output, auxiliary, *, alpha=1.0, **branch):
    compose(
        folder / "siamfc.pt", folder / f"{auxiliary}.pt", folder / "statistics.json", output,
        alpha=alpha, settings=FUSION, branch=AuxiliarySettings(**branch), seed=0,
    )  # fmt: skip
    return load_checkpoint(output, kinds=("fused",))


def maps(checkpoint, **options):
    network = response_network(
        checkpoint.build(), checkpoint.scaling, torch.device("cpu"), **options
    )
    middle = np.ascontiguousarray(PATCHES[:, 64:191, 64:191])
    return network.respond(network.embed_exemplar(middle), network.embed(PATCHES))


@pytest.mark.parametrize("second", ["unit", "byte"])
def test_a_second_siamfc_sees_what_it_was_trained_on(folder, tmp_path, second):
    """Alone (alpha 1), its maps are those of its own checkpoint, beside a first of other bytes."""
    made = composed(folder, tmp_path / "fused.pt", second, alpha=1.0)
    assert (made.scaling.rgb, made.scaling.grey) == ("unit", f"rgb_{second}")
    alone = load_checkpoint(folder / f"{second}.pt")
    assert torch.equal(made.scaling.grey_tensor(PATCHES), alone.scaling.rgb_tensor(PATCHES))
    torch.testing.assert_close(maps(made, alphas=(1.0,)), maps(alone))
    torch.testing.assert_close(
        maps(made, alphas=(0.0,)), maps(load_checkpoint(folder / "siamfc.pt"))
    )


@pytest.mark.parametrize(
    ("auxiliary", "scale"),
    [("grey", "unit"), ("colours", "unit"), ("unit", "unit"), ("byte", "byte")],
)
def test_the_mean_of_channels_fills_all_that_a_network_sees(folder, tmp_path, auxiliary, scale):
    made = composed(folder, tmp_path / "fused.pt", auxiliary, input="channel_mean")
    mean = torch.from_numpy(PATCHES.astype(np.float32).mean(axis=-1))[:, None]
    expected = (mean if scale == "byte" else mean / 127.5 - 1).expand(
        -1, 1 if auxiliary == "grey" else 3, -1, -1
    )
    assert torch.equal(made.scaling.grey_tensor(PATCHES), expected)
    assert maps(made).shape == (2, 17, 17) and maps(made).isfinite().all()


@pytest.mark.parametrize("mode", ["per_channel", "clahe_l"])
@pytest.mark.parametrize("auxiliary", ["grey", "colours", "byte"])
def test_patches_are_equalised_first_and_by_themselves(folder, tmp_path, auxiliary, mode):
    plain = composed(folder, tmp_path / "plain.pt", auxiliary).scaling
    scaling = composed(folder, tmp_path / "fused.pt", auxiliary, equalization=mode).scaling
    assert scaling == replace(plain, equalization=mode)
    seen = scaling.grey_tensor(PATCHES)
    for patch, one in zip(PATCHES, seen, strict=True):
        assert torch.equal(one, plain.grey_tensor(equalize(patch, mode=mode)[None])[0])
    assert not torch.equal(seen, plain.grey_tensor(PATCHES))
    assert torch.equal(scaling.rgb_tensor(PATCHES), plain.rgb_tensor(PATCHES))


@pytest.mark.parametrize("auxiliary", ["grey", "colours", "unit", "byte"])
@pytest.mark.parametrize("equalization", ["none", "per_channel"])
def test_bytes_become_the_same_numbers_on_a_device(folder, tmp_path, auxiliary, equalization):
    """A tensor stands for what has travelled; parts of a batch are the batch."""
    made = composed(folder, tmp_path / "fused.pt", auxiliary, equalization=equalization)
    there = torch.from_numpy(PATCHES)
    assert torch.equal(made.scaling.rgb_tensor(PATCHES), made.scaling.rgb_tensor(there))
    assert torch.equal(made.scaling.grey_tensor(PATCHES), made.scaling.grey_tensor(there))
    found = gathered([PATCHES[:1], PATCHES[1:]], torch.device("meta"))
    assert (found.shape, found.dtype) == (PATCHES.shape, torch.uint8)
    parts = gathered([PATCHES[:1], PATCHES[1:]], torch.device("cpu"))
    np.testing.assert_array_equal(parts, PATCHES)


def test_lightness_of_a_tensor_is_that_of_opencv():
    colours = np.random.default_rng(0).integers(0, 256, (64, 255, 3), dtype=np.uint8)
    np.testing.assert_array_equal(luma_on_device(torch.from_numpy(colours)), luma(colours))


def test_cells_without_padding_are_those_of_layer_2(folder, tmp_path):
    made = composed(folder, tmp_path / "fused.pt", "grey", layer="layer2", border="cropped")
    assert maps(made).shape == (2, 17, 17)
    assert not torch.equal(maps(made), maps(composed(folder, tmp_path / "p.pt", "grey")))
    for layer in ("layer3", "layer4"):
        with pytest.raises(InputError, match=r"grey\.pt: border: cropped: .* expected a lower"):
            composed(folder, tmp_path / "x.pt", "grey", layer=layer, border="cropped")
    assert not (tmp_path / "x.pt").exists()


@pytest.mark.parametrize(
    ("auxiliary", "branch", "message"),
    [
        ("grey", {"input": "colour"}, r"grey\.pt: is a network of grey frames; input: colour"),
        ("unit", {"layer": "head"}, r"unit\.pt: layer: head: SiamFC has none"),
    ],
)
def test_what_a_network_does_not_have_is_told(folder, tmp_path, auxiliary, branch, message):
    with pytest.raises(InputError, match=message):
        composed(folder, tmp_path / "x.pt", auxiliary, **branch)
    assert composed(folder, tmp_path / "c.pt", "colours", input="colour").scaling.grey == "rgb"


def test_statistics_are_of_the_layer_that_is_correlated_and_not_of_the_probe(folder, tmp_path):
    def measured(name, **branch):
        response_statistics(
            folder / "siamfc.pt", folder / "grey.pt", [folder / "crops-0000.h5"],
            tmp_path / f"{name}.json", seed=0, settings=FUSION,
            branch=AuxiliarySettings(**branch), pairs=GENTLE, compute=CPU,
        )  # fmt: skip
        return read_json(tmp_path / f"{name}.json")

    usual, layer2 = measured("usual"), measured("layer2", layer="layer2")
    assert usual["siamfc"] == layer2["siamfc"] and usual["auxiliary"] != layer2["auxiliary"]
    assert measured("probe", probe=True) == usual


def tuned(folder, output, *, alpha, **branch):
    fine_tune(
        folder / "siamfc.pt", folder / "grey.pt", folder / "statistics.json",
        [folder / "crops-0000.h5"], output, alpha=alpha, seed=0, settings=FUSION,
        branch=AuxiliarySettings(**branch), training=GENTLE, compute=CPU,
    )  # fmt: skip
    return load_checkpoint(output).state


@pytest.mark.parametrize("layer", ["layer2", "layer4"])
def test_a_probe_trains_its_convolution_and_nothing_else(folder, tmp_path, layer):
    """Neither a weight nor a BatchNorm statistic of the trunk, nor SiamFC."""
    branch = {"layer": layer, "probe": True}
    before = composed(folder, tmp_path / "before.pt", "grey", **branch).state
    after = tuned(folder, tmp_path / "after.pt", alpha=1.0, **branch)
    assert before.keys() == after.keys()
    assert any(name.endswith("running_mean") for name in before if "auxiliary" in name)
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed == {"auxiliary.probe.weight", "auxiliary.probe.bias"}


@pytest.mark.parametrize("alpha", [0.0, 0.5, None])
def test_a_probe_beside_siamfc_is_refused(folder, tmp_path, alpha):
    with pytest.raises(InputError, match="a probe is trained alone; expected alpha 1, got"):
        tuned(folder, tmp_path / "x.pt", alpha=alpha, probe=True)
    assert not (tmp_path / "x.pt").exists()


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A sequence in which a square moves and grows over noise."""
    root = tmp_path_factory.mktemp("otb")
    random = np.random.default_rng(0)
    still = random.integers(0, 255, (90, 120, 3)).astype(np.uint8)
    boxes = np.array([[30.0 + 3 * i, 25 + 2 * i, 24 + i, 18 + i] for i in range(8)])
    frames = []
    for left, top, width, height in boxes.astype(int):
        frame = still.copy()
        frame[top : top + height, left : left + width] = (250, 40, 10)
        frames.append(frame)
    otb.write_sequence(root, "Square", frames, [boxes])
    return root


def boxes_of(videos, checkpoint, output, *, alpha=None, **settings):
    track(
        sets.get("otb"), Selection(root=videos),
        FromCheckpoint(checkpoint, settings=TrackerSettings(**settings), alpha=alpha),
        output / "run.json", protocol="ope", compute=CPU,
    )  # fmt: skip
    return (output / "boxes" / "Square.txt").read_bytes()


@pytest.mark.parametrize("auxiliary", ["grey", "byte"])
@pytest.mark.parametrize("normalize", [True, False])
def test_alpha_0_is_the_baseline_through_all_stages(folder, videos, tmp_path, auxiliary, normalize):
    """Bit by bit, whatever was measured. Where the penalty multiplies normalised maps, that are all
    below zero here, changed sizes win each time."""
    write_statistics(tmp_path / "statistics.json", mean=100.0)
    compose(
        folder / "siamfc.pt", folder / f"{auxiliary}.pt", tmp_path / "statistics.json",
        tmp_path / "fused.pt", alpha=0.5, settings=replace(FUSION, normalize=normalize),
        branch=AuxiliarySettings(), seed=0,
    )  # fmt: skip
    baseline = boxes_of(videos, folder / "siamfc.pt", tmp_path / "baseline")
    fused = tmp_path / "fused.pt"
    assert boxes_of(videos, fused, tmp_path / "raw", alpha=0.0) == baseline
    assert len(set(baseline.splitlines())) > 4  # something did move
    other = boxes_of(videos, fused, tmp_path / "n", alpha=0.0, penalty_on="normalized")
    assert (other == baseline) != normalize
