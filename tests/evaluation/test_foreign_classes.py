"""Classes of somebody's own that misbehave: what they do stays theirs."""

import json
import os
import textwrap
from pathlib import Path

import numpy as np
import pytest

import chromatrack
from chromatrack.cli.main import main
from chromatrack.data.tracks import read_tracks
from chromatrack.errors import WorkError
from chromatrack.stages.evaluation.own_class import open_class
from tests.videos import moving_colours, write_video

CLASSES = """
import os
import numpy as np

class Base:
    def init(self, image, box):
        self.box = np.array(box, dtype=float)
    def update(self, image):
        return self.box

class InPlace(Base):
    def update(self, image):
        self.box[0] += 2
        return self.box

class Draws(Base):
    def update(self, image):
        self.score = float(image.mean())
        image[:] = 255
        return self.box

class Changes(Base):
    def __init__(self, folder):
        os.chdir(folder)
    def update(self, image):
        self.score = float(open("weight.txt").read())
        return self.box

class Moves(Base):
    def init(self, image, box):
        box[:] = 1
        super().init(image, [3, 3, 9, 9])

class Infinite(Base):
    def update(self, image):
        return [np.inf, 1, 2, 3]

class Derived(Base):
    def update(self, image):
        class Other(BaseException):
            pass
        raise Other("first line\\nsecond line " + "x" * 3000)

class Taking(Base):
    def __init__(self, **options):
        self.score = options["rate"] if isinstance(options["rate"], float) else -1.0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with a video and a module of classes."""
    (tmp_path / "misbehaving.py").write_text(textwrap.dedent(CLASSES))
    write_video(tmp_path / "v.mp4", moving_colours(6))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def track(name: str, *more: str, boxes=("a=20,15,24,24",)) -> int:
    given = [part for box in boxes for part in ("--box", box)]
    return main(["track", "v.mp4", "--tracker", f"misbehaving:{name}", *given, *more])


def test_a_box_that_is_updated_in_place_is_kept_as_it_was(folder):
    assert track("InPlace", "--output", "o.csv") == 0
    (found,) = read_tracks("o.csv")
    assert found.boxes_ltwh[:, 0].tolist() == [20, 22, 24, 26, 28, 30]
    frames = moving_colours(6)
    model = chromatrack.load("misbehaving:InPlace")
    assert model.track(frames, [20, 15, 24, 24]).boxes_ltwh[:, 0].tolist()[-2:] == [28, 30]
    boxes = [seen.box_ltwh[0] for seen in list(model.follow(frames, [20, 15, 24, 24]))]
    assert boxes == [20, 22, 24, 26, 28, 30]


def test_what_is_drawn_into_a_frame_is_seen_by_nobody_else(folder):
    outputs = ["--output", "o.csv", "--video", "o.mp4"]
    assert track("Draws", *outputs, boxes=("a=20,15,24,24", "b=30,15,24,24")) == 0
    one, other = read_tracks("o.csv")
    assert np.array_equal(one.scores, other.scores, equal_nan=True)
    frames = moving_colours(3)
    before = [frame.copy() for frame in frames]
    chromatrack.load("misbehaving:Draws").track(frames, [20, 15, 24, 24])
    assert all(np.array_equal(*pair) for pair in zip(frames, before, strict=True))


def test_a_class_that_changes_the_folder_changes_its_own_alone(folder):
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "weight.txt").write_text("0.25")
    call = ["--option", "folder=elsewhere", "--output", "o.csv", "--output", "o.json"]
    assert track("Changes", *call, "--video", "o.mp4") == 0
    assert {"o.csv", "o.json", "o.mp4"} <= set(os.listdir(folder))
    (found,) = read_tracks("o.csv")
    assert found.scores[1:].tolist() == [0.25] * 5 and Path.cwd() == folder


def test_the_first_box_is_not_theirs_to_change(folder):
    box = np.array([20.0, 15, 24, 24])
    open_class("misbehaving:Moves", {}).init(moving_colours(1)[0], box)
    assert box.tolist() == [20, 15, 24, 24]


def test_a_box_that_is_not_finite_is_an_error_wherever_it_is_tracked(folder, capsys):
    assert track("Infinite", "--output", "o.csv") == 1
    assert "frame 1: tracker misbehaving:Infinite: expected numbers from" in capsys.readouterr().err
    tracker = open_class("misbehaving:Infinite", {})
    image = moving_colours(1)[0]
    tracker.init(image, np.array([20.0, 15, 24, 24]))
    with pytest.raises(WorkError, match=r"expected numbers from update, got \[inf"):
        tracker.update(image)


def test_whatever_is_raised_is_one_line_and_the_frames_before_are_kept(folder, capsys):
    assert track("Derived", "--output", "o.csv") == 1
    said = capsys.readouterr().err
    assert "update failed (Other: first line second line" in said and len(said) < 700
    assert len(read_tracks("o.csv")[0]) == 1


@pytest.mark.parametrize(("value", "score"), [("1e-3", 0.001), ("0.5", 0.5), ("fast", -1.0)])
def test_options_are_read_as_a_configuration_reads_them(folder, value, score):
    assert track("Taking", "--option", f"rate={value}", "--output", "o.json") == 0
    (found,) = json.loads((folder / "o.json").read_text())["tracks"]
    assert found["scores"][1:] == [score] * 5


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("rate=*x", "not valid YAML"), ("rate=@x", "not valid YAML"),
        ("rate=x: y: z", "not valid YAML"), ("rate=[1,2", "not valid YAML"),
        ("rate=2020-01-01", "expected text, a number"), ("rate=!!set {a}", "expected text"),
        ("rate=.nan", "expected text, a number"), ("rate", "expected KEY=VALUE"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_read_is_one_sentence(folder, capsys, option, told):
    assert track("Taking", "--option", option, "--output", "o.csv") == 2
    said = capsys.readouterr().err
    assert told in said and f"--option {option}" in said and said.count("\n") == 1
