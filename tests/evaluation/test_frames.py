"""Frames are told by their numbers, in every layout."""

import os
import shutil
from pathlib import Path

import cv2
import pytest

from chromatrack.data.frames import list_frames
from chromatrack.data.images import write_frames
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from tests.evaluation.made_up_frames import COUNT, images, read, shades, write


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
