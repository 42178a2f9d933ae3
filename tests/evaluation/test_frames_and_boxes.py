"""Frames and boxes are one for each other; no sequence is left out without a word."""

import shutil

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.data.images import write_frames
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from tests.evaluation.made_up_frames import BOXES, COUNT, images, read, write

# Frames and boxes


@pytest.mark.parametrize("name", ["otb", "dtb70", "vot", "got10k", "lasot", "uav123"])
@pytest.mark.parametrize("rows", [1, COUNT - 2])
def test_frames_without_boxes_stop_a_benchmark(name, rows, tmp_path, capsys):
    """725 images and one line were tracked for one frame, and scored 0.952."""
    write(name, tmp_path / "set", "Anna", "Berta")
    (path,) = [
        path
        for path in (tmp_path / "set").rglob("*.txt")
        if "anna" in str(path.relative_to(tmp_path)).lower()
        and (path.name.startswith("groundtruth") or path.name == "Anna.txt")
    ]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:rows]))
    call = ["run", name, "--root", str(tmp_path / "set"), "--output", str(tmp_path / "o/run.json")]
    assert main([*call, "--tracker", "klt"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert f"{COUNT} frames" in told and f"{rows} " in told and "nna" in told
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", ["otb", "got10k"])
def test_boxes_that_end_early_are_not_scored(name, tmp_path):
    """Annotations are scored without frames; where frames are there, they are counted."""
    root = tmp_path / "set"
    write(name, root)
    for path in (root / "Anna").glob("*"):
        if path.name in ("groundtruth_rect.txt", "groundtruth.txt", "cover.label"):
            path.write_text("".join(path.read_text().splitlines(keepends=True)[:1]))
    otb.write_boxes(tmp_path / "results" / "Anna.txt", BOXES[:1])
    with pytest.raises(InputError, match=f"got {COUNT} frames and 1 boxes"):
        sets.get(name).score(Selection(root), tmp_path / "results", protocol="ope")


def test_the_first_frames_of_four_published_sequences_count(tmp_path):
    """Football1 has 81 frames and 74 boxes; the first frame must be there."""
    for name, frames, boxes in (("Football1", 81, 74), ("Football1x", 81, 74)):
        folder = tmp_path / name / "img"
        write_frames(folder, [images()[0]] * frames, pattern="%04d.jpg", first=1, quality=50)
        otb.write_boxes(tmp_path / name / "groundtruth_rect.txt", np.ones((boxes, 4)))
    (sequence,) = otb.read_sequences(tmp_path, names=["Football1"])
    assert (len(sequence), sequence.frames[0].name) == (74, "0001.jpg")
    with pytest.raises(InputError, match="got 81 frames and 74 boxes"):
        otb.read_sequences(tmp_path, names=["Football1x"])
    (tmp_path / "Football1" / "img" / "0001.jpg").unlink()
    with pytest.raises(InputError, match="each frame from 0001 on, got 80 frames and 74 boxes"):
        otb.read_sequences(tmp_path, names=["Football1"])


@pytest.mark.parametrize("name", ["trackingnet", "got10k"])
def test_one_box_belongs_to_the_first_number(name, tmp_path):
    write(name, tmp_path)
    for path in [*tmp_path.glob("*/*.label"), *tmp_path.glob("*/groundtruth.txt")]:
        if path.suffix == ".label":
            path.unlink()
        else:
            path.write_text(path.read_text().splitlines()[0] + "\n")
    (sequence,) = read(name, tmp_path)
    assert len(sequence) == COUNT and np.isnan(sequence.boxes_ltwh[1:]).all()
    sequence.frames[0].unlink()
    with pytest.raises(
        InputError, match=f"to which the first box belongs, got {sequence.frames[1].name}"
    ):
        read(name, tmp_path)


def test_nfs_says_what_it_leaves_out(tmp_path, capsys):
    write("nfs", tmp_path)
    rows = tmp_path / "Anna" / "30" / "Anna.txt"
    (sequence,) = read("nfs", tmp_path)
    sequence.frames[-1].unlink()
    (shorter,) = read("nfs", tmp_path)
    assert len(shorter) == COUNT - 1
    assert f"{rows}: one box too many, the last one is left out" in capsys.readouterr().err
    for path in reversed(shorter.frames):  # as where the first frame is missing, not the last
        path.rename(path.with_name(f"{int(path.stem) + 1:05d}.jpg"))
    with pytest.raises(InputError, match=r"expected frame 0 or 1 first.*got 00002\.jpg"):
        read("nfs", tmp_path)


# Sequences that would be left out


ANNOTATION = {
    "otb": "Berta/groundtruth_rect.txt",
    "dtb70": "Berta/groundtruth_rect.txt",
    "lasot": "berta/berta-1/groundtruth.txt",
    "nfs": "Berta/30/Berta.txt",
    "tcolor128": "Berta/Berta_gt.txt",
    "trackingnet": "TEST/anno/Berta.txt",
    "uav123": "anno/UAV123/Berta.txt",
    "vot": "Berta/groundtruth.txt",
}


@pytest.mark.parametrize("name", ANNOTATION)
def test_frames_without_annotation_stop_a_benchmark(name, tmp_path):
    root = tmp_path / "set"
    write(name, root, "Anna", "Berta", "Carla")
    (root / ANNOTATION[name]).unlink()
    with pytest.raises(InputError, match=r"(?i)berta: expected .* found none|found none of berta"):
        read(name, root)
    (tmp_path / "names.txt").write_text("anna-1\n" if name == "lasot" else "Anna\n")
    (chosen,) = read(name, root, names=str(tmp_path / "names.txt"))
    assert chosen.name.lower().startswith("anna")


def test_otb_is_not_scored_without_one_of_its_folders(tmp_path):
    write("otb", tmp_path / "otb", "Anna", "Berta")
    otb.write_boxes(tmp_path / "results" / "Anna.txt", BOXES)
    (tmp_path / "otb" / "Berta" / "groundtruth_rect.txt").unlink()
    score = sets.get("otb").score
    with pytest.raises(InputError, match="found none of Berta; --names FILE"):
        score(Selection(tmp_path / "otb"), tmp_path / "results", protocol="ope")
    with pytest.raises(InputError, match="found none of Berta"):
        sets.get("otb").names(Selection(tmp_path / "otb"))
    chosen = score(Selection(tmp_path / "otb"), tmp_path / "results", protocol="ope", subset=True)
    assert list(chosen.per_unit) == ["Anna"]


def test_one_of_two_targets_is_not_all(tmp_path):
    otb.write_sequence(tmp_path, "Jogging", images(), [BOXES, BOXES + 1])
    assert [one.name for one in read("otb", tmp_path)] == ["Jogging-1", "Jogging-2"]
    (tmp_path / "Jogging" / "groundtruth_rect.2.txt").unlink()
    with pytest.raises(InputError, match=r"Jogging: expected two targets.*found .*rect\.1\.txt"):
        read("otb", tmp_path)
    otb.write_sequence(tmp_path / "b", "Trio", images(), [BOXES, BOXES + 1, BOXES + 2])
    (tmp_path / "b" / "Trio" / "groundtruth_rect.2.txt").unlink()
    with pytest.raises(InputError, match=r"groundtruth_rect\.2\.txt is missing"):
        read("otb", tmp_path / "b")


def test_two_annotations_of_one_name_are_named(tmp_path):
    write("nfs", tmp_path)
    shutil.copytree(tmp_path / "Anna", tmp_path / "Other")
    with pytest.raises(InputError, match=r"expected one annotation of Anna, .*Anna\.txt is one"):
        read("nfs", tmp_path)


def test_a_name_that_a_list_has_twice_is_one_sequence(tmp_path):
    write("got10k", tmp_path, "Anna", "Bob")
    (tmp_path / "list.txt").write_text("Anna\nBob\nAnna\n")
    assert [one.name for one in read("got10k", tmp_path)] == ["Anna", "Bob"]
