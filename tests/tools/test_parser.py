"""What people type: values that begin with -, names that are no UTF-8, ~ in every path."""

import argparse
import os
import shutil
from pathlib import Path

import pytest

from chromatrack.cli.main import build_parser, main
from tests.tools.checkpoints import tiny_siamfc
from tests.videos import moving_colours, write_video

CALL = ["track", "v.mp4", "--tracker", "mosse"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    write_video(tmp_path / "v.mp4", moving_colours(4))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("box", ["-5,-3,40,40", "-.5,3,40,40", "-1e0,3,40,40"])
def test_negative_numbers_in_a_box(here, box):
    assert main([*CALL, "--box", box, "--output", "o.csv"]) == 0
    first = (here / "o.csv").read_text().splitlines()[1].split(",")
    assert [float(v) for v in first[3:7]] == [float(v) for v in box.split(",")]


def test_files_whose_name_begins_with_a_dash(here):
    for name in ("-v.mp4", "--v.mp4", "-hv.mp4"):
        shutil.copy("v.mp4", name)
        call = ["track", name, "--tracker", "mosse", "--box", "9,9,30,30"]
        assert main([*call, "--output", "-o.csv", "--video", "-o.mp4"]) == 0
        assert len((here / "-o.csv").read_text().splitlines()) == 5
        (here / "-o.csv").unlink()
        assert main(["play", name, "v.mp4", "--output", "-p.html"]) == 2  # no boxes
    assert main(["track", "--tracker", "mosse", "--box", "9,9,30,30", "--output=-o.csv", "--",
                 "-v.mp4"]) == 0  # fmt: skip


def test_a_value_that_may_be_left_out_may_begin_with_a_dash(here):
    assert main(["track", "v.mp4", "--select", "-s.png"]) == 0
    assert (here / "-s.png").exists()
    shutil.copy("v.mp4", "-v.mp4")
    assert main(["track", "--select=1.png", "-v.mp4"]) == 0


def test_what_is_written_beside_the_output_is_not_what_is_read(here, capsys):
    attributes = here / "attributes.json"
    attributes.write_text("{}")
    call = ["evaluate", "otb", "--annotations", str(here), "--results", str(here)]
    call += ["--attributes", str(attributes), "--per-frame", str(attributes)]
    assert main(call) == 2
    assert "attributes.json: is a file that is read" in capsys.readouterr().err
    assert attributes.read_text() == "{}"


def test_what_is_written_is_no_folder_that_is_read_and_no_clip_of_it(here, capsys):
    frames = here / "frames"
    frames.mkdir()
    for name in ("00000.png", "first.png", "model.pt", "ledger.csv"):
        (frames / name).write_bytes(b"mine")
    call = ["propagate", str(frames), "--mask", str(frames / "first.png")]
    call += ["--checkpoint", str(frames / "model.pt"), "--output", f"{frames}/../frames"]
    assert main(call) == 2
    assert "frames: is a folder that is read, expected another" in capsys.readouterr().err
    clip = frames / "-a_000000_000010.mp4"
    clip.write_bytes(b"mine")
    call = ["labels", "--ledger", str(frames / "ledger.csv"), "--clips", str(frames)]
    assert main([*call, "--output", str(clip)]) == 2
    assert f"{clip}: is in {frames}, which is read; expected another" in capsys.readouterr().err
    assert {path.read_bytes() for path in frames.iterdir()} == {b"mine"}


@pytest.mark.parametrize("option", ["--output", "--per-frame"])
@pytest.mark.parametrize("name", ["otb/A/groundtruth_rect.txt", "boxes/A.txt"])
def test_neither_annotations_nor_results_are_written_over(here, capsys, option, name):
    for file in ("otb/A/groundtruth_rect.txt", "boxes/A.txt"):
        (here / file).parent.mkdir(parents=True)
        (here / file).write_text("1,2,3,4\n" * 3)
    call = ["evaluate", "otb", "--annotations", "otb", "--results", "boxes", option, name]
    assert main(call) == 2
    assert f"{name}: is in {name.split('/')[0]}, which is read" in capsys.readouterr().err
    assert (here / name).read_text() == "1,2,3,4\n" * 3


def test_an_option_that_is_no_file_stays_one(here, capsys):
    with pytest.raises(SystemExit):
        main([*CALL, "--box", "9,9,30,30", "--output", "o.csv", "--bxo"])
    assert "unrecognized arguments: --bxo" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*CALL, "--box", "--output", "o.csv"])
    assert "argument --box: expected one argument" in capsys.readouterr().err


def test_names_that_are_no_utf8(here, capfd):
    odd = os.fsdecode(b"caf\xe9")
    os.rename("v.mp4", odd + ".mp4")
    tiny_siamfc(here / "c.pt")
    os.rename("c.pt", odd + ".pt")
    outputs = [f"{odd}.{suffix}" for suffix in ("csv", "json", "txt")]
    given = [part for name in outputs for part in ("--output", name)]
    call = ["track", odd + ".mp4", "--checkpoint", odd + ".pt", "--box", "9,9,30,30", *given]
    assert main([*call, "--video", odd + "-out.mp4", "--show-scores", odd + "-scores"]) == 0
    assert "caf\\udce9.csv" in capfd.readouterr().out
    played = ["play", odd + ".mp4", *outputs, "--output", odd + ".html", "--output", odd + "-p.mkv"]
    assert main(played) == 0
    assert "caf\\xe9" in Path(odd + ".html").read_text("utf-8")
    assert main([*call[:1], odd + ".avi", *call[2:]]) == 2
    assert "caf" in capfd.readouterr().err


def test_home_in_every_path(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    (here / "sub").mkdir()
    assert main(["track", "~/v.mp4", "--tracker", "mosse", "--box=9,9,30,30",
                 "--output=~/sub/o.csv", "--select=~/sub/1.png"]) == 0  # fmt: skip
    assert main(["track", "~/v.mp4", "--tracker", "mosse", "--box=9,9,30,30",
                 "--output=~/sub/o.csv"]) == 0  # fmt: skip
    assert sorted(path.name for path in (here / "sub").iterdir()) == ["1.png", "o.csv"]


def test_every_argument_that_is_a_path_knows_home(monkeypatch):
    """Of all commands: none has a way of its own to read paths."""
    monkeypatch.setenv("HOME", "/home/somebody")
    checked = 0
    for parser in parsers(build_parser()):
        for action in parser._actions:
            if action.type is Path:
                assert parser._get_value(action, "~/x") == Path("/home/somebody/x")
                checked += 1
    assert checked > 80


def parsers(parser):
    """All parsers of subcommands, and of theirs."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from parsers(one)


@pytest.mark.parametrize(
    "call",
    [
        ["play", "v.mp4", "b.csv", "--output", "p.mp4", "--output", "./p.mp4"],
        ["evaluate", "otb", "--annotations", "a", "--results", "r", "--output", "s.json",
         "--per-frame", "s.json"],
        ["track", "v.mp4", "--tracker", "mosse", "--box", "9,9,30,30", "--output", "o.csv",
         "--output", "o.csv"],
    ],
)  # fmt: skip
def test_two_results_are_not_written_to_one_file(here, capsys, call):
    assert main(call) == 2
    assert "two results would be written there" in capsys.readouterr().err


def test_a_key_stands_once_in_json(here, capsys):
    call = [*CALL, "--box", "9,9,30,30", "--output", "o.csv"]
    assert main([*call, "--compute", '{"threads": 1, "threads": 2}']) == 2
    said = capsys.readouterr().err
    assert "--compute: not valid JSON (the key 'threads' stands twice)" in said
