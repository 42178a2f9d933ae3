"""The single-video test of thesis 5.3.3: what it makes, that it continues, its place in the DAG."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from chromatrack.checkpoints import load_checkpoint
from chromatrack.errors import InputError
from chromatrack.settings import (
    ColorizationSettings,
    ComputeSettings,
    LabelSettings,
    SingleVideoSettings,
)
from chromatrack.stages.colorization.single_video import memorize_clip
from tests.videos import write_video

SETTINGS = SingleVideoSettings(trunk="alexnet", colours=(2, 3), steps=4, show_at=(0, 2), images=2)
TRAINING = ColorizationSettings(width=0.05, batch_size=1, checkpoint_every=2)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Six kept frames of a red, a green and a blue field that move."""
    path = tmp_path_factory.mktemp("video") / "-clip.mp4"
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, :20], image[:, 20:40], image[:, 40:] = (200, 30, 30), (30, 200, 30), (30, 30, 200)
    write_video(path, [np.roll(image, step, axis=1) for step in range(30)])
    return path


def memorize(video, output, **changes):
    values = {"labels": LabelSettings(restarts=1), "colorization": TRAINING, "settings": SETTINGS}
    memorize_clip(
        video, output, seed=0, compute=ComputeSettings(device="cpu"), **{**values, **changes}
    )
    return json.loads(output.read_text())


def test_four_trainings_their_curves_and_pictures(video, tmp_path):
    index = memorize(video, tmp_path / "index.json")
    runs = {(run["colours"], run["loss"]): run for run in index["runs"]}
    assert list(runs) == [(k, loss) for k in (2, 3) for loss in ("nll", "double_softmax")]
    for (colours, loss), run in runs.items():
        assert run["floor"] == pytest.approx(
            math.log(1 + (colours - 1) / math.e) if loss == "double_softmax" else 0
        )
        assert run["last_loss"] >= run["floor"]
        assert run["positions"] == 22 * 22 and run["images"] == 3
        assert run["wrong_per_image"] == pytest.approx((1 - run["accuracy"]) * 22 * 22)
        assert load_checkpoint(tmp_path / run["model"]).network["trunk"] == "alexnet"
    assert len(index["figures"]) == 5
    for figure in index["figures"]:
        assert (tmp_path / figure["svg"]).stat().st_size > 1000
        assert (tmp_path / figure["png"]).stat().st_size > 1000


def test_what_is_done_is_not_done_again(video, tmp_path):
    first = memorize(video, tmp_path / "index.json")
    models = {run["model"]: (tmp_path / run["model"]).stat().st_mtime_ns for run in first["runs"]}
    (tmp_path / "k3-nll" / "model.pt").unlink()
    again = memorize(video, tmp_path / "index.json")
    assert again == first
    for name, before in models.items():
        assert ((tmp_path / name).stat().st_mtime_ns == before) == (name != "k3-nll/model.pt")


def test_an_edit_of_what_is_not_read_trains_nothing(video, tmp_path):
    first = memorize(video, tmp_path / "index.json")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/model.pt")}
    again = memorize(
        video, tmp_path / "index.json",
        labels=LabelSettings(restarts=1, colours=4, chroma=True, full_resolution=True),
        colorization=replace(TRAINING, checkpoint_every=3, validate_every=9, validation_batches=2,
                             steps=7, drop_at=1, loss="double_softmax", validation_clips=0.5),
    )  # fmt: skip
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_clip_that_is_too_short_is_named(video, tmp_path):
    with pytest.raises(InputError, match="no clip in 1 label shards has the 4 kept frames"):
        memorize(video, tmp_path / "index.json", labels=LabelSettings(frame_stride=12, restarts=1))


def test_a_network_of_colours_is_memorised_and_measured_the_same_twice(video, tmp_path):
    changes = {
        "labels": LabelSettings(restarts=1, chroma=True),
        "colorization": replace(TRAINING, input="lab", channel_dropout=0.5),
        "settings": replace(SETTINGS, colours=(2,), losses=("nll",)),
    }
    first = memorize(video, tmp_path / "index.json", **changes)
    assert len(first["runs"]) == 1 and len(first["figures"]) == 2
    # Channels are left out in training alone: what is measured is no matter of chance.
    assert memorize(video, tmp_path / "index.json", **changes) == first
