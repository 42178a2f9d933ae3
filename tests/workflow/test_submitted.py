"""What a call does about jobs that a killed one has left in the queue of Slurm."""

import os
import sys

import pytest

from chromatrack.cluster import submitted
from chromatrack.settings import load_config

SQUEUE = """#!{python}
import pathlib
lines = pathlib.Path({queue!r}).read_text().splitlines()
print(lines[0] if lines else "")
pathlib.Path({queue!r}).write_text("\\n".join(lines[1:]))
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A file whose lines are what squeue prints, one at each call."""
    program, lines = tmp_path / "bin" / "squeue", tmp_path / "queue"
    program.parent.mkdir()
    program.write_text(SQUEUE.format(python=sys.executable, queue=str(lines)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(submitted, "LOOK", 0.01)
    monkeypatch.chdir(tmp_path)
    return lines


def test_jobs_of_this_folder_are_waited_for_and_no_others(queue, capsys):
    here = os.getcwd()
    queue.write_text(f"{here}|rule_siamfc_wildcards_0\n{here}|rule_siamfc_wildcards_0\n")
    assert submitted.wait_for_others()
    assert capsys.readouterr().out == "waiting for 1 jobs that an earlier call has submitted\n"
    for other in (f"{here}|my own", f"{here}2|rule_siamfc", "/|rule_siamfc", ""):
        queue.write_text(other)
        assert not submitted.wait_for_others()


def test_no_slurm_leaves_nothing_to_wait_for(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert not submitted.wait_for_others()


def test_outputs_are_kept_where_all_are_whole_and_the_settings_are_the_same(tmp_path):
    model, table, folder = tmp_path / "model.pt", tmp_path / "metrics.csv", tmp_path / "plots"
    model.touch(), folder.mkdir()
    assert submitted.whole([model]) and not submitted.whole([model, table])
    assert not submitted.whole([folder])  # which may be half full
    (tmp_path / "a.yaml").write_text("run: one\ndata: {title: A, demo: true}\n")
    (tmp_path / "b.yaml").write_text("run: one\ndata: {title: B, demo: true}\n")
    one, other = load_config([tmp_path / "a.yaml"]), load_config([tmp_path / "b.yaml"])
    assert not submitted.same_call(tmp_path, one)
    submitted.note_call(tmp_path, one)
    assert submitted.same_call(tmp_path, one) and not submitted.same_call(tmp_path, other)
