"""Locks: only "would block" means that another process is at work."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from chromatrack.errors import WorkError
from chromatrack.fetch.archives import open_archives
from chromatrack.fetch.gate import Gate
from chromatrack.fetch.ledger import Journal
from chromatrack.locks import WITHOUT, holding
from chromatrack.settings import BackOffSettings
from tests.crop_shards import write_blobs

ROOT = Path(__file__).resolve().parents[2]
NO_LOCKS = [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EACCES, errno.EIO]


def hold(folder):
    with holding(folder):
        pass


def journal(folder):
    with Journal(folder / "journal.jsonl"):
        pass


def gate(folder):
    (folder / "gate.json").write_text("{}\n")
    Gate(folder / "gate.json", BackOffSettings(), source="").before()


def archives(folder):
    source = folder / "archives"
    source.mkdir(exist_ok=True)
    (source / "part.tar").write_bytes(bytes(10240))
    open_archives([source / "part.tar"], root=source, index=folder / "index")


USERS = [hold, journal, gate, archives]


def refuse(monkeypatch, number):
    def flock(handle, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize("number", NO_LOCKS, ids=errno.errorcode.get)
@pytest.mark.parametrize("use", USERS)
def test_a_file_system_without_locks_is_called_so(use, number, tmp_path, monkeypatch):
    refuse(monkeypatch, number)
    with pytest.raises(WorkError) as raised:
        use(tmp_path)
    said = str(raised.value)
    assert said.startswith(str(tmp_path)) and "\n" not in said
    assert f"the file system has no locks ({os.strerror(number)})" in said
    assert "set CHROMATRACK_LOCKS=off" in said and "another process" not in said


@pytest.mark.parametrize("use", USERS)
def test_one_goes_on_without_locks_where_that_was_asked_for(use, tmp_path, monkeypatch):
    refuse(monkeypatch, errno.ENOSYS)
    monkeypatch.setenv(WITHOUT, "off")
    use(tmp_path)


def test_locks_that_there_are_count_whatever_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv(WITHOUT, "off")
    with holding(tmp_path), pytest.raises(WorkError, match="another process is working there"):
        hold(tmp_path)


def test_a_finished_file_is_read_without_a_lock(tmp_path):
    """HDF5 locks what it reads, too; where it cannot, it does not open the file."""
    path = write_blobs(tmp_path / "crops.h5")
    with open(path, "r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="unable to lock file"):
            h5py.File(path, "r", locking=True)
        code = (
            f"from chromatrack.data.crops import CropShard; print(CropShard({str(path)!r}).names)"
        )
        said = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=120)
    assert said == "['s0', 's1']\n"


@pytest.mark.parametrize("off", [False, True])
def test_a_workflow_says_it_too(off, tmp_path):
    """Of a file system without locks, as a module that Python loads at its start makes it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import fcntl, os\n"
        "def flock(handle, operation):\n"
        f"    raise OSError({errno.ENOLCK}, os.strerror({errno.ENOLCK}))\n"
        "fcntl.flock = flock\n"
    )
    for name in ("Snakefile", "config.yaml", "workflow", "config"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "tiny.yaml").write_text(
        "world: {vot_frames: 20, otb_frames: 20, width: 160, height: 128}"
    )
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "tiny.yaml", "--",
         "results/demo/world/vot.json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": paths, WITHOUT: "off" if off else ""},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert ("the file system has no locks (No locks available)" in said) is not off
    assert "another process" not in said
    assert (done.returncode == 0) is off, said
