"""`chromatrack play`: results of any trackers over a video, as a video and as a page."""

import json
import re

import av
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data.images import read_image_rgb, write_frames
from chromatrack.reporting.played import Strip
from tests.tools.test_full_disk import limit
from tests.videos import make_video, moving_colours, write_video


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A video of 6 frames, boxes of it in all formats; the working directory."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "v.mp4", moving_colours(6))
    call = ["track", "v.mp4", "--tracker", "mosse", "--box", "a=30,20,24,20", "--box", "5,5,20,20"]
    assert main([*call, "--output", "two.csv", "--output", "two.json"]) == 0
    (tmp_path / "otb.txt").write_text("11,21,30,40\n" * 5 + "NaN,NaN,NaN,NaN\n")
    return tmp_path


def data_of(page):
    return json.loads(re.search(r'id="played">(.*?)</script>', page.read_text("utf-8"))[1])


def test_a_video_and_a_page(made, capsys):
    files = ["two.csv", "two.json", "otb.txt"]
    outputs = ["--output", "p.mp4", "--output", "p.html"]
    assert main(["play", "v.mp4", *files, *outputs, "--tracker", "x", "y", "z <b>"]) == 0
    assert "6 frames in p.mp4, p.html" in capsys.readouterr().out
    with av.open("p.mp4") as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == 6
    data = data_of(made / "p.html")
    assert [track["name"] for track in data["tracks"]] == ["x a", "x 2", "y a", "y 2", "z <b>"]
    assert data["frames"] == list(range(6)) == list(range(data["count"]))
    assert "<b>" not in (made / "p.html").read_text("utf-8").split('id="played">')[1][:3000]
    assert "http://" not in re.sub(
        r"http://www\.w3\.org/2000/svg", "", (made / "p.html").read_text()
    )


def test_boxes_are_where_they_are(made):
    """Of OTB's text, which counts pixels from 1: left 10, top 20 here."""
    assert main(["play", "v.mp4", "otb.txt", "--output", "p.mkv"]) == 0
    with av.open("p.mkv") as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    apart = np.abs(shown[0].astype(int) - moving_colours(1)[0]).mean(axis=2)
    assert apart[45, 8:12].max() > 50 and apart[45, 18:32].max() < 30
    assert np.abs(shown[5].astype(int) - moving_colours(6)[5]).mean() < 6, "no box, nothing drawn"


def test_a_part(made):
    assert main(["play", "v.mp4", "two.csv", "--output", "p.html", "--from", "2", "--to", "4"]) == 0
    assert data_of(made / "p.html")["count"] == 3


def test_what_cannot_be_written_is_told_before_the_first_frame(made, monkeypatch, capsys):
    (made / "locked").write_text("a file where a folder has to be")
    monkeypatch.setattr(Strip, "add", lambda *_: pytest.fail("a frame was drawn"))
    outputs = ["--output", "p.html", "--output", "locked/p.mp4"]
    assert main(["play", "v.mp4", "two.csv", *outputs]) == 1
    assert "locked/p.mp4: cannot be written (Not a directory)" in capsys.readouterr().err


@pytest.mark.parametrize(("size", "kept"), [(20_000, "p.mp4"), (1, "")])
def test_an_output_that_fails_takes_no_others_with_it(made, capsys, size, kept):
    """The page is the larger one."""
    outputs = ["--output", "p.mp4", "--output", "p.html"]
    capsys.readouterr()
    with limit(size):
        assert main(["play", "v.mp4", "two.csv", *outputs]) == 1
    told = capsys.readouterr()
    assert "p.html: cannot be written (File too large)" in told.err
    assert told.out == (f"6 frames in {kept}\n" if kept else "")
    assert sorted(path.name for path in made.glob("p.*")) == ([kept] if kept else [])


@pytest.mark.parametrize("source", ["v.mp4", "frames"])
def test_text_has_no_numbers_and_is_placed_by_the_number_of_its_rows(
    made, monkeypatch, capsys, source
):
    drawn = []

    def page(title, strip, tracks, **_):
        drawn.append([int(frame) for frame in tracks[0][1].frames])
        return ""

    monkeypatch.setattr("chromatrack.stages.tools.play.page", page)
    write_frames(made / "frames", moving_colours(6), pattern="%05d.jpg", first=0, quality=90)

    def frames_of(rows, *part):
        (made / "t.txt").write_text("11,21,30,40\n" * rows)
        code = main(["play", source, "t.txt", "--output", "p.html", *part])
        return code or drawn[-1]

    assert frames_of(4, "--from", "2") == [2, 3, 4, 5], "written by track --from 2"
    assert frames_of(3, "--from", "2", "--to", "4") == [2, 3, 4]
    assert frames_of(6, "--from", "2")[0] == 0, "of the whole video"
    capsys.readouterr()
    assert frames_of(3, "--from", "2") == 2
    assert (
        "t.txt: its 3 rows have no numbers of frames; expected 4 for the frames from 2 to 5, or at "
        "least 6, from frame 0 on"
    ) in capsys.readouterr().err


def test_a_range_without_any_box_says_so(made, capsys):
    (made / "x.csv").write_text("frame,left,top,width,height\n0,1,2,30,40\n5,,,,\n")
    assert main(["play", "v.mp4", "x.csv", "--output", "p.mp4", "--from", "2"]) == 2
    told = "x.csv: none of its boxes is of a frame from 2 to 5 of v.mp4"
    assert told in capsys.readouterr().err
    assert not (made / "p.mp4").exists()
    (made / "empty.txt").write_text("")
    assert main(["play", "v.mp4", "two.csv", "empty.txt", "--output", "p.mp4"]) == 2
    assert "empty.txt: none of its boxes" in capsys.readouterr().err
    assert not (made / "p.mp4").exists()


def test_the_video_itself_is_not_written_over(made, capsys):
    (made / "link.mp4").symlink_to("v.mp4")
    assert main(["play", "v.mp4", "two.csv", "--output", "link.mp4"]) == 2
    assert "link.mp4: is a file that is read" in capsys.readouterr().err
    assert main(["play", "v.mp4", "two.csv", "--output", "two.csv"]) == 2
    assert "two.csv: is a file that is read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.csv", "frame,left\n0,1\n", "expected the columns frame, left, top, width, height"),
        (
            "x.csv",
            "frame,left,top,width,height\n0,1,2,3,x\n",
            "x.csv, row 2: expected a whole number from 0 on in frame, and numbers in",
        ),
        ("x.csv", "frame,left,top,width,height\n0,1,2,3,4\n0,1,2,3,4\n", "got two of 0"),
        ("x.json", "{}", "expected what `chromatrack track --output NAME.json` writes"),
        ("x.txt", "1,2,3\n", "x.txt: line 1: expected 4 numbers"),
        ("x.txt", "1,2,3,4\n" * 9, "x: has a box of frame 8, but v.mp4 ends at frame 5"),
        ("x.xml", "", "expected a name that ends in .csv, .json, .txt"),
    ],
)
def test_wrong_results_are_one_sentence(made, capsys, name, content, sentence):
    (made / name).write_text(content)
    assert main(["play", "v.mp4", name, "--output", "p.html", "--output", "p.mp4"]) == 2
    assert sentence in capsys.readouterr().err
    assert not (made / "p.html").exists() and not (made / "p.mp4").exists()


def test_an_end_that_the_video_does_not_reach_hides_no_boxes_of_another_video(made, capsys):
    (made / "x.txt").write_text("1,2,30,40\n" * 9)
    assert main(["play", "v.mp4", "x.txt", "--output", "p.html", "--to", "50"]) == 2
    assert "x: has a box of frame 8, but v.mp4 ends at frame 5" in capsys.readouterr().err
    assert main(["play", "v.mp4", "x.txt", "--output", "p.html", "--to", "3"]) == 0


def test_what_was_played_before_damage_is_kept(made, capsys):
    whole = make_video(made / "whole.mkv", frames=120)
    content = whole.read_bytes()
    (made / "torn.mkv").write_bytes(content[: len(content) * 3 // 4])
    (made / "x.txt").write_text("1,2,30,40\n" * 120)
    assert main(["play", "torn.mkv", "x.txt", "--output", "p.mp4", "--output", "p.html"]) == 2
    told = capsys.readouterr()
    assert "torn.mkv: " in told.err.splitlines()[-1] and "frames in p.mp4, p.html" in told.out
    with av.open("p.mp4") as container:
        shown = sum(1 for _ in container.decode(video=0))
    assert 2 <= shown < 120 and data_of(made / "p.html")["count"] == shown


def test_a_name_may_hold_a_line_break(made):
    (made / "k\nk.csv").write_text("frame,left,top,width,height\n0,1,2,30,40\n")
    outputs = ["--output", "p.mp4", "--output", "p.html"]
    assert main(["play", "v.mp4", "k\nk.csv", *outputs, "--tracker", "a\r\nb"]) == 0
    assert (made / "p.mp4").exists()


def test_boxes_of_propagate_can_be_empty(made):
    (made / "x.csv").write_text("frame,left,top,width,height\n0,1,2,30,40\n1,,,,\n")
    assert main(["play", "v.mp4", "x.csv", "--output", "p.html"]) == 0


def test_a_long_video_has_fewer_pictures():
    strip = Strip(budget=30_000)
    for image in moving_colours(100):
        strip.add(image)
    kept = strip.items()
    assert sum(len(picture) for _, picture in kept) <= 30_000
    assert strip.step > 1 and [n for n, _ in kept] == list(range(0, 100, strip.step))


def test_a_page_of_a_folder(made):
    write_frames(made / "frames", moving_colours(6), pattern="%05d.jpg", first=0, quality=90)
    assert read_image_rgb(made / "frames" / "00000.jpg").shape == (80, 96, 3)
    assert main(["play", "frames", "two.csv", "--output", "p.html"]) == 0


@pytest.mark.parametrize("folder, name", [("Frames", "Frames"), ("Girl2/img", "Girl2")])
def test_a_page_has_the_name_of_the_sequence(made, folder, name):
    """Frames of OTB lie in NAME/img."""
    write_frames(made / folder, moving_colours(6), pattern="%04d.jpg", first=1, quality=90)
    assert main(["play", folder, "two.csv", "--output", "p.html"]) == 0
    assert re.search("<title>(.*?)</title>", (made / "p.html").read_text("utf-8"))[1] == name


def test_the_page_in_a_browser(made, browser):
    """It draws boxes, steps, hides a tracker, follows a click on the scores; asks for nothing."""
    lines = (made / "two.csv").read_text().splitlines()
    cells = [line.split(",") for line in lines[1:]]
    for number, row in enumerate(cells):
        row[7], row[8] = str(1 - number / 20), str(int(number > 6))
    (made / "scored.csv").write_text("\n".join([lines[0], *map(",".join, cells)]) + "\n")
    assert main(["play", "v.mp4", "scored.csv", "otb.txt", "--output", "p.html"]) == 0
    page, complaints = browser.new_page(), []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url)
            if not request.url.startswith(("data:", "file:")) else None)  # fmt: skip
    page.goto((made / "p.html").as_uri())

    def boxes():
        return page.eval_on_selector_all(
            "svg.frame rect[data-box]", "all => all.map((one) => one.dataset.box)"
        )

    assert boxes() == ["scored a", "scored 2", "otb"]
    page.get_by_role("button", name="One frame on").click()
    assert "frame 1 of 5: scored a 0.90, scored 2 0.85, otb" in page.inner_text(".player output")
    page.get_by_label("otb").uncheck()
    assert boxes() == ["scored a", "scored 2"]
    curve = page.locator("svg.scores")
    size = curve.bounding_box()
    curve.click(position={"x": size["width"] - 3, "y": 30})
    said = page.inner_text(".player output")
    assert said.startswith("frame 5 of 5: scored a 0.50 lost")
    assert complaints == []
