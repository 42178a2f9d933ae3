"""Pretraining by colorization: it learns, continues after a kill, and shares its batches."""

import csv
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.errors import InputError, WorkError
from chromatrack.files import write_json
from chromatrack.labels.cache import ClipLabels, write_label_shard
from chromatrack.labels.samples import LabelSamples, is_held_out
from chromatrack.settings import (
    ColorizationSettings,
    ComputeSettings,
    LabelSettings,
    PropagationSettings,
    load_config,
)
from chromatrack.stages.colorization.batches import cell_means
from chromatrack.stages.colorization.initial import initial_colorization
from chromatrack.stages.colorization.training import train_colorization
from chromatrack.stages.labels.lab_statistics import lab_statistics
from chromatrack.stages.labels.labels import label_video
from chromatrack.stages.tools.colorize import colorize as colorize_video
from chromatrack.tracking.propagator import load_propagator
from tests.videos import moving_colours, write_video

CPU = ComputeSettings(device="cpu")
THESIS = Path(__file__).parents[2] / "config" / "thesis.yaml"
NOTHING = np.zeros(0, dtype=np.uint8)


def write_shard(path, clips, colours=2):
    """Clips (id -> frames) whose left half is bright and of label 1."""
    luma = np.full((256, 256), 40, dtype=np.uint8)
    luma[:, :128] = 200
    jpeg = cv2.imencode(".jpg", luma)[1]
    labels = []
    for name, frames in clips.items():
        grid = np.zeros((frames, 32, 32), dtype=np.uint8)
        grid[:, :, :16] = 1
        labels.append(ClipLabels(
            clip_id=name, sha256="", luma=np.tile(jpeg, frames),
            luma_lengths=np.full(frames, len(jpeg)), chroma=NOTHING, chroma_lengths=NOTHING,
            labels=grid, full_labels=None,
            centroids=np.array([[100, 100], [150, 150]], np.float32), inertia=0.0,
            lab_sums=np.ones((2, 3)), lab_count=1,
        ))  # fmt: skip
    sizes = [(frames, frames * len(jpeg), 0) for frames in clips.values()]
    settings = LabelSettings(colours=colours)
    write_label_shard(path, labels, sizes, settings=settings, made_by={})
    return path


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """A label shard of two clips and Lab statistics."""
    folder = tmp_path_factory.mktemp("labels")
    write_shard(folder / "shard-0000.h5", {"a": 6, "b": 6})
    write_json(folder / "lab.json", {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.1, 0.1]})
    return folder


def colorize(labels, output, *, trunk="alexnet", compute=CPU, shard="shard-0000.h5", **changes):
    values = {"width": 0.05, "batch_size": 1, "steps": 6, "checkpoint_every": 2, **changes}
    train_colorization(
        [labels / shard], labels / "lab.json", output, trunk=trunk, colours=2, seed=0,
        settings=ColorizationSettings(**values), compute=compute,
    )  # fmt: skip


def column(folder, name="loss"):
    with open(folder / "metrics.csv", newline="") as handle:
        return [float(row[name]) for row in csv.DictReader(handle) if row[name]]


def test_it_learns_what_can_be_learned(labels, tmp_path):
    colorize(labels, tmp_path / "model.pt", steps=30)
    curve = column(tmp_path)
    assert np.mean(curve[-3:]) < 0.5 * np.mean(curve[:3])
    loaded = load_checkpoint(tmp_path / "model.pt", kinds=("colorization",))
    assert (loaded.scaling.grey_mean, loaded.scaling.grey_std) == (0.5, 0.25)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("kind", ["luma", "lab"])
def test_chroma_is_regressed_beside_the_labels(kind, tmp_path):
    clip = tmp_path / "clip.mp4"
    write_video(clip, moving_colours(20))
    label_video(clip, tmp_path / "shard.h5", settings=LabelSettings(colours=2, chroma=True))
    lab_statistics([tmp_path / "shard.h5"], tmp_path / "lab.json")
    for loss in ("nll", "nll_and_chroma"):
        colorize(tmp_path, tmp_path / loss / "model.pt", shard="shard.h5", trunk="resnet18",
                 input=kind, loss=loss)  # fmt: skip
    alone, both = (column(tmp_path / loss)[0] for loss in ("nll", "nll_and_chroma"))
    assert both > alone  # of the same first step: the labels' loss, and something beside it
    loaded = load_checkpoint(tmp_path / "nll_and_chroma/model.pt", kinds=("colorization",))
    assert loaded.scaling.grey == {"luma": "lab_l", "lab": "lab"}[kind]
    frames = np.arange(2 * 4 * 4 * 2, dtype=np.uint8).reshape(1, 2, 4, 4, 2)
    cells = cell_means(frames, 2)
    assert cells.shape == (1, 2, 2, 2, 2)
    assert cells[0, 1, 1, 0, 1] == frames[0, 1, 2:, :2, 1].mean()


def test_chroma_to_regress_wants_a_cache_that_has_it(labels, tmp_path):
    with pytest.raises(InputError, match=r"holds L alone; .*labels.chroma: true"):
        colorize(labels, tmp_path / "model.pt", loss="nll_and_chroma")
    with pytest.raises(ValueError, match=r"colorization.loss: nll_and_chroma needs the colour"):
        replace(load_config([THESIS]), colorization=ColorizationSettings(loss="nll_and_chroma"))


@pytest.mark.parametrize("kind", ["lab", "rgb"])
def test_networks_of_colours_train_and_see_colours_afterwards(kind, tmp_path):
    clip = tmp_path / "clip.mp4"
    write_video(clip, moving_colours(20))
    label_video(clip, tmp_path / "shard.h5", settings=LabelSettings(colours=2, chroma=True))
    lab_statistics([tmp_path / "shard.h5"], tmp_path / "lab.json")
    colorize(tmp_path, tmp_path / "out/model.pt", shard="shard.h5", trunk="resnet18", input=kind,
             channel_dropout=0.3)  # fmt: skip
    loaded = load_checkpoint(tmp_path / "out/model.pt", kinds=("colorization",))
    assert loaded.scaling.grey == kind and loaded.network["channel_dropout"] == 0.3
    rgb = next(iter(moving_colours(1)))
    seen = loaded.scaling.grey_tensor(rgb[None])
    assert seen.shape == (1, 3, *rgb.shape[:2])
    # What it sees in use is what it saw of the same frame in training, up to coding and equalising.
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    assert (seen - loaded.scaling.normalized_lab(lab[None])).abs().max() < 0.1
    propagator = load_propagator(
        tmp_path / "out/model.pt", method="soft",
        settings=PropagationSettings(short_side=64), device=torch.device("cpu"),
    )  # fmt: skip
    planes = np.zeros((2, *rgb.shape[:2]), np.float32)
    assert len(list(propagator([rgb, rgb], planes))) == 2
    with pytest.raises(InputError, match="its network sees colours"):
        colorize_video(propagator, clip, tmp_path / "out.mp4")


def test_labels_without_colour_are_refused_for_a_network_of_colours(labels, tmp_path):
    with pytest.raises(InputError, match="holds L alone"):
        colorize(labels, tmp_path / "model.pt", input="lab")


def test_what_is_kept_are_networks(labels, tmp_path):
    """A share of 0.3 holds out clip b of a and b."""
    assert [is_held_out(name, 0.3) for name in "ab"] == [False, True]
    colorize(
        labels, tmp_path / "model.pt", trunk="resnet18", steps=5, keep_every=2,
        validation_clips=0.3, validate_every=2, validation_batches=1,
    )  # fmt: skip
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["best.pt", "step-0000002.pt", "step-0000004.pt"]
    for name in kept:
        load_checkpoint(tmp_path / "checkpoints" / name, kinds=("colorization",)).build()
    assert len(column(tmp_path)) == 5 and len(column(tmp_path, "validation_loss")) == 3


def test_a_training_killed_at_random_moments_ends_with_the_same_weights(labels, tmp_path):
    """SIGKILL twice, then the same call again: bit for bit the uninterrupted result."""
    colorize(labels, tmp_path / "whole" / "model.pt", steps=40, keep_every=15)
    folder = tmp_path / "killed"
    command = [
        sys.executable, "-m", "chromatrack.cli.main", "train-colorization",
        "--labels", labels / "shard-0000.h5", "--statistics", labels / "lab.json",
        "--trunk", "alexnet", "--colours", "2", "--output", folder / "model.pt",
        "--settings", '{"width": 0.05, "batch_size": 1, "steps": 40}',
        "--cadence", '{"checkpoint_every": 2, "keep_every": 15}',
        "--compute", '{"device": "cpu"}',
    ]  # fmt: skip
    moments = random.Random(5)
    for _ in range(2):
        killed = subprocess.Popen(command)
        begin = lines(folder)
        until = begin + moments.randint(2, 9)
        deadline = time.monotonic() + 60
        # The table begins anew with the rows before the last checkpoint: wait for it to grow.
        while lines(folder) < until and killed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        killed.send_signal(signal.SIGKILL)
        killed.wait(timeout=60)
        assert not (folder / "model.pt").exists()
    # How often it writes is no part of what it is: an edit in between changes nothing.
    often = '{"checkpoint_every": 3, "keep_every": 15, "validate_every": 7}'
    subprocess.run([*command, "--cadence", often], check=True, timeout=600)
    for name in ("model.pt", "checkpoints/step-0000015.pt", "checkpoints/step-0000030.pt"):
        whole, resumed = (load_checkpoint(tmp_path / n / name).state for n in ("whole", "killed"))
        assert all(torch.equal(whole[key], resumed[key]) for key in whole), name
    assert column(folder) == column(tmp_path / "whole")
    assert (folder / "model.pt").read_bytes() == (tmp_path / "whole" / "model.pt").read_bytes()


def lines(folder):
    table = folder / "work" / "metrics.csv"
    return table.read_text().count("\n") if table.exists() else 0


def test_two_processes_train(labels, tmp_path):
    """The same files as of one process; test_processes.py compares the numbers."""
    options = {"batch_size": 2, "validation_clips": 0.3, "validate_every": 1, "steps": 3,
               "validation_batches": 1}  # fmt: skip
    both = ComputeSettings(device="cpu", devices=2)
    colorize(labels, tmp_path / "one" / "model.pt", **options)
    colorize(labels, tmp_path / "two" / "model.pt", compute=both, **options)
    one, two = (column(tmp_path / name) for name in ("one", "two"))
    assert len(two) == 3 and two[0] == pytest.approx(one[0], rel=1e-2)
    assert len(column(tmp_path / "two", "validation_loss")) == 3
    one, two = (load_checkpoint(tmp_path / n / "model.pt").build() for n in ("one", "two"))
    assert one.state_dict().keys() == two.state_dict().keys()


def test_batches_that_cannot_be_shared_are_refused(labels, tmp_path):
    both = ComputeSettings(device="cpu", devices=2)
    with pytest.raises(InputError, match=r"compute.devices: 2 processes cannot share batches of 3"):
        colorize(labels, tmp_path / "model.pt", compute=both, batch_size=3)


def test_processes_read_the_slices_of_one_batch(labels):
    samples = LabelSamples([labels / "shard-0000.h5"], frames=4, batch_size=6, colours=2, seed=3)
    luma, grids = samples.batch(7)
    halves = [samples.batch(7, share) for share in (slice(0, 3), slice(3, 6))]
    np.testing.assert_array_equal(np.concatenate([half[0] for half in halves]), luma)
    np.testing.assert_array_equal(np.concatenate([half[1] for half in halves]), grids)
    names = [name for share in (slice(0, 3), slice(3, 6)) for name in samples.names(7, share)]
    assert names == samples.names(7)
    assert set(names) <= {"a in shard-0000.h5", "b in shard-0000.h5"}


def test_held_out_clips_follow_from_their_ids(tmp_path):
    """However clips lie in shards; about the share asked for; windows of a video stay together."""
    clips = [f"-v{i:03d}_{start:06d}_{start + 10:06d}" for i in range(400) for start in (1, 30)]
    held = {clip for clip in clips if is_held_out(clip, 0.2)}
    assert 0.15 * len(clips) < len(held) < 0.25 * len(clips)
    assert all(is_held_out(a, 0.2) == is_held_out(b, 0.2) for a, b in zip(clips[::2], clips[1::2],
                                                                        strict=True))  # fmt: skip
    assert held < {clip for clip in clips if is_held_out(clip, 0.3)}
    few = {clip: 5 for clip in clips[::40]}
    shard = write_shard(tmp_path / "s.h5", few)
    options = {"frames": 4, "batch_size": 64, "colours": 2, "held_out": 0.2}
    seen = {
        part: {name.split(" in ")[0] for step in range(4)
               for name in LabelSamples([shard], part=part, **options).names(step)}
        for part in ("training", "held_out")
    }  # fmt: skip
    assert seen["held_out"] == held & set(few)
    assert seen["training"] == set(few) - held


def test_short_clips_are_passed_over(labels, tmp_path):
    write_shard(tmp_path / "short.h5", {"x": 3, "y": 1, "z": 5})
    samples = LabelSamples([tmp_path / "short.h5"], frames=4, batch_size=16, colours=2)
    assert set(samples.names(0)) == {"z in short.h5"}
    write_shard(tmp_path / "none.h5", {"x": 3, "y": 1})
    with pytest.raises(InputError, match="no clip in 1 label shards has the 4 kept frames that a"):
        LabelSamples([tmp_path / "none.h5"], frames=4, batch_size=1, colours=2)
    with pytest.raises(InputError, match="no training clip in 1 label shards has the 4 kept"):
        LabelSamples(
            [labels / "shard-0000.h5"], frames=4, batch_size=1, colours=2, part="training",
            held_out=0.9999,
        )  # fmt: skip


def test_labels_of_another_k_are_refused(labels, tmp_path):
    (tmp_path / "lab.json").write_bytes((labels / "lab.json").read_bytes())
    write_shard(tmp_path / "shard-0000.h5", {"a": 6}, colours=16)
    with pytest.raises(InputError, match=r"shard-0000.h5: holds 16 colours, expected 2"):
        colorize(tmp_path, tmp_path / "model.pt")


def test_a_clip_of_one_colour_trains(tmp_path):
    jpeg = cv2.imencode(".jpg", np.full((256, 256), 128, np.uint8))[1]
    clip = ClipLabels(
        clip_id="grey", sha256="", luma=np.tile(jpeg, 4), luma_lengths=np.full(4, len(jpeg)),
        chroma=NOTHING, chroma_lengths=NOTHING, labels=np.zeros((4, 32, 32), np.uint8),
        full_labels=None,
        centroids=np.array([[128, 128]], np.float32), inertia=0.0, lab_sums=np.ones((2, 3)),
        lab_count=1,
    )  # fmt: skip
    write_label_shard(
        tmp_path / "shard-0000.h5", [clip], [(4, 4 * len(jpeg), 0)],
        settings=LabelSettings(colours=2), made_by={},
    )  # fmt: skip
    write_json(tmp_path / "lab.json", {"mean": [0.5] * 3, "std": [0.0] * 3})
    colorize(tmp_path, tmp_path / "model.pt", steps=3)
    assert column(tmp_path) == pytest.approx([0, 0, 0], abs=1e-4)


def test_a_nan_stops_with_step_and_clips(labels, tmp_path):
    """A rate beyond reason breaks the weights: what a diverging training looks like."""
    with pytest.raises(WorkError) as raised:
        colorize(labels, tmp_path / "model.pt", steps=6, learning_rate=1e30, checkpoint_every=1)
    message = str(raised.value)
    assert message.startswith("colorization alexnet: ") and "\n" not in message
    assert " at step " in message and " in shard-0000.h5); " in message
    assert not (tmp_path / "model.pt").exists()


def test_an_unknown_trunk_is_named(labels, tmp_path):
    with pytest.raises(InputError, match=r"--trunk: expected one of .*resnet18.*, got 'vgg'"):
        colorize(labels, tmp_path / "model.pt", trunk="vgg")


def test_labels_on_another_grid_than_the_network_are_refused(tmp_path):
    clip = tmp_path / "clip.mp4"
    write_video(clip, moving_colours(10))
    settings = LabelSettings(colours=2, label_size=16, frame_stride=2)
    label_video(clip, tmp_path / "shard.h5", settings=settings)
    lab_statistics([tmp_path / "shard.h5"], tmp_path / "lab.json")
    with pytest.raises(InputError, match=r"256 px with 16x16 labels; resnet18 wants one per 8 px"):
        colorize(tmp_path, tmp_path / "out/model.pt", shard="shard.h5", trunk="resnet18")


def test_a_label_beyond_k_names_its_clip(labels):
    samples = LabelSamples([labels / "shard-0000.h5"], frames=4, batch_size=1, colours=2)
    samples.colours = 1  # as if a file said so of itself
    with pytest.raises(InputError, match="damaged: a label of 1, expected less"):
        samples.sample(0)


def initial(output, statistics=None, **changes):
    settings = ColorizationSettings(width=0.05, **changes)
    initial_colorization(statistics, output, trunk="alexnet", seed=0, settings=settings)
    return output.read_bytes()


def test_random_weights_depend_on_no_key_of_the_training(labels, tmp_path):
    one = initial(tmp_path / "one.pt", normalization="published")
    training = {"steps": 9, "loss": "double_softmax", "learning_rate": 0.5, "drop_at": 3,
                "local_window": 4, "batch_size": 2, "keep_every": 4}  # fmt: skip
    other = labels / "lab.json"  # not read
    assert initial(tmp_path / "two.pt", other, normalization="published", **training) == one
    assert initial(tmp_path / "three.pt", other) != one
    with pytest.raises(InputError, match="normalization: measured needs --statistics"):
        initial(tmp_path / "four.pt")


@pytest.mark.parametrize("content", ["{}", "[1]", '{"mean": [0.5], "std": [0.2]}'])
def test_statistics_that_are_none_are_named(labels, tmp_path, content):
    (tmp_path / "lab.json").write_text(content)
    with pytest.raises(InputError, match="expected mean and std with three numbers"):
        initial(tmp_path / "model.pt", tmp_path / "lab.json")


@pytest.mark.parametrize("head", ["none", "3d"])
def test_the_divisor_does_not_change_the_first_weights(tmp_path, head):
    states = []
    for number, temperature in enumerate((None, 1.0)):
        settings = ColorizationSettings(
            width=0.05, head=head, temperature=temperature, normalization="half"
        )
        path = tmp_path / f"{number}.pt"
        initial_colorization(None, path, trunk="resnet18", seed=0, settings=settings)
        states.append(load_checkpoint(path).build().state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_walks_have_no_window():
    with pytest.raises(ValueError, match="local_window: walk looks at whole frames"):
        ColorizationSettings(loss="walk", head="none", local_window=3)
