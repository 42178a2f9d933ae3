"""A class of one's own as a tracker: it is found, known by its file, and what is wrong is said."""

import sys
from pathlib import Path

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.files import digest_file, read_json
from chromatrack.stages.evaluation.own_class import FromClass
from tests.evaluation.tracked import SEQUENCES

OWN = """
import numpy as np

class Drift:
    def __init__(self, step=1):
        self.step = step

    def init(self, image, box):
        assert image.dtype == np.uint8 and image.shape == (90, 120, 3)
        self.box = np.array(box)

    def update(self, image):
        self.box = self.box + [self.step, 0, 0, 0]
        return list(self.box)

class NoUpdate:
    def init(self, image, box):
        pass

class Needs(Drift):
    def __init__(self, weights):
        raise FileNotFoundError(weights)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A working directory with a module of somebody's own; its name."""
    folder = tmp_path / "work"
    folder.mkdir()
    name = f"own_{abs(hash(str(tmp_path)))}"
    (folder / f"{name}.py").write_text(OWN)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


@pytest.mark.parametrize("way", ["serial", "processes"])
def test_a_class_in_the_working_directory_is_a_tracker(otb_root, own, tmp_path, way):
    compute = f'{{"device": "cpu", "threads": 2, "tracking": "{way}"}}'
    call = [
        "run",
        "otb",
        "--tracker",
        f"{own}:Drift",
        "--root",
        str(otb_root),
        "--compute",
        compute,
    ]
    call += ["--output", str(tmp_path / "out" / "run.json")]
    assert main([*call, "--option", "step=2"]) == 0
    for sequence in otb.read_sequences(otb_root):
        expected = sequence.boxes_ltwh[0] + np.outer(np.arange(len(sequence)), [2, 0, 0, 0])
        found = otb.read_boxes(tmp_path / "out" / "boxes" / f"{sequence.name}.txt")
        np.testing.assert_allclose(found, expected, atol=1e-4)
    run = read_json(tmp_path / "out" / "run.json")
    assert run["device"] == "own" and run["frames"] == sum(SEQUENCES.values())
    assert run["made_by"]["settings"]["tracker"] == f"{own}:Drift"
    assert run["made_by"]["settings"]["options"] == {"step": 2}
    if way == "processes":
        return
    assert main([*call, "--option", "step=3"]) == 0  # other options are another tracker
    again = read_json(tmp_path / "out" / "run.json")
    assert again["results"] != run["results"]


def test_a_class_whose_file_was_edited_is_run_again(otb_root, own, tmp_path):
    def source():
        return [digest_file(path) for path in FromClass(f"{own}:Drift").inputs().values()]

    before = source()
    path = Path(f"{own}.py")
    path.write_text(path.read_text() + "# edited\n")
    assert source() != before


@pytest.mark.parametrize(("target", "message"), [
    ("{own}:NoUpdate", "expected init(image, box) and update(image), it has no update"),
    ("{own}:Missing", "has no 'Missing'"),
    ("{own}:Needs", "cannot be made (TypeError: "),
    ("{own}_not_there:Drift", "cannot be imported (ModuleNotFoundError: "),
    ("{own}_broken:Drift", "cannot be imported (ZeroDivisionError: division by zero)"),
    ("drift", "'drift'"),
])  # fmt: skip
def test_a_class_that_is_no_tracker_is_one_sentence(own, tmp_path, capsys, target, message):
    """Before any sequence is read: the root is not there."""
    Path(f"{own}_broken.py").write_text("1 / 0\n")
    call = ["run", "otb", "--tracker", target.format(own=own), "--root", str(tmp_path / "nowhere")]
    assert main([*call, "--output", str(tmp_path / "run.json")]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
