"""`chromatrack report --annotations DIR --results A B`: a page of any folders of results."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.data.otb_attributes import write_attributes
from chromatrack.files import read_json

TARGETS, FRAMES = "ABCDEFGH", 12
SHIFTS = {"near": 2, "far": 15, "middle": 7}


@pytest.fixture
def results(tmp_path):
    """Folders of results of three trackers, beside the annotations."""
    truth = np.tile([20.0, 30.0, 40.0, 40.0], (FRAMES, 1))
    for number, target in enumerate(TARGETS):
        otb_data.write_boxes(tmp_path / "anno" / f"{target}.txt", truth)
        write_attributes(tmp_path / "att", target, ["OCC", "IV"][: 1 + number % 2])
        for name, shift in SHIFTS.items():
            off = truth + np.array([shift + number % 3, 0, 0, 0])
            otb_data.write_boxes(tmp_path / name / f"{target}.txt", off)
    return [tmp_path / name for name in SHIFTS]


def call(results, output, *more):
    folders = map(str, results)
    annotations = str(results[0].parent / "anno")
    return ["report", "--annotations", annotations, "--output", str(output), *map(str, more),
            "--results", *folders]  # fmt: skip


def data_of(page, kind="main"):
    [text] = re.findall(f'data-kind="{kind}">(.*?)</script>', page.read_text())
    return json.loads(text)


def test_the_others_are_compared_with_the_first_as_compare_does(results, tmp_path, capsys):
    page = tmp_path / "p.html"
    assert main(call(results, page, "--attributes", tmp_path / "att")) == 0
    said = capsys.readouterr().out.splitlines()
    assert main(["compare", *map(str, results), "--annotations", str(tmp_path / "anno"),
                 "--output", str(tmp_path / "compared.json")]) == 0  # fmt: skip
    compared = read_json(tmp_path / "compared.json")["comparisons"]
    data = data_of(page)
    trackers = {one["name"]: one for one in data["trackers"]}
    assert [one["kind"] for one in data["trackers"]] == ["baseline", "own", "own"]
    assert list(trackers) == ["near", "far", "middle"] and trackers["near"]["difference"] is None
    for name, one in compared.items():
        assert trackers[name]["difference"] == one["difference"] and trackers[name]["p"] == one["p"]
        assert trackers[name]["value"]["mean"] == pytest.approx(one["mean"], abs=1e-6)
    mean = compared["far"]["difference"]["mean"]
    assert said[0].startswith(f"far beside near: success AUC {mean:+.3f} [")
    assert said[0].endswith(" by Holm) over 8 targets: worse.")
    text = page.read_text().replace("−", "-")
    assert f"<li>{said[0]}</li>" in text and f"<li>{said[1]}</li>" in text
    assert "<h1>OTB: near, far, middle</h1>" in text and "Comparisons" in text
    assert data["sequences"]["names"] == list(TARGETS)
    assert data["attributes"]["names"] == ["IV", "OCC"]
    summary = pd.read_csv(tmp_path / "p-summary.csv").set_index("tracker")
    assert list(summary.index) == ["near", "far", "middle"]
    assert summary.loc["far", "difference"] == mean and np.isnan(summary.loc["near", "p"])
    assert read_json(tmp_path / "p-statistics.json")["comparisons"]["baseline"] == "near"


def test_the_page_says_nothing_of_experiments_that_are_not_there(results, tmp_path):
    assert main(call(results, tmp_path / "p.html", "--attributes", tmp_path / "att")) == 0
    data, text = data_of(tmp_path / "p.html"), (tmp_path / "p.html").read_text()
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    assert data["published"] == {} and data["attributes"]["published"] == {}
    for word in ("SiamFC", "olorization", "Table 5.7", "Best α"):
        assert word not in body, word
    assert str(tmp_path) not in text


def test_another_tracker_may_be_the_baseline(results, tmp_path, capsys):
    assert main(call(results, tmp_path / "p.html", "--baseline", "middle", "--tracker",
                     "near", "far", "middle")) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "near beside middle: success AUC +0." in said and "targets: better." in said
    kinds = {one["name"]: one["kind"] for one in data_of(tmp_path / "p.html")["trackers"]}
    assert kinds == {"near": "own", "far": "own", "middle": "baseline"}
    assert main(call(results, tmp_path / "q.html", "--baseline", "x")) == 2
    assert "expected one of near, far, middle" in capsys.readouterr().err


def test_one_folder_has_a_page_of_its_own(results, tmp_path):
    assert main(call(results[:1], tmp_path / "p.html")) == 0
    assert [one["name"] for one in data_of(tmp_path / "p.html")["trackers"]] == ["near"]
    assert "Comparisons" not in (tmp_path / "p.html").read_text()


def test_boxes_and_overlaps_are_shown_with_frames_and_without(results, tmp_path, capsys):
    page = tmp_path / "p.html"
    assert main(call(results, page)) == 0
    lack = "Sequences are shown without pictures: no frames lie beside the annotations"
    assert lack in capsys.readouterr().out and lack in page.read_text()
    strips = data_of(page, "strips")["sequences"]
    assert [one["name"] for one in strips] == list(TARGETS)
    assert set(strips[0]["boxes"]) == set(strips[0]["overlaps"]) == set(SHIFTS)
    assert strips[0]["pictures"] == []
    for target in TARGETS:  # as OTB is published
        folder = tmp_path / "frames" / target / "img"
        folder.mkdir(parents=True)
        for number in range(FRAMES):
            Image.new("RGB", (100, 80)).save(folder / f"{number + 1:04d}.jpg")
        text = (tmp_path / "anno" / f"{target}.txt").read_text()
        (folder.parent / "groundtruth_rect.txt").write_text(text)
    (tmp_path / "anno").rename(tmp_path / "alone")
    (tmp_path / "frames").rename(tmp_path / "anno")
    assert main(call(results, page)) == 0
    assert lack not in page.read_text()
    strips = data_of(page, "strips")["sequences"]
    assert all(one["pictures"] and (one["width"], one["height"]) == (100, 80) for one in strips)


def test_only_some_targets(results, tmp_path, capsys):
    (tmp_path / "some.txt").write_text("B\nC\n")
    assert main(call(results, tmp_path / "p.html", "--names", tmp_path / "some.txt")) == 0
    assert data_of(tmp_path / "p.html")["sequences"]["names"] == ["B", "C"]
    for folder in results:
        (folder / "H.txt").unlink()
    assert main(call(results, tmp_path / "p.html", "--subset", "--frames-limit", 5)) == 0
    data = data_of(tmp_path / "p.html")
    assert data["sequences"]["names"] == list("ABCDEFG")
    strips = data_of(tmp_path / "p.html", "strips")["sequences"]
    assert [one["count"] for one in strips] == [5] * 7
    assert data["sequences"]["frames"] == [5] * 7 and "first 5 frames" in data["heading"]
    (results[1] / "C.txt").unlink()
    assert main(call(results, tmp_path / "q.html", "--subset")) == 2
    said = capsys.readouterr().err
    assert "far: expected results of the targets that near has" in said
    assert "got a difference in C; --names LIST" in said
    assert not (tmp_path / "q.html").exists()


def test_results_that_cannot_be_scored_stop_the_page_and_are_all_named(results, tmp_path, capsys):
    (results[1] / "C.txt").unlink()
    (results[2] / "D.txt").write_text("no boxes\n")
    assert main(call(results, tmp_path / "p.html")) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert "far: " in said and "middle: " in said
    assert not list(tmp_path.glob("p*"))


def test_in_chromium_a_sequence_without_frames_shows_boxes_and_overlaps(results, tmp_path, opened):
    assert main(call(results, tmp_path / "p.html")) == 0
    page = opened(tmp_path / "p.html")
    page.wait_for_timeout(2500)  # until what is drawn late would have been drawn
    assert page.locator('[data-filter="baseline"]').count() == 1
    assert page.locator('[data-filter="thesis"]').count() == 0
    page.locator('tr[data-sequence="B"] button').click()
    viewer = page.locator("[data-viewer]")
    viewer.locator(".main-svg").first.wait_for()
    assert viewer.locator("image").count() == 0
    boxes = viewer.locator("[data-box]").evaluate_all("all => all.map((one) => one.dataset.box)")
    assert set(boxes) == {"truth", "near", "far"}
    assert viewer.locator(".plot").get_attribute("data-traces") == "2"
