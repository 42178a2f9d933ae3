"""Embeddings of two frames: what the page makes of them is what the network says."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from chromatrack.checkpoints import load_checkpoint, save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import davis, otb
from chromatrack.data.images import read_image_rgb
from chromatrack.models.build import build_colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.plan import viewer
from chromatrack.plan.places import Places
from chromatrack.settings import ComputeSettings, from_mapping
from chromatrack.stages.report import similarity
from chromatrack.stages.report.similarity import make_similarity
from chromatrack.tracking.propagation import compared_features, propagate
from chromatrack.tracking.recipe import THESIS

CPU = ComputeSettings(device="cpu", threads=1)
COUNT, SIZE = 15, (72, 128)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A run with clips, two pretrained trunks and a sequence of masks."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    still = rng.integers(0, 255, SIZE, dtype=np.uint8)
    images = [np.stack([np.roll(still, 2 * n, 1)] * 3, axis=-1) for n in range(COUNT)]
    mask = np.zeros(SIZE, np.uint8)
    mask[20:40, 40:60] = 1
    davis.write_sequence(tmp_path / "davis", "two", images, [mask] * COUNT)
    davis.write_names(tmp_path / "davis", ["two"])
    otb.write_sequence(tmp_path / "otb", "Cat", images, [np.tile([40.0, 20, 20, 20], (COUNT, 1))])
    torch.manual_seed(0)
    for trunk, width in (("resnet18", 0.1), ("alexnet", 0.1)):
        save(
            Places("r").colorization(f"{trunk}-pretrained-seed0"),
            trunk=trunk,
            width=width,
            temperature=0.5,
        )
    return configured(tmp_path, ("davis", "otb"))


def save(path, **description):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(
        path, kind="colorization", network=description, scaling=InputScaling(),
        module=build_colorizer(**description), made_by={},
    )  # fmt: skip


def configured(folder, names, **more):
    given = {
        "run": "r", "seeds": [0], "trunks": ["resnet18", "alexnet"],
        "data": {"title": "t", "kinetics_list": "clips.csv"}, "siamfc": {"checkpoint": "s.pt"},
        "experiments": dict.fromkeys("12345"),
        "benchmarks": {name: {"root": str(folder / name)} for name in names},
    }  # fmt: skip
    return from_mapping({**given, **more})


def embeddings(told, name):
    own = told[name]
    steps = np.frombuffer(base64.b64decode(own["embeddings"]), np.int8)
    return steps.reshape(*own["cells"], told["dims"]) * told["scale"]


def copied(told):
    """Target cell -> share of each reference cell, as the page computes it."""
    reference, target = (
        embeddings(told, name).reshape(-1, told["dims"]) for name in ("reference", "target")
    )
    logits = target @ reference.T / told["temperature"]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def test_a_cell_points_where_the_network_copies_from(settings, tmp_path):
    made = make_similarity(settings, tmp_path / "similarity.json", compute=CPU)
    assert json.loads((tmp_path / "similarity.json").read_text()) == made
    assert [one["title"] for one in made] == ["resnet18, pretrained", "alexnet, pretrained"]
    paths = davis.frames(tmp_path / "davis", "two")
    for one, trunk in zip(made, ("resnet18", "alexnet"), strict=True):
        assert (one["sequence"], one["temperature"]) == ("two", 0.5)
        assert one["reference"]["frame"] == 0 and one["target"]["frame"] == 10
        loaded = load_checkpoint(Places("r").colorization(f"{trunk}-pretrained-seed0"))
        features = compared_features(
            loaded.build(), loaded.scaling, [read_image_rgb(paths[at]) for at in (0, 10)],
            recipe=THESIS, device=torch.device("cpu"),
        )  # fmt: skip
        rows, columns = one["reference"]["cells"]
        assert (one["dims"], rows, columns) == tuple(features.shape[1:]) == (64, 32, 32)
        first, second = features.flatten(2)
        expected = torch.softmax(second.T @ first / 0.5, dim=1).numpy()
        found = copied(one)
        assert np.abs(found - expected).sum(axis=1).max() < 0.1  # of 2: int8 keeps the shares
        agree = expected[np.arange(len(found)), found.argmax(axis=1)] / expected.max(axis=1)
        assert agree.min() > 0.9
        assert len(json.dumps(one)) < 300_000


def test_features_are_those_that_labels_are_copied_by(settings):
    """By the thesis's method, the second frame's labels are the softmax over these products."""
    loaded = load_checkpoint(Places("r").colorization("resnet18-pretrained-seed0"))
    model, device = loaded.build(), torch.device("cpu")
    paths = davis.frames("davis", "two")
    frames = [read_image_rgb(paths[at]) for at in (0, 10)]
    labels = np.zeros((2, *SIZE), np.float32)
    labels[0, :, :64] = labels[1, :, 64:] = 1  # left and right
    carried = list(propagate(model, loaded.scaling, frames, labels, recipe=THESIS, device=device))[
        1
    ]
    first, second = compared_features(
        model, loaded.scaling, frames, recipe=THESIS, device=device
    ).flatten(2)
    shares = torch.softmax(second.T @ first, dim=1)
    right = torch.arange(32 * 32) % 32 >= 16  # the central square of 72 columns
    expected = (shares[:, right].sum(dim=1) > 0.5).reshape(32, 32)
    seen = carried[1, :, 28:100]
    cells = torch.nn.functional.interpolate(seen[None, None], size=(32, 32))[0, 0] > 0.5
    assert (cells == expected).float().mean() > 0.99


def test_pictures_show_what_the_cells_cover(settings, tmp_path):
    made = make_similarity(settings, tmp_path / "similarity.json", compute=CPU)
    paths = davis.frames(tmp_path / "davis", "two")
    for name, at in (("reference", 0), ("target", 10)):
        content = base64.b64decode(made[0][name]["picture"])
        shown = np.array(Image.open(io.BytesIO(content)), dtype=float)
        square = read_image_rgb(paths[at])[:, 28:100]
        assert shown.shape == square.shape
        assert np.abs(shown - square).mean() < 20  # noise, as JPEG has it


def test_many_channels_are_paid_with_cells(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(similarity, "NUMBERS", 64 * 150)
    made = make_similarity(settings, tmp_path / "similarity.json", compute=CPU)
    assert [one["reference"]["cells"] for one in made] == [[12, 12]] * 2
    assert embeddings(made[0], "target").shape == (12, 12, 64)


def test_equal_runs_give_equal_bytes(settings, tmp_path):
    make_similarity(settings, tmp_path / "one.json", compute=CPU)
    options = ["similarity", "--settings", viewer.similarity_read(settings),
               '--compute={"device": "cpu"}', f"--output={tmp_path / 'two.json'}"]  # fmt: skip
    assert main(options) == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_without_masks_the_frames_are_the_summarys(settings, tmp_path):
    made = make_similarity(configured(tmp_path, ["otb"]), tmp_path / "s.json", compute=CPU)
    assert [one["sequence"] for one in made] == ["Cat", "Cat"]
    cut = configured(tmp_path, [], benchmarks={"otb": {"root": "otb", "max_frames": 4}})
    made = make_similarity(cut, tmp_path / "s.json", compute=CPU)
    assert made[0]["target"]["frame"] == 3


def test_networks_that_are_given_are_shown_and_random_ones_are_not(settings, tmp_path):
    save("given.pt", trunk="resnet18", width=0.05)
    experiments = {
        **dict.fromkeys("2345"), "1": {"weights": "random"}, "x": {"weights": "given.pt"},
        "y": {"weights": "other.pt"}, "z": {"weights": "siamfc:s.pt"},
    }  # fmt: skip
    bare = {"data": {"title": "t"}, "trunks": [], "experiments": experiments}
    given = configured(tmp_path, ["davis"], **bare)
    assert [one.checkpoint for one in viewer.pretrained_networks(given)] == ["given.pt"]
    assert viewer.similarity_of(given)[0] == "given.pt"
    made = make_similarity(given, tmp_path / "s.json", compute=CPU)
    assert [one["title"] for one in made] == ["resnet18, experiment x"]
    none = configured(tmp_path, ["davis"], **{**bare, "experiments": dict.fromkeys("12345")})
    assert viewer.similarity_of(none) == []
    assert make_similarity(none, tmp_path / "s.json", compute=CPU) == []


def test_experiments_that_show_no_network_change_nothing(settings, tmp_path):
    more = configured(
        tmp_path, ("davis", "otb"), experiments={**dict.fromkeys("2345"), "1": {"train": False}}
    )
    assert viewer.similarity_read(more) == viewer.similarity_read(settings)
    warmer = configured(tmp_path, ("davis", "otb"), colorization={"temperature": 0.7})
    assert viewer.similarity_read(warmer) == viewer.similarity_read(settings)  # the network says
