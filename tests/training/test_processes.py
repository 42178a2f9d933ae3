"""Several processes of one training compute what one does, and fail as one."""

import csv
import os
import signal
import tempfile

import pytest
import torch

from chromatrack.errors import InputError, WorkError
from chromatrack.losses import label_loss
from chromatrack.models.build import build_colorizer
from chromatrack.training.engine import fit
from chromatrack.training.plan import FitPlan, Validation
from chromatrack.training.processes import in_processes

CPU = torch.device("cpu")
BATCH = 4


def batch_of(step):
    """(B, T, 1, H, W) noise and (B, T, g, g) labels: a function of the step."""
    generator = torch.Generator().manual_seed(step)
    frames = torch.randn(BATCH, 4, 1, 64, 64, generator=generator, dtype=torch.float64)
    return frames, torch.randint(0, 2, (BATCH, 4, 8, 8), generator=generator)


def train(team, folder):
    """A narrow colorization network, in float64: what rounding does grows with the steps."""
    torch.manual_seed(0)
    model = build_colorizer(trunk="resnet18", width=0.05).double()
    share = team.share(BATCH)

    def load(step):
        return tuple(part[share] for part in batch_of(step))

    fit(
        FitPlan(steps=5, samples=BATCH, checkpoint_every=100, folder=folder, identity="", workers=0,
                device=CPU, what=f"{team.size} processes"),
        module=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=1e-3),
        rate=lambda step: 1e-3,
        load_batch=load,
        loss_of=lambda network, batch: label_loss(network(batch[0]), batch[1], colours=2),
        validation=Validation(every=2, batches=2, load_batch=lambda index: load(100 + index)),
        team=team,
    )  # fmt: skip
    if team.leads:
        torch.save(model.state_dict(), folder / "model.pt")


def test_two_processes_give_the_losses_of_one(tmp_path):
    """The same global batches, BatchNorm over all of them: losses and weights to the last digit."""
    in_processes(1, CPU, train, tmp_path / "one")
    in_processes(2, CPU, train, tmp_path / "two")
    tables = []
    for name in ("one", "two"):
        with open(tmp_path / name / "metrics.csv", newline="") as handle:
            tables.append(list(csv.DictReader(handle)))
    for column in ("loss", "validation_loss"):
        one, two = ([float(row[column]) for row in rows if row[column]] for rows in tables)
        assert len(one) == {"loss": 5, "validation_loss": 3}[column]
        assert two == pytest.approx(one, rel=2e-6), column  # metrics.csv holds six digits
    one, two = (torch.load(tmp_path / name / "model.pt") for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-6, atol=1e-9)


def fail(team, how):
    if team.rank == 1:
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        raise how
    team.wait()


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        (InputError("clip.h5: broken"), InputError, "^clip.h5: broken$"),
        (FileNotFoundError(2, "gone", "clip.h5"), FileNotFoundError, "gone: 'clip.h5'"),
        (KeyError("width"), WorkError, r"^a process of the training failed \(KeyError: 'width'\)"),
        ("die", WorkError, r"^a process of the training died \(exit code -9: killed, or out of"),
    ],
)
def test_the_failure_of_one_process_ends_all(how, kind, message, tmp_path, monkeypatch):
    """Wherever temporary files would go: none is needed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(kind, match=message):
        in_processes(2, CPU, fail, how)
