"""SiamFC and the combined network: each training learns and repeats."""

import dataclasses

import pytest
import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.data.augmentation import Augmentation
from chromatrack.data.pairs import CropPairs
from chromatrack.errors import InputError
from chromatrack.settings import (
    AuxiliarySettings,
    ColorizationSettings,
    ComputeSettings,
    FusionSettings,
    SiamFCSettings,
)
from chromatrack.stages.colorization.initial import initial_colorization
from chromatrack.stages.fusion.compose import compose
from chromatrack.stages.fusion.fine_tune import fine_tune
from chromatrack.stages.fusion.statistics import response_statistics
from chromatrack.stages.siamfc.training import train_siamfc
from tests.crop_shards import write_blobs

CPU = ComputeSettings(device="cpu")
TINY = SiamFCSettings(width=0.05, epochs=2, pairs_per_epoch=8, batch_size=2, checkpoint_every=2)
FUSION = FusionSettings(statistics_pairs=8)
BRANCH = AuxiliarySettings()


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    return write_blobs(tmp_path_factory.mktemp("crops") / "crops-0000.h5")


def test_siamfc_training_repeats(crops, tmp_path):
    for name in ("one", "two"):
        train_siamfc([crops], tmp_path / name / "model.pt", seed=0, settings=TINY, compute=CPU)
    one, two = (load_checkpoint(tmp_path / n / "model.pt").state for n in ("one", "two"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not (tmp_path / "one" / "work").exists()
    assert (tmp_path / "one" / "metrics.csv").read_text().count("\n") == 9


# 0.7: wide enough for Winograd's algorithm.
@pytest.mark.parametrize("precision, width", [(32, 0.05), (32, 0.7), ("bf16", 0.05)])
def test_a_stopped_training_continues_to_the_same_weights(
    crops, tmp_path, monkeypatch, precision, width
):
    """With all augmentation on; what is kept is the same too."""
    settings = dataclasses.replace(
        TINY, precision=precision, width=width, shift=8, color_jitter=0.3, grey=0.5, keep_every=1
    )

    def train(name):
        train_siamfc([crops], tmp_path / name / "model.pt", seed=0, settings=settings, compute=CPU)

    inner = CropPairs.batch

    def stopping(pairs, step, *share):
        if step == 5:
            raise KeyboardInterrupt
        return inner(pairs, step, *share)

    train("whole")
    monkeypatch.setattr(CropPairs, "batch", stopping)
    with pytest.raises(KeyboardInterrupt):
        train("stopped")
    assert not (tmp_path / "stopped" / "model.pt").exists()
    monkeypatch.undo()
    train("stopped")
    for name in ("model.pt", "metrics.csv", "checkpoints/step-0000004.pt"):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("whole", "stopped"))
        assert one == two, name


def test_an_edit_of_the_cadence_continues_to_the_same_bytes(crops, tmp_path, monkeypatch):
    """Killed, told to write more often and to keep more, and called again: it goes on."""
    seen = []
    inner = CropPairs.batch

    def stopping(pairs, step, *share):
        seen.append(step)
        if step == 5 and seen.count(5) == 1:
            raise KeyboardInterrupt
        return inner(pairs, step, *share)

    train_siamfc([crops], tmp_path / "whole.pt", seed=0, settings=TINY, compute=CPU)
    monkeypatch.setattr(CropPairs, "batch", stopping)
    output = tmp_path / "edited" / "model.pt"
    with pytest.raises(KeyboardInterrupt):
        train_siamfc([crops], output, seed=0, settings=TINY, compute=CPU)
    seen[:] = [5]
    edited = dataclasses.replace(
        TINY, checkpoint_every=3, keep_every=1, validation_frames=7, select="best_ao"
    )
    train_siamfc([crops], output, seed=0, settings=edited, compute=CPU)
    assert seen == [5, 4, 5, 6, 7]
    assert output.read_bytes() == (tmp_path / "whole.pt").read_bytes()


def test_bfloat16_is_another_training_close_by(crops, tmp_path):
    """Losses of the first steps differ, by what eight bits of a product can do."""
    losses = []
    for precision in (32, "bf16"):
        settings = dataclasses.replace(TINY, precision=precision)
        folder = tmp_path / str(precision)
        train_siamfc([crops], folder / "model.pt", seed=0, settings=settings, compute=CPU)
        rows = (folder / "metrics.csv").read_text().splitlines()[1:]
        losses.append([float(row.split(",")[1]) for row in rows])
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=1e-2)
    state = load_checkpoint(tmp_path / "bf16" / "model.pt").state
    assert all(value.dtype in (torch.float32, torch.int64) for value in state.values())


def test_loader_processes_do_not_change_the_weights(crops, tmp_path):
    for workers in (0, 2):
        train_siamfc(
            [crops], tmp_path / str(workers) / "model.pt", seed=0, settings=TINY,
            compute=ComputeSettings(device="cpu", workers=workers),
        )  # fmt: skip
    one, two = (load_checkpoint(tmp_path / name / "model.pt").state for name in ("0", "2"))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.fixture(scope="module")
def trained(crops, tmp_path_factory):
    """Tiny checkpoints of both branches and their statistics."""
    folder = tmp_path_factory.mktemp("trained")
    train_siamfc([crops], folder / "siamfc.pt", seed=0, settings=TINY, compute=CPU)
    initial_colorization(
        None, folder / "colorization.pt", trunk="alexnet", seed=0,
        settings=ColorizationSettings(width=0.05, normalization="published"),
    )  # fmt: skip
    response_statistics(
        folder / "siamfc.pt", folder / "colorization.pt", [crops], folder / "statistics.json",
        seed=0, settings=FUSION, branch=BRANCH, pairs=TINY, compute=CPU,
    )  # fmt: skip
    return folder


def parts(folder):
    return [folder / name for name in ("siamfc.pt", "colorization.pt", "statistics.json")]


def test_statistics_are_those_of_the_score_maps(trained, crops):
    from chromatrack.files import read_json

    measured = read_json(trained / "statistics.json")
    network = load_checkpoint(trained / "siamfc.pt").build()
    scaling = load_checkpoint(trained / "siamfc.pt").scaling
    pairs = CropPairs([crops], batch_size=8, augmentation=Augmentation(), seed=0)
    z, x = (scaling.rgb_tensor(patch) for patch in pairs.batch(0)[:2])
    with torch.no_grad():
        maps = network(z, x)
    assert measured["pairs"] == 8 and maps.shape[-1] == 17
    assert measured["siamfc"]["mean"] == pytest.approx(maps.mean().item(), rel=1e-3)
    assert measured["siamfc"]["std"] == pytest.approx(maps.std(correction=0).item(), rel=1e-3)


def test_composing_changes_no_weight(trained, tmp_path):
    compose(
        *parts(trained), tmp_path / "model.pt", alpha=0.5, settings=FUSION, branch=BRANCH, seed=0
    )
    state = load_checkpoint(tmp_path / "model.pt", kinds=("fused",)).state
    for name, value in load_checkpoint(trained / "siamfc.pt").state.items():
        assert torch.equal(state[f"siamfc.{name}"], value)


@pytest.mark.parametrize("alpha", [0.0, 0.5, None])
def test_fine_tuning_moves_the_branches_that_alpha_uses(trained, crops, tmp_path, alpha):
    # Barely trained branches have tiny score maps: normalised, their gradients are huge.
    gentle = dataclasses.replace(TINY, learning_rate=1e-7, final_learning_rate=1e-7)
    compose(
        *parts(trained), tmp_path / "before.pt", alpha=alpha, settings=FUSION, branch=BRANCH, seed=0
    )
    fine_tune(
        *parts(trained), [crops], tmp_path / "model.pt", alpha=alpha, seed=0,
        settings=FUSION, branch=BRANCH, training=gentle, compute=CPU,
    )  # fmt: skip
    before, after = (load_checkpoint(tmp_path / n).state for n in ("before.pt", "model.pt"))
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    expected = {"siamfc"} if alpha == 0 else {"siamfc", "auxiliary"}
    assert moved == expected | ({"alpha_logit"} if alpha is None else set())


def test_a_checkpoint_of_another_kind_is_named(trained, tmp_path):
    first, second, statistics = parts(trained)
    given = {"alpha": 0.5, "settings": FUSION, "branch": BRANCH, "seed": 0}
    with pytest.raises(InputError, match=r"colorization.pt: expected a checkpoint of kind siamfc"):
        compose(second, second, statistics, tmp_path / "x.pt", **given)
    compose(first, second, statistics, tmp_path / "fused.pt", **given)
    with pytest.raises(InputError, match=r"fused.pt: .* of kind colorization or siamfc, got fused"):
        compose(first, tmp_path / "fused.pt", statistics, tmp_path / "x.pt", **given)
    with pytest.raises(InputError, match="not a file of PyTorch tensors"):
        load_checkpoint(statistics)


def test_an_output_that_is_a_folder_is_told_before_the_training(tmp_path):
    (tmp_path / "model.pt").mkdir()
    with pytest.raises(InputError, match="is a folder, expected the name of a file to write"):
        train_siamfc(
            [tmp_path / "none.h5"], tmp_path / "model.pt", seed=0, settings=SiamFCSettings(),
            compute=ComputeSettings(device="cpu"),
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == [tmp_path / "model.pt"]
