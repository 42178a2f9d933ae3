"""The folder of a run is its own: neither another run nor anybody's files are written over."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.files import read_json
from tests.videos import moving_colours


def run(folder: Path, output: str, *arguments: str) -> int:
    return main(["run", *arguments, "--output", str(folder / output)])


@pytest.fixture
def root(tmp_path):
    for name in ("A", "B"):
        boxes_ltwh = np.full((4, 4), 20.0)
        otb.write_sequence(tmp_path / "otb", name, moving_colours(4), [boxes_ltwh], quality=95)
    return str(tmp_path / "otb")


def test_two_runs_in_one_folder_are_refused(root, tmp_path, capsys):
    assert run(tmp_path, "o/kcf.json", "otb", "--tracker", "kcf", "--root", root) == 0
    before = (tmp_path / "o" / "boxes" / "A.txt").read_bytes()
    assert run(tmp_path, "o/mosse.json", "otb", "--tracker", "mosse", "--root", root) == 2
    assert (
        "kcf.json is another one, and its results lie in the same folder" in capsys.readouterr().err
    )
    assert (tmp_path / "o" / "boxes" / "A.txt").read_bytes() == before
    assert run(tmp_path, "o/kcf.json", "otb", "--tracker", "mosse", "--root", root) == 0, "again"
    assert read_json(tmp_path / "o" / "kcf.json")["made_by"]["settings"]["tracker"] == "mosse"


def test_results_of_somebody_else_are_not_written_over(root, tmp_path, capsys):
    (tmp_path / "pub" / "boxes").mkdir(parents=True)
    published = tmp_path / "pub" / "boxes" / "A.txt"
    published.write_text("1,2,3,4\n" * 4)
    (tmp_path / "pub" / "boxes" / "B.txt").write_text("1,2,3,4\n" * 4)
    assert run(tmp_path, "pub/run.json", "otb", "--tracker", "kcf", "--root", root) == 2
    assert "holds files that no run of chromatrack wrote" in capsys.readouterr().err
    results = str(tmp_path / "pub" / "boxes")
    assert run(tmp_path, "pub/run.json", "otb", "--results", results, "--root", root) == 2
    assert published.read_text() == "1,2,3,4\n" * 4 and not (tmp_path / "pub" / "done").exists()
    assert run(tmp_path, "own/run.json", "otb", "--results", results, "--root", root) == 0
    assert run(tmp_path, "own/run.json", "otb", "--results", results, "--root", root) == 0, "again"
    assert len(otb.read_boxes(tmp_path / "own" / "boxes" / "A.txt")) == 4


def test_a_run_that_was_killed_before_its_end_goes_on(root, tmp_path):
    assert run(tmp_path, "o/run.json", "otb", "--tracker", "kcf", "--root", root) == 0
    (tmp_path / "o" / "run.json").unlink()
    (tmp_path / "o" / "done" / "A.json").unlink()
    assert run(tmp_path, "o/run.json", "otb", "--tracker", "kcf", "--root", root) == 0


def test_a_call_that_is_wrong_leaves_no_folder(tmp_path):
    nowhere = str(tmp_path / "nowhere")
    assert run(tmp_path, "o/run.json", "otb", "--tracker", "kcf", "--root", nowhere) == 2
    assert not (tmp_path / "o").exists()


def test_masks_of_a_ground_truth_are_not_written_over(tmp_path, capsys):
    root = tmp_path / "davis"
    frames = root / "JPEGImages" / "480p" / "cow"
    masks = root / "Annotations" / "480p" / "cow"
    lists = root / "ImageSets" / "2017"
    for folder in (frames, masks, lists):
        folder.mkdir(parents=True)
    (lists / "val.txt").write_text("cow\n")
    for number, image in enumerate(moving_colours(3)):
        cv2.imwrite(str(frames / f"{number:05d}.jpg"), image)
        mask = np.zeros(image.shape[:2], np.uint8)
        mask[10:30, 10 + number : 30 + number] = 1
        cv2.imwrite(str(masks / f"{number:05d}.png"), mask)
    before = [path.read_bytes() for path in sorted(masks.iterdir())]
    call = ["davis", "--method", "identity", "--root", str(root)]
    assert run(masks.parent, "run.json", *call) == 2
    assert "holds files that no run of chromatrack wrote" in capsys.readouterr().err
    assert [path.read_bytes() for path in sorted(masks.iterdir())] == before
    assert run(tmp_path, "o/run.json", *call) == 0
    assert run(tmp_path, "o/run.json", *call) == 0, "again"


def test_tables_of_one_evaluation_of_masks_are_not_replaced_by_those_of_another(tmp_path, capsys):
    """Their names are fixed, as the official evaluation has them."""
    root = tmp_path / "davis"
    masks, lists = root / "Annotations" / "480p" / "cow", root / "ImageSets" / "2017"
    for folder in (masks, lists, tmp_path / "out"):
        folder.mkdir(parents=True)
    (lists / "val.txt").write_text("cow\n")
    for number in range(4):
        mask = np.zeros((40, 60), np.uint8)
        mask[10:30, 10 + number : 30 + number] = 1
        cv2.imwrite(str(masks / f"{number:05d}.png"), mask)
    call = ["evaluate", "davis", "--annotations", str(root), "--results", str(masks.parent)]
    assert main([*call, "--output", str(tmp_path / "out" / "a.json")]) == 0
    assert main([*call, "--output", str(tmp_path / "out" / "a.json")]) == 0, "again"
    capsys.readouterr()
    assert main([*call, "--output", str(tmp_path / "out" / "b.json")]) == 2
    assert "a.json is another one" in capsys.readouterr().err
    assert not (tmp_path / "out" / "b.json").exists()
