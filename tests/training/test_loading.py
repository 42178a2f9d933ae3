"""Loader processes: the batches of none, and whatever goes wrong in one said in one sentence."""

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest
import torch

from chromatrack.data.crops import CropShard
from chromatrack.errors import InputError, WorkError
from chromatrack.settings import ColorizationSettings, ComputeSettings, SiamFCSettings
from chromatrack.stages.colorization.training import train_colorization
from chromatrack.stages.siamfc.training import train_siamfc
from chromatrack.training.loading import loading
from tests.colorization.test_colorization import write_shard
from tests.crop_shards import write_blobs

TINY = {"width": 0.05, "epochs": 1, "pairs_per_epoch": 16, "batch_size": 4}


def batch_of(step):
    """Tuples of tensors of several kinds, one empty, one that lies with gaps in its memory."""
    generator = torch.Generator().manual_seed(step)
    whole = torch.randint(0, 255, (40, 50, 60), generator=generator, dtype=torch.uint8)
    return (
        torch.randn(3, generator=generator),
        (whole[:, ::2], whole.permute(2, 0, 1), torch.empty(0, 5, dtype=torch.float64)),
        torch.tensor(step),
    )


def flat(batch):
    for part in batch:
        yield from flat(part) if isinstance(part, tuple) else (part,)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_are_those_of_no_process_in_their_order(workers):
    steps = range(5, 25)
    with loading(batch_of, steps, workers=workers, what="test") as batches:
        found = list(batches)
    assert len(found) == 20
    for step, batch in zip(steps, found, strict=True):
        parts, expected = list(flat(batch)), list(flat(batch_of(step)))
        assert isinstance(batch[1], tuple) and len(parts) == 5
        for part, other in zip(parts, expected, strict=True):
            assert part.dtype == other.dtype and torch.equal(part, other)
    found[0][0].add_(1)  # a batch is the training's own
    assert not multiprocessing.active_children()


def no_color(step):
    cv2.cvtColor(np.zeros((2, 2), np.uint8), cv2.COLOR_RGB2GRAY)


def raising(error):
    def load(step):
        if step == 7:
            raise error
        return batch_of(step)

    return load


ERRORS = [
    (raising(InputError("a.h5: damaged: crop 3")), InputError, r"^a.h5: damaged: crop 3$"),
    (raising(PermissionError(13, "Permission denied", "a.h5")), PermissionError, "denied: 'a.h5'"),
    (raising(MemoryError()), WorkError,
     r"^test: not enough memory to load the batch of step 7; lower compute.workers or batch_size, "
     r"or ask for more memory$"),
    (raising(ZeroDivisionError("one\ntwo")), WorkError,
     r"^test: the batch of step 7 cannot be loaded \(ZeroDivisionError: one\)"),
    (no_color, WorkError, r"^test: the batch of step 0 cannot be loaded \(error: OpenCV\(.*\)"),
]  # fmt: skip


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("load", "kind", "message"), ERRORS)
def test_what_a_loader_raises_is_raised_in_the_training(load, kind, message, workers):
    taken = 0
    with (
        pytest.raises(kind, match=message) as raised,
        loading(load, range(20), workers=workers, what="test") as batches,
    ):
        for _ in batches:
            taken += 1
    assert taken == (0 if load is no_color else 7) and "\n" not in str(raised.value)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "SIGTERM"),
        (lambda: os._exit(3), "exit code 3"),
    ],
)
def test_a_loader_that_dies_ends_the_training(end, how):
    def load(step):
        if step == 7:
            end()
        return batch_of(step)

    with (
        pytest.raises(WorkError, match=rf"^test: a loader process died \({how}\); where it ran"),
        loading(load, range(20), workers=2, what="test") as batches,
    ):
        list(batches)
    assert not multiprocessing.active_children()


def test_a_loader_that_is_killed_while_it_sends_ends_the_training():
    """Its batch is larger than a pipe: a part of it is there."""

    def load(step):
        return torch.zeros(1 << 23, dtype=torch.uint8)

    with (
        pytest.raises(WorkError, match=r"a loader process died \(SIGKILL\)"),
        loading(load, range(20), workers=2, what="test") as batches,
    ):
        next(batches)
        time.sleep(0.5)
        for process in multiprocessing.active_children():
            process.kill()
        list(batches)


def test_leaving_waits_for_no_batch():
    """The reader is at a batch that never comes."""

    def load(step):
        if step > 1:
            time.sleep(1000)
        return batch_of(step)

    before = threading.active_count()
    with loading(load, range(20), workers=2, what="test") as batches:
        next(batches), next(batches)
        time.sleep(0.2)
        left = time.monotonic()
    assert time.monotonic() - left < 5
    assert not multiprocessing.active_children()
    assert threading.active_count() == before, threading.enumerate()


def test_loaders_that_cannot_be_started_are_told():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    here = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 40
    resource.setrlimit(resource.RLIMIT_NOFILE, (here + 8, limits[1]))
    try:
        with (
            pytest.raises(WorkError, match=r"^test: loader process \d+ of 50 cannot be started "
                          r"\(Too many open files\); lower compute.workers$"),
            loading(batch_of, range(99), workers=50, what="test"),
        ):  # fmt: skip
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert not multiprocessing.active_children()


PARENT = """
import sys, time, torch, multiprocessing
from chromatrack.training.loading import loading
with loading(lambda step: torch.zeros(1 << 22), range(99), workers=3, what="test") as batches:
    next(batches)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


def test_loaders_end_with_a_training_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    try:
        pids = [int(word) for word in parent.stdout.readline().split()]
    finally:
        parent.kill()
        parent.communicate(timeout=60)
    assert len(pids) == 3
    deadline = time.monotonic() + 20
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, "a loader has outlived its training"
        time.sleep(0.05)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as handle:
            return handle.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def damaged_crops(folder):
    """A crop shard whose index is whole, and one JPEG is not."""
    path = write_blobs(folder / "crops.h5")
    shard = CropShard(path)
    content = bytearray(path.read_bytes())
    at = content.index(shard.jpeg(0).tobytes())
    content[at : at + 500] = bytes(500)
    path.write_bytes(content)
    return path


def damaged_labels(folder):
    path = write_shard(folder / "labels.h5", {"a": 4})
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xd8\xff")
    content[at : at + 300] = bytes(300)
    path.write_bytes(content)
    return path


def siamfc(folder, workers):
    train_siamfc(
        [damaged_crops(folder)], folder / str(workers) / "model.pt", seed=0,
        settings=SiamFCSettings(**{**TINY, "pairs_per_epoch": 200}),
        compute=ComputeSettings(device="cpu", workers=workers),
    )  # fmt: skip


def colorization(folder, workers):
    train_colorization(
        [damaged_labels(folder)], None, folder / str(workers) / "model.pt", trunk="alexnet",
        colours=2, seed=0, compute=ComputeSettings(device="cpu", workers=workers),
        settings=ColorizationSettings(width=0.05, batch_size=1, steps=4, normalization="half"),
    )  # fmt: skip


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("train", "message"),
    [
        (siamfc, r"crops\.h5: damaged: crop 0 is no JPEG of 271 px$"),
        (colorization, r"labels\.h5: damaged: the luma of frame 0 is not 256x256$"),
    ],
)
def test_a_damaged_shard_is_named(train, message, workers, tmp_path):
    with pytest.raises(InputError, match=message):
        train(tmp_path, workers)


def call(folder, crops, *, workers, before=(), **environment):
    """Train SiamFC by the command line; returns its exit code and what it said."""
    command = [
        *before, sys.executable, "-m", "chromatrack.cli.main", "train-siamfc", "--crops", crops,
        "--output", folder / "model.pt",
        "--settings", str({**TINY, "search_size": 255, "shift": 0}).replace("'", '"'),
        "--compute", f'{{"device": "cpu", "workers": {workers}}}',
    ]  # fmt: skip
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300,
        env={**os.environ, **environment},
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Crops, and the network that is trained on them without loaders."""
    folder = tmp_path_factory.mktemp("trained")
    crops = write_blobs(folder / "crops.h5")
    code, said = call(folder, crops, workers=0)
    assert code == 0, said
    return crops, (folder / "model.pt").read_bytes()


def test_a_long_name_of_the_folder_for_temporary_files_is_none_to_a_loader(trained, tmp_path):
    crops, expected = trained
    long = tmp_path / ("t" * 120)
    long.mkdir()
    code, said = call(tmp_path, crops, workers=2, TMPDIR=str(long))
    assert code == 0, said
    assert (tmp_path / "model.pt").read_bytes() == expected


SMALL_SHM = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$@"'


def mounting():
    """Words before a command that give it a /dev/shm of 64 KiB; skips where that is forbidden."""
    words = ["unshare", "-m", "sh", "-c", SMALL_SHM, "sh"]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    if subprocess.run([*words, "true"], capture_output=True, timeout=60).returncode:
        pytest.skip("mounting is not allowed here")
    return words


def test_little_shared_memory_is_enough(trained, tmp_path):
    crops, expected = trained
    code, said = call(tmp_path, crops, workers=2, before=mounting())
    assert code == 0, said
    assert (tmp_path / "model.pt").read_bytes() == expected
