"""Promises of `make_shards`: list order, untouched shards, problems said and not fatal."""

import argparse
import json

import numpy as np
import pytest

from chromatrack.cli import clips as cli
from chromatrack.data.images import write_frames
from chromatrack.data.kinetics import ClipRow, read_clip_list, write_clip_list
from chromatrack.errors import InputError
from chromatrack.stages.clips.shards import make_shards


def rows(count, first=0):
    return [
        ClipRow(f"class {i % 7}", f"-video{i:06d}", float(i % 90), i % 90 + 10.0, "train")
        for i in range(first, first + count)
    ]


@pytest.fixture
def clip_list(tmp_path):
    path = tmp_path / "list.csv"
    write_clip_list(path, rows(25))
    return path


def states(folder):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.glob("shard-*.csv")
    }


def test_shards_hold_all_rows_in_the_order_of_the_list(clip_list, tmp_path):
    output = tmp_path / "shards"
    assert make_shards(clip_list, output, shard_size=10) == 3
    assert sorted(path.name for path in output.iterdir()) == [
        "index.txt", "problems.txt", "shard-0000.csv", "shard-0001.csv", "shard-0002.csv",
        "summary.json",
    ]  # fmt: skip
    parts = [read_clip_list(path)[0] for path in sorted(output.glob("shard-*.csv"))]
    assert [len(part) for part in parts] == [10, 10, 5]
    assert [row for part in parts for row in part] == rows(25)
    assert (output / "problems.txt").read_text() == ""


def test_appended_rows_leave_earlier_shards_untouched(clip_list, tmp_path):
    output = tmp_path / "shards"
    make_shards(clip_list, output, shard_size=10)
    before = states(output)
    write_clip_list(clip_list, rows(33))
    assert make_shards(clip_list, output, shard_size=10) == 4
    after = states(output)
    assert all(after[name] == before[name] for name in ("shard-0000.csv", "shard-0001.csv"))
    assert after["shard-0002.csv"][0] != before["shard-0002.csv"][0]
    assert len(read_clip_list(output / "shard-0003.csv")[0]) == 3


def test_an_edited_row_changes_only_its_shard(clip_list, tmp_path):
    output = tmp_path / "shards"
    make_shards(clip_list, output, shard_size=10)
    before = states(output)
    clip_list.write_text(clip_list.read_text().replace("-video000012", "-video999999"))
    make_shards(clip_list, output, shard_size=10)
    after = states(output)
    assert {name for name in after if after[name] != before[name]} == {"shard-0001.csv"}


def test_shards_that_the_list_no_longer_fills_are_removed(clip_list, tmp_path):
    output = tmp_path / "shards"
    make_shards(clip_list, output, shard_size=5)
    (output / "notes.csv").write_text("mine")
    assert make_shards(clip_list, output, shard_size=20) == 2
    assert sorted(states(output)) == ["shard-0000.csv", "shard-0001.csv"]
    assert (output / "notes.csv").read_text() == "mine"


def test_a_bad_row_is_reported_without_the_path_and_stops_nothing(clip_list, tmp_path, capsys):
    with open(clip_list, "a") as handle:
        handle.write("jumping,../../etc/passwd,0,10,train\n")
    output = tmp_path / "shards"
    make_shards(clip_list, output, shard_size=100)
    problems = (output / "problems.txt").read_text()
    assert problems.startswith("list.csv: line 27: youtube_id")
    assert str(tmp_path) not in problems
    assert "1 rows left out" in capsys.readouterr().err
    assert read_clip_list(output / "shard-0000.csv")[0] == rows(25)


def test_an_empty_list_and_a_wrong_size_are_refused(clip_list, tmp_path):
    with pytest.raises(InputError, match="--shard-size: expected 1 or more, got 0"):
        make_shards(clip_list, tmp_path / "shards", shard_size=0)
    write_clip_list(clip_list, [])
    with pytest.raises(InputError, match="expected at least one clip"):
        make_shards(clip_list, tmp_path / "shards", shard_size=10)
    assert not (tmp_path / "shards").exists()


@pytest.mark.parametrize(
    ("suffix", "text", "told"),
    [
        (
            ".csv",
            "label,youtube_id,time_start,time_end,split\na,a b,0,10,train\nb,good,9,3,train\n",
            "each of the 2 rows was left out; the first, line 2: youtube_id: expected 1 to 64",
        ),
        (
            ".csv",
            "label,youtube_id,time_start,time_end,split\na,good,9,3,train\n",
            "the one row was left out; the first, line 2: time_end: expected more than",
        ),
        (
            ".json",
            '{"x": {"annotations": {}}, "y": 3}',
            "each of the 2 rows was left out; the first, key 'x': expected {",
        ),
    ],
)
def test_a_list_without_a_good_row_says_why(suffix, text, told, tmp_path):
    path = (tmp_path / "list").with_suffix(suffix)
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        make_shards(path, tmp_path / "shards", shard_size=10)
    assert str(caught.value).startswith(f"{path}: expected at least one clip, but {told}")
    assert not (tmp_path / "shards").exists()
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    options = parser.parse_args(
        ["fetch", f"--shard={path}", f"--clips={tmp_path / 'c'}", f"--ledger={tmp_path / 'l.csv'}"]
    )
    with pytest.raises(InputError) as fetched:
        options.run(options)
    assert str(fetched.value) == str(caught.value)


def test_sequences_that_are_all_bad_say_why(tmp_path):
    write_frames(
        tmp_path / "a", [np.zeros((8, 8, 3), np.uint8)] * 3, pattern="%08d.jpg", first=1, quality=90
    )
    (tmp_path / "a" / "00000002.jpg").unlink()
    (tmp_path / "list.txt").write_text("a\nb\n")
    told = r"each of the 2 rows was left out; the first, .*a: expected frames without a gap"
    with pytest.raises(InputError, match=told):
        make_shards(tmp_path, tmp_path / "shards", shard_size=10, is_got10k=True)


def test_the_summary_counts_what_the_list_holds(tmp_path, capsys):
    listed = tmp_path / "list.csv"
    write_clip_list(listed, [*rows(5), ClipRow("class 0", "-video000000", 5.0, 15.0, "train")])
    listed.write_text(listed.read_text() + "a,-video000000,0,10,train\na,-video000000,9,1,train\n")
    make_shards(listed, tmp_path / "shards", shard_size=10)
    summary = json.loads((tmp_path / "shards/summary.json").read_text())
    assert summary.pop("made_by")["stage"] == "shards"
    assert summary == {
        "clips": 6, "videos": 5, "classes": 5, "overlapping_clips": 2, "rows_left_out": 2,
    }  # fmt: skip
    said = capsys.readouterr().err
    assert "6 clips of 5 videos in 5 classes; 2 overlap another of their video" in said
    assert "2 rows left out" in said


def test_command(clip_list, tmp_path, capsys):
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    options = parser.parse_args(
        ["shards", str(clip_list), f"--output={tmp_path / '-out'}", "--shard-size=9"]
    )
    options.run(options)
    assert capsys.readouterr().out.startswith("3 shards in")
    assert len(states(tmp_path / "-out")) == 3


def test_command_for_got10k(tmp_path, capsys):
    sequence = tmp_path / "-train" / "GOT-10k_Train_000001"
    write_frames(sequence, [np.zeros((8, 8, 3), np.uint8)] * 13, pattern="%08d.jpg", first=1,
                 quality=90)  # fmt: skip
    (tmp_path / "-train" / "list.txt").write_text("GOT-10k_Train_000001\n")
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    output = f"--output={tmp_path / 'out'}"
    options = parser.parse_args(["shards", f"--got10k={tmp_path / '-train'}", output])
    options.run(options)
    (row,) = read_clip_list(tmp_path / "out" / "shard-0000.csv")[0]
    assert row == ClipRow("", "GOT-10k_Train_000001", 0.0, 1.3, "train")
    for wrong in ([output], ["list.csv", "--got10k=x", output]):
        with pytest.raises(SystemExit):
            parser.parse_args(["shards", *wrong])
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.real_data
def test_the_real_validation_list(real_data, tmp_path):
    assert (
        make_shards(
            real_data / "kinetics" / "kinetics700_validate.csv", tmp_path / "shards", shard_size=500
        )
        == (33_909 + 499) // 500
    )
