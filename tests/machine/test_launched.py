"""A training that torchrun starts in two processes is the one that `compute.devices` starts."""

import os
import subprocess
import sys

import pytest

from chromatrack.errors import InputError
from chromatrack.machine.launched import Launched, launched
from chromatrack.training.processes import in_processes
from tests.crop_shards import write_blobs

SETTINGS = '{"width": 0.05, "epochs": 1, "pairs_per_epoch": 24, "batch_size": 4, "keep_every": 0}'
TWO = '{"device": "cpu", "devices": 2}'


def train(folder, *launcher):
    """`train-siamfc` of the crops in a folder; the checkpoint."""
    output = folder / ("launched" if launcher else "own") / "last.pt"
    words = ["train-siamfc", "--crops", folder / "crops.h5", "--output", output, "--seed", "0",
             "--settings", SETTINGS, "--compute", TWO]  # fmt: skip
    subprocess.run(
        [sys.executable, *launcher, "-m", "chromatrack.cli.main", *words], check=True, timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return output.read_bytes()


def test_torchrun_starts_the_same_training(tmp_path):
    write_blobs(tmp_path / "crops.h5")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    assert train(tmp_path, *launcher) == train(tmp_path)


def test_processes_of_srun_know_their_place(monkeypatch):
    told = {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "1",
            "SLURM_STEP_NODELIST": "node7", "SLURM_JOB_ID": "40012"}  # fmt: skip
    for name in (*told, "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID"):
        monkeypatch.setenv(name, told.get(name, ""))
        if name not in told:
            monkeypatch.delenv(name)
    assert launched() == Launched(rank=3, size=4, local_rank=1)
    assert (os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"]) == ("node7", "20012")
    with pytest.raises(InputError, match=r"expected devices: 4, got 2$"):
        in_processes(2, __import__("torch").device("cpu"), print)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "1")  # a job of Snakemake's plugin
    assert launched() is None
