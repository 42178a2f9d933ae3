"""docs/python.md is run, block by block; and what the interface refuses."""

import re
from pathlib import Path

import numpy as np
import pytest

import chromatrack
from chromatrack.data.tracks import read_tracks, write_tracks
from chromatrack.errors import InputError
from chromatrack.settings import TrackerSettings
from tests.tools.checkpoints import tiny_fused, tiny_siamfc
from tests.videos import moving_colours, write_video

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    write_video(tmp_path / "video.mp4", moving_colours(12))
    tiny_siamfc(tmp_path / "siamfc.pt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_runs(here, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/python.md").read_text("utf-8"), re.S)
    names = {}
    assert len(blocks) == 7
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "(12, 4)" and "(12, 3)" in said and "['left', 'right']" in said
    assert said[-1] == "box 500,20,24,20: lies outside the first frame (96x80 pixels)"
    for line in re.findall(r"^print\(.*?\) +# (\(.*?\))", "\n".join(blocks), re.M):
        assert line in said
    assert names["seen"].maps.mixed.shape == (17, 17) and names["seen"].maps.auxiliary is None
    np.testing.assert_allclose(
        names["again"].boxes_ltwh, names["track"].boxes_ltwh, atol=2
    )  # OpenCV's decoder makes other colours


def test_it_is_the_command(here):
    from chromatrack.cli.main import main
    from chromatrack.data.tracks import read_tracks

    tiny_fused(here / "fused.pt")
    call = ["track", "video.mp4", "--checkpoint", "fused.pt", "--alpha", "0.3"]
    assert main([*call, "--box", "30,20,24,20", "--output", "o.csv"]) == 0
    model = chromatrack.load("fused.pt", alpha=0.3)
    for _ in range(2):  # a model can be used again
        found = model.track("video.mp4", [30, 20, 24, 20])
        np.testing.assert_allclose(
            found.boxes_ltwh, read_tracks(here / "o.csv")[0].boxes_ltwh, atol=1e-3
        )
    assert np.isfinite(found.peaks[1:]).all()


def test_other_trackers(here):
    found = chromatrack.load("kcf").track("video.mp4", {"a": (30, 20, 24, 20)})
    assert found["a"].boxes_ltwh.shape == (12, 4) and np.isnan(found["a"].scores).all()


def test_tracks_are_written_and_read_by_a_name_in_text(here):
    found = chromatrack.load("kcf").track("video.mp4", (30, 20, 24, 20))
    assert write_tracks("by-name.csv", [found], about={}) == [Path("by-name.csv")]
    assert len(read_tracks("by-name.csv")[0]) == 12


def changing():
    """Two images of different sizes."""
    first = moving_colours(1)[0]
    return [first, first[:40]]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chromatrack.load("none.pt"), "none.pt: no such file"),
        (lambda: chromatrack.load("kfc"), "kfc: no such file, and no tracker either; expected a "
         "checkpoint, one of meanshift, camshift, klt, mosse, kcf, csrt, or module:Class"),
        (lambda: chromatrack.load("kcf").track(None, (1, 2, 3, 4)), "or images, got None"),
        (lambda: chromatrack.load("kcf").track("video.mp4", None), "top, width, height, got None"),
        (lambda: chromatrack.load("kcf").track("video.mp4", "1,2,3,4"), "got '1,2,3,4'"),
        (lambda: chromatrack.load("kcf").track("video.mp4", (1, 2, 3, 0)), "positive width"),
        (lambda: chromatrack.load("kcf", alpha=0.5), "kcf has no branches to weigh"),
        (lambda: chromatrack.load("kcf", settings=TrackerSettings()), "settings: belong"),
        (lambda: chromatrack.load("siamfc.pt", options={"a": 1}), "options: only a class"),
        (lambda: chromatrack.load("kcf", options={"a": 1}), "options: only a class"),
        (lambda: chromatrack.load("siamfc.pt", alpha=0.5), "is SiamFC alone"),
        (lambda: chromatrack.load("siamfc.pt", device="gpu"), "expected auto, cpu, cuda"),
        (lambda: chromatrack.load("kcf").track([], (1, 2, 3, 4)), "at least one, got none"),
        (lambda: chromatrack.load("kcf").track("video.mp4", (1, 2, 3)), "expected left, top"),
        (lambda: chromatrack.load("kcf").track([np.zeros((9, 9))], (1, 2, 3, 4)), "of uint8, got"),
        (lambda: chromatrack.load("kcf").track("video.mp4", {}), "at least one target, got none"),
        (lambda: chromatrack.load("kcf").track(changing(), (1, 2, 9, 9)),
         "frame 1: frames: expected images of one size, 96x80 as the first, got 96x40"),
        (lambda: chromatrack.load(None), "a checkpoint or the name of a tracker, got None"),
        (lambda: chromatrack.load("kcf", threads="x"), "threads: expected a whole number"),
        (lambda: chromatrack.load("fused.pt", alpha=2), "a number from 0 to 1, got 2"),
        (lambda: chromatrack.load("fused.pt", alpha=float("nan")), "from 0 to 1, got nan"),
        (lambda: chromatrack.load("fused.pt", alpha=[0, 1]), "from 0 to 1, got [0, 1]"),
    ],
)  # fmt: skip
def test_wrong_calls_are_one_sentence(here, call, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        call()


def test_the_package_has_nothing_else():
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = chromatrack.laod
