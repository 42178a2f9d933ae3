"""Folders of frames beside benchmarks: of tools, of clips, of videos to train on."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import vid
from chromatrack.data.frames import list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.training_sets import TrainingSet
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.sources.got10k import Got10kSource
from chromatrack.video.footage import open_footage
from tests.evaluation.made_up_frames import COUNT, images, write


def test_folders_for_tools_may_hold_every_fifth_frame_and_no_gap(tmp_path):
    for index, image in enumerate(images()):
        cv2.imwrite(str(tmp_path / f"{5 * index:05d}.png"), image)
    footage = open_footage(tmp_path)
    assert [round(float(image.mean()) / 20) for image in footage.frames] == list(range(COUNT))
    with pytest.raises(InputError, match=r"found no 00001 between 00000\.png and 00005\.png"):
        list_frames(tmp_path)
    (tmp_path / "00015.png").unlink()
    with pytest.raises(InputError, match=r"found no 00015 between 00010\.png and 00020\.png$"):
        open_footage(tmp_path)


class Still:
    """A tracker that says what it saw: the box is as wide as the frame is bright."""

    def init(self, image, box_ltwh): ...

    def update(self, image):
        return np.array([0, 0, image.mean(), 1])


def test_track_takes_frames_by_their_numbers(tmp_path, capsys):
    folder, output = tmp_path / "f", tmp_path / "o.csv"
    write_frames(folder, images(), pattern="%05d.jpg", first=0, quality=90)
    own = f"{__name__}:Still"
    call = ["track", str(folder), "--box", "4,5,12,10", "--tracker", own]
    assert main([*call, "--output", str(output)]) == 0
    rows = output.read_text().splitlines()[2:]
    assert [round(float(row.split(",")[5]) / 20) for row in rows] == list(range(1, COUNT))
    output.unlink()
    (folder / "00002.jpg").unlink()
    assert main([*call, "--output", str(output)]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.endswith("found no 00002 between 00001.jpg and 00003.jpg")
    assert not output.exists()


def test_a_gap_in_got10k_is_no_clip(tmp_path):
    from chromatrack.data.got10k_clips import read_clip_rows

    write("got10k", tmp_path, "Anna", "Berta")
    (row,) = [row for row in read_clip_rows(tmp_path)[0] if row.youtube_id == "Berta"]
    (tmp_path / "Berta" / "00000003.jpg").unlink()
    rows, problems = read_clip_rows(tmp_path)
    assert [row.youtube_id for row in rows] == ["Anna"]
    assert "Berta: expected frames without a gap, found no 00000003" in problems[0]
    with pytest.raises(FetchError, match="found no 00000003"):
        Got10kSource(tmp_path).get(row, tmp_path)


def write_vid(root: Path) -> Path:
    write_frames(root / "Data/VID/train/a/v", images(), pattern="%06d.JPEG", first=0, quality=90)
    annotations = root / "Annotations/VID/train/a/v"
    annotations.mkdir(parents=True)
    for index in range(COUNT):
        (annotations / f"{index:06d}.xml").write_text(
            "<annotation><object><trackid>0</trackid><bndbox><xmin>4</xmin><ymin>5</ymin>"
            f"<xmax>{20 + index}</xmax><ymax>30</ymax></bndbox></object></annotation>"
        )
    return root / "Data/VID/train/a/v"


def test_vid_frames_and_annotations_are_of_one_number(tmp_path):
    frames = write_vid(tmp_path)
    (target,) = vid.read_video(tmp_path, "a/v")
    assert target.boxes_ltwh[:, 2].tolist() == [17 + index for index in range(COUNT)]
    (frames / "000005.JPEG").unlink()
    with pytest.raises(InputError, match=r"000005\.xml: expected a frame 000005\.JPEG, found none"):
        vid.read_video(tmp_path, "a/v")
    (frames / "000002.JPEG").unlink()
    with pytest.raises(InputError, match="found no 000002 between"):
        vid.read_video(tmp_path, "a/v")


def test_videos_to_train_on_that_are_left_out_are_said(tmp_path, capsys):
    write("otb", tmp_path / "otb", "Anna", "Berta")
    (tmp_path / "otb" / "Berta" / "groundtruth_rect.txt").unlink()
    write_vid(tmp_path / "vid")
    (tmp_path / "vid/Annotations/VID/train/a/w").mkdir()
    assert TrainingSet("vid", tmp_path / "vid").left_out() == ["a/w"]
    call = ["crop-lists", "--sources", f"otb:{tmp_path / 'otb'}", f"vid:{tmp_path / 'vid'}"]
    assert main([*call, "--output", str(tmp_path / "lists")]) == 0
    told = capsys.readouterr().err
    assert f"{tmp_path / 'otb'}: 1 without boxes or frames left out (Berta)" in told
    assert f"{tmp_path / 'vid'}: 1 without boxes or frames left out (a/w)" in told
    assert (tmp_path / "lists/crops-0000.txt").read_text() == "0\tAnna\n1\ta/v\n"
