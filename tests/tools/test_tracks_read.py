"""Boxes of any tracker, as CSV and JSON: what is read, and what is refused in one sentence."""

import json

import numpy as np
import pytest

import chromatrack
from chromatrack.data.text import read_rows
from chromatrack.data.tracks import read_tracks, write_tracks
from chromatrack.errors import InputError
from tests.videos import moving_colours

HEAD = "frame,left,top,width,height"


def test_whole_numbers_and_flags_are_read_as_programs_write_them(tmp_path):
    path = tmp_path / "pandas.csv"
    path.write_text(f"{HEAD},lost\n1.0,1,2,3,4,True\n0.0,1,2,3,4,False\n2,,,,,1\n")
    (track,) = read_tracks(path)
    assert track.frames.tolist() == [0, 1, 2] and track.lost.tolist() == [False, True, True]
    assert np.isnan(track.boxes_ltwh[2]).all()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("0,20,5,15,5,24,0,24,0", "row 2: expected 5 cells, as the first line has them, got 9"),
        ("0.5,1,2,3,4", "row 2: expected a whole number from 0 on in frame"),
        ("99999999999999999999,1,2,3,4", "row 2: expected a whole number from 0 on in frame"),
        ("-1,1,2,3,4", "row 2: expected a whole number from 0 on in frame"),
        (
            "0,1,2,-3,4",
            "row 2: expected four finite numbers, no size below 0, or none of them, got 1,2,-3,4",
        ),
        ("0,1,2,inf,4", "row 2: expected four finite numbers"),
        ("0,1,nan,3,4", "row 2: expected four finite numbers"),
        ("0,1,,3,4", "row 2: expected four finite numbers"),
        ("0,1,2,3,4\n0,1,2,3,4", "expected one row for each frame of a target, got two of 0"),
    ],
)
def test_rows_that_are_no_boxes_are_named(tmp_path, row, told):
    path = tmp_path / "o.csv"
    path.write_text(f"{HEAD}\n{row}\n")
    with pytest.raises(InputError, match=r"o\.csv") as error:
        read_tracks(path)
    assert told in str(error.value)


def written(folder, **changes):
    """A JSON of two frames, as `track` writes it, but for these keys."""
    track = {"target": "a", "alpha": "", "frames": [0, 1], "boxes": [[1, 2, 3, 4]] * 2,
             "scores": [None, 0.5], "lost": [False, True]} | changes  # fmt: skip
    path = folder / "o.json"
    path.write_text(json.dumps({"tracks": [track]}))
    return path


def test_json_is_held_to_what_csv_is_held_to(tmp_path):
    (track,) = read_tracks(written(tmp_path, frames=[4, 2], scores=[0.4, 0.2]))
    assert track.frames.tolist() == [2, 4] and track.scores.tolist() == [0.2, 0.4]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scores": []}, "expected what `chromatrack track --output NAME.json` writes"),
        ({"lost": []}, "expected what"), ({"lost": True}, "expected what"),
        ({"peaks": {"mixed": [1], "siamfc": [1], "auxiliary": [1]}}, "expected what"),
        ({"frames": [0, 0.7]}, "expected what"), ({"frames": [-1, 0]}, "expected what"),
        ({"frames": [0, 1e999]}, "expected what"), ({"frames": [3, 3]}, "got two of 3"),
        ({"boxes": [[1, 2, 3, 4], [1, 2, -3, 4]]}, "frame 1: expected four finite numbers"),
        ({"boxes": [[1, 2, 3, 4], [1, 2, 3]]}, "expected what"),
    ],
)  # fmt: skip
def test_json_that_is_no_result_is_one_sentence(tmp_path, changes, told):
    with pytest.raises(InputError, match=r"o\.json") as error:
        read_tracks(written(tmp_path, **changes))
    assert told in str(error.value)


@pytest.mark.parametrize("line", ["21,,16,24,24", ",21,16,24", "21;;16;24;24", "1, ,2,3,4"])
def test_an_empty_cell_is_no_number_left_out(tmp_path, line):
    path = tmp_path / "A.txt"
    path.write_text(f"1,2,3,4\n{line}\n")
    with pytest.raises(InputError, match=r"A.txt: line 2: expected 4 numbers"):
        read_rows(path)
    path.write_text("1,2,3,4,\n1;2;3;4;\n1\t2\t3\t4\n 1, 2,\t3 ,4\n")
    assert read_rows(path) == [[1, 2, 3, 4]] * 4


def test_tracks_whose_files_would_be_one_are_refused(tmp_path):
    model = chromatrack.load("klt")
    boxes = {"a b": [20, 15, 24, 24], "a-b": [30, 15, 24, 24]}
    tracks = list(model.track(moving_colours(3), boxes).values())
    with pytest.raises(InputError, match=r"o-a-b.txt: two results would be written there"):
        write_tracks(tmp_path / "o.txt", tracks, about={})
    assert not any(tmp_path.iterdir())
    write_tracks(tmp_path / "o.csv", tracks, about={})
    assert [track.target for track in read_tracks(tmp_path / "o.csv")] == ["a b", "a-b"]


@pytest.mark.parametrize("name", ["a/b", "..", "x" * 300])
def test_a_name_that_is_none_of_a_file_is_refused(tmp_path, name):
    boxes = {name: [20, 15, 24, 24], "b": [30, 15, 24, 24]}
    tracks = list(chromatrack.load("klt").track(moving_colours(3), boxes).values())
    with pytest.raises(InputError):
        write_tracks(tmp_path / "o.txt", tracks, about={})
    assert not any(tmp_path.iterdir())


def test_python_takes_numbers_of_numpy_and_names_what_is_none(tmp_path):
    assert chromatrack.load("klt", threads=np.int64(1))
    for wrong in ({"threads": True}, {"device": None}, {"settings": {"scales": 3}}):
        (key,) = wrong
        with pytest.raises(InputError, match=f"^{key}: expected"):
            chromatrack.load("model.pt", **wrong)
    with pytest.raises(InputError, match="expected at least one target"):
        next(chromatrack.load("klt").follow(moving_colours(3), {}))
