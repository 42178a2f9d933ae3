"""The engine: resume, metrics, broken losses; and that each training learns and repeats."""

import csv
import dataclasses
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.data.crops import CropPairs, usable_frames, write_crop_shard
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError, WorkError
from chromatrack.files import holding, write_json
from chromatrack.labels.cache import write_label_shard
from chromatrack.labels.clip import ClipLabels
from chromatrack.settings import (
    ColorizationSettings,
    ComputeSettings,
    FusionSettings,
    LabelSettings,
    SiamFCSettings,
)
from chromatrack.stages.colorization import initial_colorization, train_colorization
from chromatrack.stages.fusion import compose, fine_tune, response_statistics
from chromatrack.stages.siamfc import train_siamfc
from chromatrack.training.engine import FitPlan, exponential_rate, fit

CPU = ComputeSettings(device="cpu")
TINY = SiamFCSettings(width=0.05, epochs=2, pairs_per_epoch=8, batch_size=2, checkpoint_every=2)
FUSION = FusionSettings(statistics_pairs=8)


def plan(folder, **changes):
    values = {
        "steps": 20, "checkpoint_every": 5, "work_dir": folder / "work",
        "metrics": folder / "metrics.csv", "identity": "one", "workers": 0,
        "device": torch.device("cpu"), "what": "test",
    }  # fmt: skip
    return FitPlan(**{**values, **changes})


def regression(seed=0):
    torch.manual_seed(seed)
    module = torch.nn.Linear(4, 1)
    return module, torch.optim.Adam(module.parameters())


def batch_of(step):
    return torch.randn(8, 4, generator=torch.Generator().manual_seed(step))


def run(folder, *, fail_at=None, **changes):
    module, optimizer = regression()

    def load_batch(step):
        if step == fail_at:
            raise KeyboardInterrupt
        return batch_of(step)

    fit(
        plan(folder, **changes),
        module=module,
        optimizer=optimizer,
        rate=lambda step: 0.1 / (step + 1),
        load_batch=load_batch,
        loss_of=lambda x: (module(x) - x.sum(1, keepdim=True)).square().mean(),
    )
    return module.state_dict()


def test_a_stopped_run_continues_to_the_same_weights(tmp_path):
    expected = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", fail_at=13)
    continued = run(tmp_path / "stopped")
    assert all(torch.equal(expected[name], continued[name]) for name in expected)
    whole, stopped = ((tmp_path / n / "metrics.csv").read_text() for n in ("whole", "stopped"))
    assert whole == stopped and whole.count("\n") == 21


def test_a_checkpoint_of_other_settings_is_not_continued(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, fail_at=13, identity="other")
    expected = run(tmp_path / "fresh")
    again = run(tmp_path)
    assert all(torch.equal(expected[name], again[name]) for name in expected)


def test_loader_processes_do_not_change_the_numbers(tmp_path):
    expected, loaded = run(tmp_path / "a"), run(tmp_path / "b", workers=2)
    assert all(torch.equal(expected[name], loaded[name]) for name in expected)


def test_a_loss_that_is_not_finite_stops_with_the_step(tmp_path):
    module, optimizer = regression()
    with pytest.raises(WorkError, match=r"test: the loss is nan at step 7; the last good checkp"):
        fit(
            plan(tmp_path),
            module=module,
            optimizer=optimizer,
            rate=lambda step: 0.1,
            load_batch=lambda step: batch_of(step) * (float("nan") if step == 7 else 1),
            loss_of=lambda x: module(x).square().mean(),
        )
    assert torch.load(tmp_path / "work" / "last.pt", weights_only=True)["step"] == 5


def test_two_processes_do_not_share_a_training(tmp_path):
    with holding(tmp_path / "work"), pytest.raises(WorkError, match="another process"):
        run(tmp_path)


def test_exponential_rate_ends_where_it_should():
    rate = exponential_rate(1e-2, 1e-5, epochs=50, steps_per_epoch=10)
    assert rate(0) == rate(9) == 1e-2
    assert rate(499) == pytest.approx(1e-5)
    assert rate(10) / rate(0) == pytest.approx(rate(490) / rate(480))


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    """A crop shard: two sequences, each a blob of its own colour in the centre of noise."""
    import cv2

    path = tmp_path_factory.mktemp("crops") / "crops-0000.h5"
    random = np.random.default_rng(0)
    sequences = []
    for index, color in enumerate([(250, 40, 40), (40, 40, 250)]):
        jpegs = []
        for _ in range(4):
            image = random.integers(60, 200, (271, 271, 3)).astype(np.uint8)
            cv2.circle(image, (135, 135), 30, color, -1)
            jpegs.append(cv2.imencode(".jpg", image)[1].tobytes())
        sequences.append((f"s{index}", np.array([0, 1, 2, 200]), jpegs))
    write_crop_shard(path, sequences, margin=8, made_by={})
    return path


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """A label shard and Lab statistics: two clips of 6 frames, left half bright with label 1."""
    import cv2

    folder = tmp_path_factory.mktemp("labels")
    luma = np.full((256, 256), 40, dtype=np.uint8)
    luma[:, :128] = 200
    grid = np.zeros((6, 32, 32), dtype=np.uint8)
    grid[:, :, :16] = 1
    jpeg = cv2.imencode(".jpg", luma)[1]
    clip = lambda name: ClipLabels(  # noqa: E731
        clip_id=name, sha256="", luma=np.tile(jpeg, 6), luma_lengths=np.full(6, len(jpeg)),
        labels=grid, full_labels=None, centroids=np.array([[100, 100], [150, 150]], np.float32),
        inertia=0.0, lab_sums=np.ones((2, 3)), lab_count=1,
    )  # fmt: skip
    write_label_shard(
        folder / "shard-0000.h5", [clip("a"), clip("b")], [(6, 6 * len(jpeg))] * 2,
        settings=LabelSettings(colours=2), made_by={},
    )  # fmt: skip
    write_json(folder / "lab.json", {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.1, 0.1]})
    return folder


def colorize(labels, output, trunk="alexnet", steps=6, **changes):
    train_colorization(
        [labels / "shard-0000.h5"], labels / "lab.json", output, trunk=trunk, colours=2, seed=0,
        settings=ColorizationSettings(
            width=0.05, batch_size=1, steps=steps, checkpoint_every=2, **changes
        ),
        compute=CPU,
    )  # fmt: skip


def losses(folder):
    return [
        float(row["loss"])
        for row in csv.DictReader((folder / "metrics.csv").read_text().splitlines())
    ]


def test_pairs_follow_from_the_step_and_respect_the_gap(crops):
    options = {"batch_size": 8, "search_size": 239, "max_gap": 100, "stretch": 0.05}
    pairs = CropPairs([crops], seed=0, **options)
    z, x = pairs.batch(3)
    assert z.shape == (8, 127, 127, 3) and x.shape == (8, 239, 239, 3)
    again = CropPairs([crops], seed=0, **options)
    np.testing.assert_array_equal(again.batch(3)[1], x)
    assert not np.array_equal(again.batch(4)[1], x)
    for exemplar, search in zip(z, x, strict=True):  # the same target, in the middle of both
        red = exemplar[63, 63, 0] > 150
        assert (search[119, 119, 0] > 150) == red
    centred = CropPairs([crops], seed=0, **{**options, "search_size": 255, "stretch": 0})
    assert centred.batch(0)[1].shape == (8, 255, 255, 3)


def test_usable_frames():
    boxes = np.array(
        [[0, 0, 50, 50], [0, 0, 19, 50], [0, 0, 501, 200], [0, 0, 200, 40], [0, 0, 30, 30.0]]
    )
    visible = np.array([True, True, True, True, False])
    sequence = Sequence("s", (), boxes, visible=visible)
    assert usable_frames(sequence).tolist() == [0]


def test_siamfc_training_repeats(crops, tmp_path):
    for name in ("one", "two"):
        train_siamfc([crops], tmp_path / name / "model.pt", seed=0, settings=TINY, compute=CPU)
    one, two = (load_checkpoint(tmp_path / n / "model.pt").state for n in ("one", "two"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not (tmp_path / "one" / "work").exists()
    assert len(losses(tmp_path / "one")) == 8


def test_colorization_learns_what_can_be_learned(labels, tmp_path):
    colorize(labels, tmp_path / "model.pt", steps=30)
    curve = losses(tmp_path)
    assert np.mean(curve[-3:]) < 0.5 * np.mean(curve[:3])
    loaded = load_checkpoint(tmp_path / "model.pt", kinds=("colorization",))
    assert (loaded.scaling.grey_mean, loaded.scaling.grey_std) == (0.5, 0.25)


def test_a_killed_training_continues_to_the_same_weights(labels, tmp_path):
    """SIGKILL in the middle, then the same call again: bit for bit the uninterrupted result."""
    colorize(labels, tmp_path / "whole" / "model.pt", steps=12)
    command = [
        sys.executable, "-m", "chromatrack.cli.main", "train-colorization",
        "--labels", labels / "shard-0000.h5", "--statistics", labels / "lab.json",
        "--trunk", "alexnet", "--colours", "2", "--output", tmp_path / "killed" / "model.pt",
        "--settings", '{"width": 0.05, "batch_size": 1, "steps": 12, "checkpoint_every": 2}',
        "--compute", '{"device": "cpu"}',
    ]  # fmt: skip
    killed = subprocess.Popen(command)
    last = tmp_path / "killed" / "work" / "last.pt"
    deadline = time.monotonic() + 60
    while not last.exists() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert last.exists() and not (tmp_path / "killed" / "model.pt").exists()
    subprocess.run(command, check=True)
    whole, resumed = (
        load_checkpoint(tmp_path / name / "model.pt").state for name in ("whole", "killed")
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.fixture(scope="module")
def trained(crops, labels, tmp_path_factory):
    """Tiny checkpoints of both branches and their statistics."""
    folder = tmp_path_factory.mktemp("trained")
    train_siamfc([crops], folder / "siamfc.pt", seed=0, settings=TINY, compute=CPU)
    initial_colorization(
        labels / "lab.json", folder / "colorization.pt", trunk="alexnet", seed=0,
        settings=ColorizationSettings(width=0.05),
    )  # fmt: skip
    response_statistics(
        folder / "siamfc.pt", folder / "colorization.pt", [crops], folder / "statistics.json",
        seed=0, settings=FUSION, pairs=TINY, compute=CPU,
    )  # fmt: skip
    return folder


def parts(folder):
    return [folder / name for name in ("siamfc.pt", "colorization.pt", "statistics.json")]


def test_statistics_are_those_of_the_score_maps(trained, crops):
    from chromatrack.files import read_json

    measured = read_json(trained / "statistics.json")
    network = load_checkpoint(trained / "siamfc.pt").build()
    scaling = load_checkpoint(trained / "siamfc.pt").scaling
    pairs = CropPairs(
        [crops], batch_size=8, search_size=255, max_gap=TINY.max_gap, stretch=0, seed=0
    )
    z, x = (scaling.rgb_tensor(patch) for patch in pairs.batch(0))
    with torch.no_grad():
        maps = network(z, x)
    assert measured["pairs"] == 8 and maps.shape[-1] == 17
    assert measured["siamfc"]["mean"] == pytest.approx(maps.mean().item(), rel=1e-3)
    assert measured["siamfc"]["std"] == pytest.approx(maps.std(correction=0).item(), rel=1e-3)


def test_composing_changes_no_weight(trained, tmp_path):
    compose(*parts(trained), tmp_path / "model.pt", alpha=0.5, settings=FUSION, seed=0)
    state = load_checkpoint(tmp_path / "model.pt", kinds=("fused",)).state
    for name, value in load_checkpoint(trained / "siamfc.pt").state.items():
        assert torch.equal(state[f"siamfc.{name}"], value)


@pytest.mark.parametrize("alpha", [0.0, 0.5, None])
def test_fine_tuning_moves_the_branches_that_alpha_uses(trained, crops, tmp_path, alpha):
    # Barely trained branches have tiny score maps: normalised, their gradients are huge.
    gentle = dataclasses.replace(TINY, learning_rate=1e-7, final_learning_rate=1e-7)
    compose(*parts(trained), tmp_path / "before.pt", alpha=alpha, settings=FUSION, seed=0)
    fine_tune(
        *parts(trained), [crops], tmp_path / "model.pt", alpha=alpha, seed=0,
        settings=FUSION, training=gentle, compute=CPU,
    )  # fmt: skip
    before, after = (load_checkpoint(tmp_path / n).state for n in ("before.pt", "model.pt"))
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    expected = {"siamfc"} if alpha == 0 else {"siamfc", "colorization"}
    assert moved == expected | ({"alpha_logit"} if alpha is None else set())


def test_a_checkpoint_of_another_kind_is_named(trained, tmp_path):
    first, _, statistics = parts(trained)
    with pytest.raises(InputError, match=r"siamfc.pt: expected a checkpoint of kind colorization"):
        compose(first, first, statistics, tmp_path / "x.pt", alpha=0.5, settings=FUSION, seed=0)
    with pytest.raises(InputError, match="not a file of PyTorch tensors"):
        load_checkpoint(statistics)
