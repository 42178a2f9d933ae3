"""docs/tutorial.md is run: each command as it stands, but for a shorter training."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data.otb import read_boxes
from chromatrack.data.tracks import read_tracks
from chromatrack.metrics.boxes import iou_ltwh

ROOT = Path(__file__).resolve().parents[2]
SHORTER = {'"epochs": 3, "pairs_per_epoch": 320': '"epochs": 1, "pairs_per_epoch": 32'}
"""A minute of training is for people: the test is about the commands."""


def commands(page):
    """The indented lines of a page, those that go on joined."""
    text = "\n".join(line[4:] for line in page.splitlines() if line.startswith("    "))
    return text.replace("\\\n", " ").splitlines()


def test_the_tutorial_runs(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs/tutorial.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    ran = []
    for command in commands(page):
        for given, shorter in SHORTER.items():
            command = command.replace(given, shorter)
        program, *arguments = shlex.split(command)
        if program == "pip":
            continue
        if program == "python":
            said = subprocess.check_output([sys.executable, *arguments], text=True, timeout=300)
            assert said.startswith("[")
        elif arguments == ["--version"]:
            with pytest.raises(SystemExit):
                main(arguments)
        else:
            assert main(arguments) == 0, command
        ran.append(program)
    assert ran.count("chromatrack") == 10
    out = capsys.readouterr().out
    assert out.count("40 frames, 2 targets") == 2 and "40 frames in compared.mp4" in out
    assert len(list((tmp_path / "scores/left").iterdir())) == 39
    truth = read_boxes(tmp_path / "world/otb/Pair/groundtruth_rect.1.txt")
    left = next(one for one in read_tracks(tmp_path / "csrt.csv") if one.target == "left")
    assert np.mean(iou_ltwh(left.boxes_ltwh, truth)) > 0.6, "the boxes read off are the target's"


def test_its_pictures_are_there_and_small():
    for page in ("docs/tutorial.md", "README.md"):
        found = re.findall(r"!\[.*?\]\((.*?)\)", (ROOT / page).read_text("utf-8"))
        assert found
        for name in found:
            picture = (ROOT / page).parent / name
            assert picture.stat().st_size < 200_000
