"""Which network of a SiamFC training is used: the rule, its numbers, a kill in between."""

import dataclasses
import json
import shutil

import cv2
import numpy as np
import pytest

from chromatrack.checkpoints import load_checkpoint
from chromatrack.data.crops import Crops, write_crop_shard
from chromatrack.data.got10k import read_cover, write_list, write_sequence
from chromatrack.errors import InputError
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.stages.siamfc import validation as siamfc_validation
from chromatrack.stages.siamfc.choice import RULES, choose_siamfc
from chromatrack.stages.siamfc.training import train_siamfc
from chromatrack.stages.siamfc.validation import validate_siamfc

CPU = ComputeSettings(device="cpu")
TINY = SiamFCSettings(
    width=0.05, epochs=3, pairs_per_epoch=4, batch_size=2, checkpoint_every=2, keep_every=1,
    validation_frames=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    path = tmp_path_factory.mktemp("crops") / "crops-0000.h5"
    image = np.random.default_rng(0).integers(0, 256, (271, 271, 3)).astype(np.uint8)
    jpegs = [cv2.imencode(".jpg", image)[1].tobytes()] * 4
    write_crop_shard(path, [Crops.of("s", np.arange(4), jpegs)], margin=8, made_by={})
    return path


@pytest.fixture(scope="module")
def val(tmp_path_factory):
    """Two sequences of noise; in the second the target is hidden in frames 2 and 3."""
    root = tmp_path_factory.mktemp("val")
    random = np.random.default_rng(0)
    for index, cover in enumerate([[8] * 8, [8, 8, 0, 0, 8, 8, 1, 8]]):
        frames = random.integers(0, 256, (8, 60, 80, 3)).astype(np.uint8)
        boxes = np.tile([20.0, 15.0, 30.0, 25.0], (8, 1))
        write_sequence(
            root, f"v{index}", frames, boxes, cover=np.array(cover), cut_by_image=np.zeros(8),
            meta={},
        )  # fmt: skip
    write_list(root, ["v0", "v1"])
    return root


class Standing:
    """A tracker that answers with its first box, moved to the right by a number of pixels."""

    def __init__(self, pixels):
        self.pixels = pixels

    def init(self, image, box_ltwh):
        self.box = np.array(box_ltwh)

    def update(self, image):
        return self.box + np.array([self.pixels, 0, 0, 0])


def trackers(monkeypatch, pixels):
    """Let the network of each step track that many pixels off; returns the calls."""
    opened = []

    def load(path, **_):
        opened.append(path.name)
        return Standing(pixels[path.name])

    monkeypatch.setattr(siamfc_validation, "load_tracker", load)
    return opened


NAMES = ("step-0000002.pt", "step-0000004.pt", "step-0000006.pt")


def train(crops, folder, **changes):
    settings = dataclasses.replace(TINY, **changes)
    train_siamfc([crops], folder / "last.pt", seed=0, settings=settings, compute=CPU)


def validate(val, folder, **changes):
    settings = dataclasses.replace(TINY, **changes)
    output = folder / "validation.json"
    validate_siamfc(folder / "checkpoints", val, output, settings=settings, compute=CPU)
    return json.loads(output.read_text())


def choose(folder, select, *, validation="validation.json"):
    settings = dataclasses.replace(TINY, select=select)
    scores = folder / validation if validation else None
    choose_siamfc(folder / "last.pt", scores, folder / "model.pt", settings=settings)
    return json.loads((folder / "choice.json").read_text())


@pytest.fixture(scope="module")
def trained(crops, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train(crops, folder)
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == list(NAMES)
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    """A training of its own, done."""
    return shutil.copytree(trained, tmp_path / "siamfc")


@pytest.mark.parametrize(
    ("pixels", "best"),
    [
        ((15, 5, 10), 4),
        ((15, 5, 5), 6),  # of equal ones the later
        ((5, 5, 15), 4),
    ],
)
def test_the_network_is_chosen_by_the_rule(folder, val, monkeypatch, pixels, best):
    trackers(monkeypatch, dict(zip(NAMES, pixels, strict=True)))
    found = validate(val, folder)
    # 5 of 6 frames of the first sequence count, and 3 of the second: it is hidden in two.
    assert [row["step"] for row in found["networks"]] == [2, 4, 6]
    assert [row["frames"] for row in found["networks"]] == [8, 8, 8]
    for row, off in zip(found["networks"], pixels, strict=True):
        overlap = (30 - off) / (30 + off)
        assert row["average_overlap"] == pytest.approx(overlap)
        assert row["success_rate_50"] == (overlap > 0.5)
    assert not (folder / "validation").exists()

    choice = choose(folder, "best_ao")
    assert choice["chosen"] == f"step-{best:07d}.pt" and choice["rule"] == RULES["best_ao"]
    kept = folder / "checkpoints" / choice["chosen"]
    assert (folder / "model.pt").read_bytes() == kept.read_bytes()
    choice = choose(folder, "last", validation=None)
    assert choice["chosen"] == "last.pt" and choice["rule"] == RULES["last"]
    assert (folder / "model.pt").read_bytes() == (folder / "last.pt").read_bytes()
    assert (folder / "checkpoints" / NAMES[-1]).read_bytes() == (folder / "last.pt").read_bytes()


def test_a_kill_while_validating_repeats_no_sequence(folder, val, monkeypatch):
    opened = trackers(monkeypatch, dict.fromkeys(NAMES, 5))
    inner = siamfc_validation.run_sequences

    def killed(open_tracker, targets, folder, **options):
        if folder.name == "step-0000006":
            raise KeyboardInterrupt
        return inner(open_tracker, targets, folder, **options)

    monkeypatch.setattr(siamfc_validation, "run_sequences", killed)
    with pytest.raises(KeyboardInterrupt):
        validate(val, folder)
    assert not (folder / "validation.json").exists() and opened == list(NAMES[:2])
    monkeypatch.setattr(siamfc_validation, "run_sequences", inner)
    validate(val, folder)
    assert opened == list(NAMES)


def test_a_training_that_keeps_none_keeps_the_last(crops, tmp_path):
    train(crops, tmp_path, keep_every=0)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [NAMES[-1]]
    assert load_checkpoint(tmp_path / "last.pt").kind == "siamfc"
    assert not (tmp_path / "work").exists()


def test_what_cannot_be_chosen_by_is_named(folder, val, tmp_path):
    with pytest.raises(InputError, match="best_ao needs networks with scores"):
        choose(folder, "best_ao", validation=None)
    with pytest.raises(ValueError, match="best_ao needs validation_frames of more than 0"):
        dataclasses.replace(TINY, select="best_ao", validation_frames=0)
    with pytest.raises(InputError, match=r"validation_frames: is 0"):
        validate(val, folder, validation_frames=0)
    with pytest.raises(InputError, match="expected the networks that train-siamfc kept"):
        validate(val, tmp_path)
    (folder / "validation.json").write_text("{}")
    with pytest.raises(InputError, match="expected what validate-siamfc writes"):
        choose(folder, "best_ao")


def test_real_networks_track_the_validation_sequences_and_others_are_no_choice(folder, val):
    one = validate(val, folder)
    assert validate(val, folder) == one
    assert all(0 < row["average_overlap"] <= 1 for row in one["networks"])
    best = folder / "checkpoints" / choose(folder, "best_ao")["chosen"]
    best.write_bytes(b"of another training")
    with pytest.raises(InputError, match=r"is not the network that .*validation.json scored"):
        choose(folder, "best_ao")


def test_cover_is_zero_where_the_target_is_absent(val, tmp_path):
    assert read_cover(val / "v1").tolist() == [8, 8, 0, 0, 8, 8, 1, 8]
    folder = tmp_path / "v"
    folder.mkdir()
    (folder / "groundtruth.txt").write_text("1,1,5,5\n1,1,5,5\n")
    assert read_cover(folder).tolist() == [8, 8]
    (folder / "absence.label").write_text("0\n1\n")
    assert read_cover(folder).tolist() == [8, 0]
