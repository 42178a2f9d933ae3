"""Frames are told by their numbers, in every layout; nothing is left out without a word."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import davis, got10k, otb, vid, vot
from chromatrack.data.frames import list_frames
from chromatrack.data.images import read_image_rgb, write_frames
from chromatrack.data.training_sets import TrainingSet
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Example, Selection
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.sources.got10k import Got10kSource
from chromatrack.video.footage import open_footage

COUNT = 6
BOXES = np.array([[4.0 + 2 * index, 5, 12, 10] for index in range(COUNT)])
MASK = np.zeros((48, 64), np.uint8)
MASK[5:15, 4:16] = 1


def images() -> list[np.ndarray]:
    """Frame i is of the grey 20 i."""
    return [np.full((48, 64, 3), 20 * index, np.uint8) for index in range(COUNT)]


def shades(frames) -> list[int]:
    """Which frame each file is."""
    return [round(float(read_image_rgb(path).mean()) / 20) for path in frames]


def write(name: str, root: Path, *targets: str) -> None:
    targets = targets or ("Anna",)
    if sets.get(name).write is not None:
        examples = [Example(one, tuple(images()), BOXES, np.ones(COUNT)) for one in targets]
        sets.get(name).write(root, examples)
        return
    for one in targets:
        if name == "otb":
            otb.write_sequence(root, one, images(), [BOXES])
        elif name == "vot":
            vot.write_sequence(root, one, images(), corners(BOXES), fps=25)
        elif name == "davis":
            davis.write_sequence(root, one, images(), [MASK] * COUNT)
        else:
            got10k.write_sequence(
                root, one, images(), BOXES, cover=np.full(COUNT, 8), cut_by_image=np.zeros(COUNT),
                meta={"object_class": "cat", "resolution": "(64, 48)"},
            )  # fmt: skip
    if name == "davis":
        davis.write_names(root, targets)
    if name == "got10k":
        got10k.write_list(root, targets)


def corners(boxes_ltwh):
    left, top, width, height = boxes_ltwh.T
    right, bottom = left + width, top + height
    return np.stack([left, top, right, top, right, bottom, left, bottom], axis=1)


def read(name: str, root: Path, **options):
    return sets.get(name).sequences(Selection(root, **options))


@pytest.fixture(params=sets.NAMES)
def layout(request, tmp_path):
    """Name of a benchmark, its root, and the folder of the frames of its one sequence."""
    root = tmp_path / "set"
    write(request.param, root)
    (sequence,) = read(request.param, root)
    assert shades(sequence.frames) == list(range(COUNT))
    return request.param, root, sequence.frames[0].parent


def frame(folder: Path, index: int) -> Path:
    return sorted(folder.glob("*.jpg"))[index]


def test_a_picture_of_another_kind_is_its_frame(layout):
    name, root, folder = layout
    for index, suffix in ((2, ".webp"), (4, ".PNG"), (5, ".tif")):
        path = frame(folder, 2 if index == 2 else -1 if index == 5 else 3)
        image = cv2.imread(str(path))
        path.unlink()
        coded = cv2.imencode(suffix.lower(), image)[1]
        path.with_suffix(suffix).write_bytes(coded.tobytes())
    (sequence,) = read(name, root)
    assert {path.suffix for path in sequence.frames} == {".jpg", ".webp", ".PNG", ".tif"}
    assert shades(sequence.frames) == list(range(COUNT))


@pytest.mark.parametrize("suffix", [".png", ".webp", ".heic", ".JPEG"])
def test_two_pictures_of_a_number_are_named(layout, suffix):
    name, root, folder = layout
    path = frame(folder, 2)
    shutil.copy(path, path.with_suffix(suffix))
    with pytest.raises(InputError) as caught:
        read(name, root)
    told = str(caught.value)
    assert str(folder) in told and path.name in told and path.with_suffix(suffix).name in told


def test_one_number_written_in_two_ways_is_named(layout):
    name, root, folder = layout
    path = frame(folder, 2)
    shutil.copy(path, path.with_stem("0" + path.stem))
    with pytest.raises(InputError, match=f"one picture of each number, got .*{path.name}"):
        read(name, root)


def test_a_missing_number_is_named(layout):
    name, root, folder = layout
    lost = frame(folder, 3)
    before, after = frame(folder, 2).name, frame(folder, 4).name
    shutil.copy(
        frame(folder, 5), folder / f"{int(frame(folder, 5).stem) + 1:0{len(lost.stem)}d}.jpg"
    )
    lost.unlink()  # as many frames as boxes
    with pytest.raises(InputError) as caught:
        read(name, root)
    if name == "tcolor128":  # its range is told
        assert "found no 4" in str(caught.value)
    else:
        assert f"found no {lost.stem} between {before} and {after}" in str(caught.value)


def test_frames_that_begin_one_late_are_not_matched_by_count(layout):
    name, root, folder = layout
    for path in sorted(folder.glob("*.jpg"), reverse=True):  # 2 to N + 1, as many as boxes
        path.rename(path.with_stem(f"{int(path.stem) + 2:0{len(path.stem)}d}"))
    if name == "davis":  # a mask is of the frame that has its number
        (sequence,) = read(name, root)
        assert sequence.frames[0].stem == "00002"
        return
    with pytest.raises(InputError, match=r"expected frames?( 0| 1| \d+ to| without)"):
        read(name, root)


def test_a_pipe_named_like_a_frame_is_none(tmp_path):
    write_frames(tmp_path, images(), pattern="%04d.jpg", first=1, quality=90)
    os.mkfifo(tmp_path / "0007.png")
    assert len(list_frames(tmp_path)) == COUNT


@pytest.mark.parametrize("other", ["gif", "heic", "jpg_", "dat"])
def test_a_frame_that_nobody_reads_is_named(layout, other):
    name, root, folder = layout
    path = frame(folder, 3)
    path.rename(path.with_suffix(f".{other}"))
    with pytest.raises(InputError, match=rf"{path.stem}\.{other}: named like a frame, expected a"):
        read(name, root)


def test_files_that_are_no_frames_change_nothing(layout):
    name, root, folder = layout
    path = frame(folder, 1)
    for other in ("._" + path.name, "cover.jpg", "Thumbs.db", f"{path.stem}.txt", "notes.md"):
        (folder / other).write_bytes(b"nothing")
    (folder / "12").mkdir()
    (sequence,) = read(name, root)
    assert shades(sequence.frames) == list(range(COUNT))


@pytest.mark.parametrize("other", ["frame_0004.jpg", "00003 (1).jpg", "1.5.png"])
def test_pictures_that_may_be_frames_are_named(layout, other):
    name, root, folder = layout
    shutil.copy(frame(folder, 3), folder / other)
    with pytest.raises(InputError) as caught:
        read(name, root)
    assert "named by their numbers alone" in str(caught.value) and other in str(caught.value)


def test_frames_of_any_width_are_in_the_order_of_their_numbers(tmp_path):
    write_frames(tmp_path, images() * 2, pattern="%d.jpg", first=0, quality=90)
    assert shades(list_frames(tmp_path)) == list(range(COUNT)) * 2


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


# Other folders of frames


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


def test_a_name_that_a_list_has_twice_is_one_sequence(tmp_path):
    write("got10k", tmp_path, "Anna", "Bob")
    (tmp_path / "list.txt").write_text("Anna\nBob\nAnna\n")
    assert [one.name for one in read("got10k", tmp_path)] == ["Anna", "Bob"]
