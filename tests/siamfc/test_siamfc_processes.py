"""SiamFC training in two processes is the training in one."""

import csv
import dataclasses

import cv2
import numpy as np
import pytest
import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.data.crops import Crops, write_crop_shard
from chromatrack.errors import InputError
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.models.winograd_training import use_winograd_in_training
from chromatrack.settings import ComputeSettings, SiamFCSettings
from chromatrack.stages.siamfc.training import train_siamfc
from chromatrack.training.pairs import fit_pairs
from chromatrack.training.processes import in_processes

CPU = torch.device("cpu")
TINY = SiamFCSettings(
    width=0.05, epochs=1, pairs_per_epoch=20, batch_size=4, shift=4, color_jitter=0.2, keep_every=0
)
# As wide as Winograd's algorithm needs.
WIDE = dataclasses.replace(TINY, width=0.7, pairs_per_epoch=8)


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    path = tmp_path_factory.mktemp("crops") / "crops-0000.h5"
    random = np.random.default_rng(0)
    sequences = []
    for index in range(3):
        images = (random.integers(0, 256, (34, 34, 3)).astype(np.uint8) for _ in range(5))
        jpegs = [cv2.imencode(".jpg", cv2.resize(i, (271, 271)))[1].tobytes() for i in images]
        sequences.append(Crops.of(f"s{index}", np.arange(5), jpegs))
    write_crop_shard(path, sequences, margin=8, made_by={})
    return path


def train(team, folder, crops, settings):
    """A narrow network in float64: what rounding does grows with the steps."""
    torch.manual_seed(0)
    model = build_siamfc(width=settings.width).double()
    use_winograd_in_training(model)
    scaling = InputScaling()
    fit_pairs(
        model,
        [crops],
        loaded=lambda z, x: (torch.from_numpy(z), torch.from_numpy(x)),
        inputs=lambda z, x: (scaling.rgb_tensor(z).double(), scaling.rgb_tensor(x).double()),
        output=folder / "model.pt",
        source={},
        seed=0,
        settings=settings,
        compute=ComputeSettings(device="cpu"),
        device=CPU,
        what=f"{team.size} processes",
        team=team,
    )
    if team.leads:
        torch.save(model.state_dict(), folder / "state.pt")


def losses(folder):
    with open(folder / "metrics.csv", newline="") as handle:
        return [float(row["loss"]) for row in csv.DictReader(handle)]


@pytest.mark.parametrize("settings", [TINY, WIDE])
def test_two_processes_give_the_losses_of_one(crops, tmp_path, settings):
    """The same global batches, labels that move with them, BatchNorm over all of both patches."""
    in_processes(1, CPU, train, tmp_path / "one", crops, settings)
    in_processes(2, CPU, train, tmp_path / "two", crops, settings)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == settings.pairs_per_epoch // 4
    assert two == pytest.approx(one, rel=2e-6)  # six digits in metrics.csv
    one, two = (torch.load(tmp_path / name / "state.pt") for name in ("one", "two"))
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-6, atol=1e-9)


def test_the_stage_trains_in_two_processes(crops, tmp_path):
    compute = ComputeSettings(device="cpu", devices=2)
    train_siamfc([crops], tmp_path / "model.pt", seed=0, settings=TINY, compute=compute)
    assert len(losses(tmp_path)) == 5
    load_checkpoint(tmp_path / "model.pt", kinds=("siamfc",)).build()
    with pytest.raises(InputError, match="3 processes cannot share batches of 4 samples equally"):
        train_siamfc(
            [crops], tmp_path / "model.pt", seed=0, settings=TINY,
            compute=ComputeSettings(device="cpu", devices=3),
        )  # fmt: skip
