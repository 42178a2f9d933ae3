"""`chromatrack track`: several targets, scores, what is written, how it is called."""

import json
import os
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from chromatrack.cli.main import main
from chromatrack.data.images import read_image_rgb, write_frames
from chromatrack.data.tracks import read_tracks
from chromatrack.reporting.overlay import COLOURS, Mark, heat, marked, tile
from chromatrack.settings import TrackerSettings
from chromatrack.tracking.classical import open_classical
from chromatrack.tracking.confidence import FOUND, LOST, MEMORY, PATIENCE, History, height
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.together import Together
from tests.tools.tracked import BOX, rows_of, track
from tests.videos import moving_colours

OTHER = "50,40,20,24"
CPU = torch.device("cpu")


def numbers(boxes):
    return np.array([float(v) for v in boxes.split(",")])


# Several targets


def test_targets_together_are_those_alone(made):
    """Boxes within 0.01 pixels, whatever the number of patches in a call."""
    tracker = load_tracker(made / "fused.pt", settings=TrackerSettings(), device=CPU)
    images = moving_colours(8)
    boxes = np.array([numbers(BOX), numbers(OTHER), [5, 5, 30, 30]])
    alone = []
    for box in boxes:
        one = tracker.twin()
        one.init(images[0], box)
        alone.append([box, *(one.update(image) for image in images[1:])])
    for patches in (2, 6, 100):
        together = Together(tracker, patches=patches)
        seen = [together.init(images[0], boxes)] + [together.update(i) for i in images[1:]]
        found = np.array([[one.box_ltwh for one in frame] for frame in seen]).swapaxes(0, 1)
        np.testing.assert_allclose(found, np.array(alone), atol=0.01)


def test_alphas_follow_as_each_alone(made, tmp_path, capsys):
    output = tmp_path / "o.csv"
    assert track(made, "--box", BOX, "--alpha", "0,0.5,1", "--output", str(output),
                 network="fused.pt") == 0  # fmt: skip
    assert "12 frames, 1 target with 3 alphas" in capsys.readouterr().out
    rows = rows_of(output)
    assert [row["alpha"] for row in rows[:3]] == ["0", "0.5", "1"] and len(rows) == 36
    for alpha in ("0", "0.5", "1"):
        single = tmp_path / f"{alpha}.csv"
        assert track(made, f"--box={BOX}", "--alpha", alpha, "--output", str(single),
                     network="fused.pt") == 0  # fmt: skip
        own = [row["left"] for row in rows if row["alpha"] == alpha]
        np.testing.assert_allclose(
            np.array(own, float), [float(row["left"]) for row in rows_of(single)], atol=0.01
        )
        peaks = [row["peak_siamfc"] == "" for row in rows_of(single)[1:]]
        assert all(peaks) == (alpha == "1")


# Score and lost


def test_lost_after_some_low_scores_and_until_a_high_one():
    history = History()
    heights = [10.0] * 5 + [6.0, 6.0] + [10.0] + [6.0] * 4 + [8.0] + [9.0] * 2
    found = [history.take(height) for height in heights]
    assert [score for score, _ in found[:6]] == [1, 1, 1, 1, 1, 0.6]
    expected = [False] * 10 + [True, True, True] + [False, False]
    assert [lost for _, lost in found] == expected
    assert found[12][0] == 0.8, "what it looks like while it is lost is no measure"


def test_a_map_without_a_peak_is_no_reason_to_stop():
    history = History()
    assert history.take(0.0) == (1.0, False)
    assert height(np.full((3, 3), -2.0)) == 0


def test_the_page_says_the_rule():
    page = (Path(__file__).resolve().parents[2] / "docs/track.md").read_text("utf-8")
    said = " ".join(page.split())
    assert f"over the median height of the last {MEMORY} frames in which" in said
    assert f"from the {('first', 'second', 'third')[PATIENCE - 1]} frame in a row on" in said
    assert f"whose score is below {LOST}, until a score of {FOUND} or more" in said


def test_classical_trackers_say_when_they_have_nothing():
    blank = np.zeros((80, 96, 3), np.uint8)
    for name in ("kcf", "mosse", "csrt", "klt", "meanshift"):
        tracker = open_classical(name)
        tracker.init(moving_colours(1)[0], numbers(BOX))
        assert not tracker.lost
        tracker.update(blank)
        assert tracker.lost or name not in ("klt", "meanshift")


# What is written


def test_csv_json_and_text_say_the_same(made, tmp_path, capsys):
    outputs = [tmp_path / f"o.{suffix}" for suffix in ("csv", "json", "txt")]
    given = [part for path in outputs for part in ("--output", str(path))]
    assert track(made, "--box", f"left one={BOX}", "--box", OTHER, *given, network="fused.pt") == 0
    told = capsys.readouterr().out
    assert "12 frames, 2 targets" in told and "frames per second" in told
    assert str(tmp_path / "o-left-one.txt") in told
    rows = rows_of(outputs[0])
    assert len(rows) == 24 and [row["target"] for row in rows[:2]] == ["left one", "2"]
    assert rows[0]["score"] == "" and float(rows[2]["score"]) == 1
    assert all(float(row[name]) > 0 for row in rows[2:] for name in
               ("peak", "peak_siamfc", "peak_auxiliary"))  # fmt: skip
    by_csv, by_json = read_tracks(outputs[0]), read_tracks(outputs[1])
    for one, other in zip(by_csv, by_json, strict=True):
        assert one.target == other.target
        np.testing.assert_allclose(one.boxes_ltwh, other.boxes_ltwh, atol=1e-3)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)
    (text,) = read_tracks(tmp_path / "o-2.txt")
    np.testing.assert_allclose(text.boxes_ltwh, by_csv[1].boxes_ltwh, atol=1e-3)
    assert json.loads(outputs[1].read_text())["complete"] is True


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one(made, tmp_path, there):
    """What it leads to is written, be it there or not."""
    (tmp_path / "far").mkdir()
    outputs = []
    for name in ("o.csv", "o.json", "o.mp4"):
        (tmp_path / name).symlink_to(Path("far", f"new-{name}"))
        if there:
            (tmp_path / "far" / f"new-{name}").write_text("before")
        outputs += ["--video" if name == "o.mp4" else "--output", str(tmp_path / name)]
    assert track(made, "--box", BOX, *outputs) == 0
    assert all((tmp_path / name).is_symlink() for name in ("o.csv", "o.json", "o.mp4"))
    assert sorted(os.listdir(tmp_path / "far")) == ["new-o.csv", "new-o.json", "new-o.mp4"]
    assert len(rows_of(tmp_path / "far" / "new-o.csv")) == 12


def test_video_and_pictures_of_scores(made, tmp_path):
    video, pictures = tmp_path / "out.mp4", tmp_path / "scores"
    call = ["--box", BOX, "--output", str(tmp_path / "o.csv"), "--video", str(video)]
    assert track(made, *call, "--show-scores", str(pictures), network="fused.pt") == 0
    with av.open(str(video)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == 12 and shown[0].shape == (80, 96, 3)
    apart = np.abs(shown[5].astype(int) - moving_colours(12)[5]).mean(axis=2)
    assert apart[:40].max() > 60, "a box is drawn"
    assert sorted(path.name for path in pictures.iterdir())[0] == "000001.jpg"
    assert read_image_rgb(pictures / "000001.jpg").shape == (255, 4 * 259 - 4, 3)
    assert track(made, *call, "--show-scores", str(pictures)) == 2


@pytest.mark.parametrize(("count", "size"), [(2, (80, 96)), (3, (240, 320)), (12, (240, 320))])
def test_every_score_map_is_drawn_from_left_to_right(count, size):
    """Each has a brightness of its own here, higher from one to the next."""
    maps = [np.full((3, 3), (number + 1) / count) for number in range(count)]
    nowhere = np.full(4, np.nan)
    image = np.zeros((*size, 3), np.uint8)
    drawn = marked(image, [Mark(nowhere, "", map=one) for one in maps])
    found = []
    for values in maps:
        colour = heat(values, 1)[0, 0]
        rows, columns = np.nonzero((drawn == colour).all(axis=2))
        assert len(rows) > 50, "it is there"
        found.append((int(rows.min()), int(columns.min())))
    assert found == sorted(found)


def test_names_of_boxes_at_one_place_hide_none():
    image = np.zeros((240, 320, 3), np.uint8)
    box = np.array([100.0, 60, 80, 60])
    for boxes in ([box] * 5, [box + shift for shift in range(0, 20, 4)]):
        drawn = marked(image, [Mark(one, "a name") for one in boxes])
        for colour in COLOURS[:5]:
            tile_of = tile("a name", colour, 12)
            there = (drawn == colour).all(axis=2).sum()
            assert there >= (tile_of == colour).all(axis=2).sum(), "the whole of its name"


def test_a_part_of_the_video(made, tmp_path, capsys):
    output = tmp_path / "o.csv"
    call = ["--box", BOX, "--output", str(output)]
    for source in ("v.mp4", "frames"):
        assert track(made, *call, "--from", "3", "--to", "7", source=source) == 0
        assert [row["frame"] for row in rows_of(output)] == list("34567")
    whole = tmp_path / "w.csv"
    assert track(made, *call[:2], "--output", str(whole), "--from", "3") == 0
    assert rows_of(output)[1]["left"] != "" and len(rows_of(whole)) == 9
    capsys.readouterr()
    assert track(made, *call, "--from", "30") == 2
    assert "v.mp4: ends before frame 30" in capsys.readouterr().err
    assert track(made, *call, "--from", "3", "--to", "2") == 2
    assert "--to 2: expected a frame from --from (3) on" in capsys.readouterr().err


def test_one_frame_is_one_and_an_end_before_to_is_told(made, tmp_path, capsys):
    call = ["--tracker", "kcf", "--box", BOX, "--output", str(tmp_path / "o.csv")]
    assert main(["track", str(made / "v.mp4"), *call, "--to", "0"]) == 0
    assert "1 frame, 1 target in" in (said := capsys.readouterr().out) and "before" not in said
    assert main(["track", str(made / "v.mp4"), *call, "--from", "2", "--to", "9999"]) == 0
    assert "v.mp4 ends at frame 11, before --to 9999\n" in capsys.readouterr().out
    play = ["play", str(made / "v.mp4"), str(tmp_path / "o.csv"), "--output"]
    assert main([*play, str(tmp_path / "p.html"), "--to", "9999"]) == 0
    assert "v.mp4 ends at frame 11, before --to 9999\n" in capsys.readouterr().out


def test_a_name_with_a_slash_is_refused_as_such(made, capsys):
    with pytest.raises(SystemExit):
        main(["track", str(made / "v.mp4"), "--box", f"a/b={BOX}"])
    assert "a name holds no slash, as files are named by it: 'a/b'" in capsys.readouterr().err


def test_help_names_exported_networks(capsys):
    with pytest.raises(SystemExit):
        main(["track", "--help"])
    assert "exported network (.onnx)" in " ".join(capsys.readouterr().out.split())


# Choosing a box


def test_select_writes_a_grid(made, tmp_path, capsys):
    picture = tmp_path / "1.png"
    assert main(["track", str(made / "v.mp4"), "--select", str(picture)]) == 0
    assert f"first frame with a grid in {picture}" in capsys.readouterr().out
    grid = read_image_rgb(picture).astype(int)
    first = moving_colours(1)[0].astype(int)
    assert grid.shape == first.shape
    lines = (np.abs(grid - first)[:, :, :].mean(axis=2) > 20).mean(axis=0)
    assert lines[60] > 0.5 and lines[70] < 0.5, "a line every 20 pixels"
    assert main(["track", str(made / "v.mp4"), "--select", str(tmp_path / "1.gif")]) == 2


def test_select_without_a_screen_says_so(made, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    output = tmp_path / "o.csv"
    call = ["track", str(made / "v.mp4"), "--tracker", "mosse", "--output", str(output)]
    assert main([*call, "--select"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "--select" in said and "NAME.png" in said and "give --box" in said
    assert not output.exists()


def test_select_alone_draws_a_box_or_says_that_there_is_no_screen(made, monkeypatch, capsys):
    """As the tutorial has it: no tracker and no name to write to yet."""
    monkeypatch.delenv("DISPLAY", raising=False)
    assert main(["track", str(made / "v.mp4"), "--select"]) == 2
    assert "--select" in (said := capsys.readouterr().err) and "NAME.png" in said
    monkeypatch.setattr("chromatrack.stages.tools.select.select_box", lambda _: [1.5, 2, 30, 40])
    assert main(["track", str(made / "frames"), "--select"]) == 0
    assert capsys.readouterr().out == "--box 1.5,2,30,40\n"


def test_a_drawn_box():
    from chromatrack.stages.tools.select import Drawing, step_of

    drawing = Drawing(scale=0.5)
    assert drawing.box_ltwh is None
    drawing.begin(60, 50)
    drawing.to(20, 10)
    assert drawing.box_ltwh == [40, 20, 80, 80]
    assert [step_of(side) for side in (96, 640, 1920)] == [20, 100, 200]


# Cameras


class Camera:
    """In the place of OpenCV's."""

    def __init__(self, number):
        self.frames = moving_colours(5) if number == 0 else []

    def isOpened(self):
        return bool(self.frames)

    def read(self):
        return (True, self.frames.pop(0)[..., ::-1]) if self.frames else (False, None)

    def release(self): ...


def test_a_camera(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    output = tmp_path / "o.csv"
    call = ["--tracker", "mosse", "--box", BOX, "--output", str(output)]
    assert main(["track", "camera:0", *call]) == 0
    assert len(rows_of(output)) == 5
    assert main(["track", "camera:1", *call]) == 2
    assert "camera:1: no such camera" in capsys.readouterr().err


# Wrong calls


def test_the_video_itself_is_not_written_over(made, capsys):
    call = ["track", str(made / "v.mp4"), "--tracker", "mosse", "--box", BOX, "--output", "o.csv"]
    assert main([*call, "--video", str(made / "v.mp4")]) == 2
    assert "v.mp4: is a file that is read" in capsys.readouterr().err


def test_what_is_read_is_not_written_over(made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_frames(tmp_path / "fr", moving_colours(3), pattern="%04d.jpg", first=1, quality=90)
    before = {path: path.read_bytes() for path in (tmp_path / "fr").iterdir()}
    for name in ("fr/0001.jpg", "fr/0009.png"):
        assert main(["track", "fr", "--select", name]) == 2
        assert f"{name}: would be one of the frames" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (tmp_path / "fr").iterdir()} == before
    weights = (made / "siamfc.pt").read_bytes()
    (tmp_path / "w.csv").write_bytes(weights)
    call = ["track", "fr", "--box", BOX, "--checkpoint", "w.csv"]
    assert main([*call, "--output", "w.csv"]) == 2
    assert "w.csv: is a file that is read" in capsys.readouterr().err
    (tmp_path / "w.mp4").write_bytes(weights)
    call = ["track", "fr", "--box", BOX, "--checkpoint", "w.mp4", "--output", "t.csv"]
    assert main([*call, "--video", "w.mp4"]) == 2
    assert "w.mp4: is a file that is read" in capsys.readouterr().err
    assert (tmp_path / "w.mp4").read_bytes() == weights
    assert (tmp_path / "w.csv").read_bytes() == weights


@pytest.mark.parametrize(
    ("boxes", "outputs", "told"),
    [
        (["a", "a-a"], ["t.txt", "t-a.txt"], "t-a-a.txt: two results would be written there"),
        (["a"], ["o.csv", "o.csv"], "o.csv: two results would be written there"),
        (["a", "n" * 200], [f"{'t' * 70}.txt"], "expected a name of at most 255 bytes"),
    ],
)
def test_each_result_has_a_file_of_its_own(
    made, tmp_path, monkeypatch, capsys, boxes, outputs, told
):
    monkeypatch.chdir(tmp_path)
    call = ["track", str(made / "v.mp4"), "--tracker", "mosse"]
    call += [part for name in boxes for part in ("--box", f"{name}={BOX}")]
    assert main([*call, *(part for path in outputs for part in ("--output", path))]) == 2
    assert told in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_json_says_how_the_tracker_was_set(made, tmp_path, capsys):
    output, shown = tmp_path / "o.json", tmp_path / "scores"
    settings = ["--settings", '{"window_influence": 0.4}', "--to", "0", "--show-scores", str(shown)]
    assert track(made, "--box", BOX, *settings, "--output", str(output)) == 0
    made_by = json.loads(output.read_text())["made_by"]["settings"]
    assert made_by["window_influence"] == 0.4 and made_by["alphas"] is None
    assert not shown.exists() and str(shown) not in capsys.readouterr().out, "one frame has no maps"


def test_peaks_are_read_again(made, tmp_path):
    for name in ("o.csv", "o.json"):
        assert track(made, "--box", BOX, "--to", "3", "--output", str(tmp_path / name)) == 0
        peaks = read_tracks(tmp_path / name)[0].peaks
        assert np.isnan(peaks[0]).all() and np.isfinite(peaks[1:, 0]).all(), name


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "expected --box x,y,w,h (or --select to draw it) and --checkpoint FILE (or --tracker "
         "NAME) and --output boxes.csv (or .json, .txt)"),
        (["--tracker", "kcf"], "expected --box x,y,w,h (or --select to draw it) and --output"),
        (["--tracker", "kcf", "--box", BOX], "expected --output boxes.csv"),
        (["--tracker", "kcf", "--select"], "expected --output boxes.csv"),
        (["--tracker", "kcf", "--box", BOX, "--output", "o.xml"], "ends in .csv, .json, .txt"),
        (["--tracker", "kcf", "--box", BOX, "--output", "o.csv", "--alpha", "0"],
         "--alpha: belongs to --checkpoint, not to --tracker"),
        (["--tracker", "kcf", "--box", BOX, "--output", "o.csv", "--settings", "{}"],
         "--settings: belongs to --checkpoint, not to --tracker"),
        (["--tracker", "kcf", "--box", BOX, "--output", "o.csv", "--show-scores", "d"],
         "--show-scores: belongs to --checkpoint, not to --tracker"),
        (["--tracker", "kcf", "--box", BOX, "--output", "o.csv", "--video", "o.txt"],
         "o.txt: expected a name that ends in .mp4"),
        (["--tracker", "kfc", "--box", BOX, "--output", "o.csv"], "expected one of meanshift"),
        (["--tracker", "kcf", "--box", f"2={BOX}", "--box", BOX, "--output", "o.csv"],
         "expected different names, got two of '2'"),
        (["--tracker", "kcf", "--box", "a=900,1,5,5", "--box", BOX, "--output", "o.csv"],
         "box a=900,1,5,5: lies outside the first frame (96x80 pixels)"),
    ],
)  # fmt: skip
def test_wrong_calls_are_one_sentence(made, tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["track", str(made / "v.mp4"), *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
