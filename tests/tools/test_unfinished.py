"""What a killed process was writing goes with the next file that is written in its folder."""

import os
import stat
import subprocess
import sys
import time

import pytest

from chromatrack import unfinished
from chromatrack.errors import InputError
from chromatrack.files import check_writable, whole_file, write_text

WRITING = """
import sys, time
from chromatrack.files import whole_file
with whole_file(sys.argv[1]) as part:
    part.write_text("half")
    print(part, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def anew():
    """As in a process that has written nothing yet."""
    unfinished.sweep.cache_clear()


def writer(path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING, str(path)], stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def ended(process):
    process.kill()
    process.wait(timeout=30)
    process.stdout.close()


@pytest.mark.parametrize("name", ["k8.h5", "page", "a.b-c.tar.gz", "é" * 100 + ".csv", ".hidden"])
def test_the_part_of_a_killed_process_goes_and_that_of_a_living_one_stays(name, tmp_path):
    killed, left = writer(tmp_path / name)
    ended(killed)
    living, kept = writer(tmp_path / name)  # its own start has removed the first
    try:
        assert not os.path.exists(left) and os.path.exists(kept)
        write_text(tmp_path / "other.txt", "whole")
        assert sorted(os.listdir(tmp_path)) == sorted([os.path.basename(kept), "other.txt"])
    finally:
        ended(living)
    unfinished.sweep.cache_clear()
    write_text(tmp_path / "other.txt", "whole")
    assert os.listdir(tmp_path) == ["other.txt"]


def test_the_part_of_another_machine_stays_while_it_may_be_written_to(tmp_path):
    old = time.time() - unfinished.ABANDONED - 60
    parts = {
        age: tmp_path / f".x.0123abcd-{pid}-ab.part.h5" for pid, age in ((1, "new"), (2, "old"))
    }
    for part in parts.values():
        part.touch()
    os.utime(parts["old"], (old, old))
    write_text(tmp_path / "x.txt", "whole")
    assert sorted(os.listdir(tmp_path)) == [parts["new"].name, "x.txt"]


@pytest.mark.parametrize(
    "name", ["x.part.h5", ".x.part.h5", ".x.abc.part", ".x.0123abcd-12.part", "x.0123abcd-1-a.part"]
)
def test_files_of_other_names_stay(name, tmp_path):
    (tmp_path / name).touch()
    os.utime(tmp_path / name, (0, 0))
    write_text(tmp_path / "x.txt", "whole")
    assert (tmp_path / name).exists()


def test_a_folder_is_looked_through_once_in_a_process(tmp_path, monkeypatch):
    looked = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: looked.append(folder) or scan(folder))
    for number in range(3):
        with whole_file(tmp_path / f"{number}.txt") as part:
            part.write_text("whole")
    assert len(looked) == 1 and len(os.listdir(tmp_path)) == 3


@pytest.mark.parametrize("through_a_link", [False, True])
def test_no_file_takes_the_place_of_a_pipe(tmp_path, through_a_link):
    """Nor that of a device, which root could replace for the whole machine."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    path = pipe
    if through_a_link:
        path = tmp_path / "link.csv"
        path.symlink_to(pipe)
    for write in (lambda: write_text(path, "x"), lambda: check_writable(path)):
        with pytest.raises(InputError, match=r"csv: is a device or a pipe, expected the name of"):
            write()
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted({"pipe.csv", path.name})
