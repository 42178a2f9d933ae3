"""Promises of fetching a shard: one true status per clip, and nothing earned is lost."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from chromatrack.cli import clips as cli
from chromatrack.data.kinetics import ClipRow, write_clip_list
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch import sources
from chromatrack.fetch.ledger import Journal, read_ledger
from chromatrack.files import digest_file
from chromatrack.settings import BackOffSettings, ClipSettings, SourceSettings
from chromatrack.stages.clips import fetch
from tests.videos import make_video, shown

AT_ONCE = BackOffSettings(base=0.0, cap=0.0, stop_after=3, cool_down=60.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Seven small videos, one of them broken, and a list with one id that does not exist."""
    folder = tmp_path_factory.mktemp("site")
    for index in range(6):
        make_video(folder / f"-clip{index}.mp4", frames=100)
    (folder / "broken.mp4").write_bytes(b"\x00" * 5000)
    return folder


ROWS = [
    *(ClipRow(f"class {i}", f"-clip{i}", 0.0, 2.0, "train") for i in range(6)),
    ClipRow("class 0", "-clip0", 2.0, 4.0, "train"),
    ClipRow("class 1", "-clip1", 3.5, 13.5, "train"),
    ClipRow("class 1", "-clip1", 100.0, 110.0, "train"),
    ClipRow("class 2", "broken", 0.0, 10.0, "train"),
    ClipRow("class 3", "_missing", 0.0, 10.0, "train"),
]


@pytest.fixture
def shard(tmp_path):
    write_clip_list(tmp_path / "shard-0000.csv", ROWS)
    return tmp_path / "shard-0000.csv"


def settings_for(site, **options):
    source = SourceSettings(serve=str(site))
    return ClipSettings(source=source, retries=0, back_off=AT_ONCE, **options)


def run(shard, folder, settings, **options):
    fetch.fetch_shard(shard, folder / "clips", folder / "ledger.csv", settings=settings, **options)
    return read_ledger(folder / "ledger.csv").set_index("clip_id")


def test_a_shard_becomes_clips_and_a_ledger(site, shard, tmp_path, monkeypatch, capsys):
    downloads = []
    real_get = sources.YtDlpSource.get
    monkeypatch.setattr(
        sources.YtDlpSource, "get",
        lambda self, row, folder: downloads.append(row.youtube_id) or real_get(self, row, folder),
    )  # fmt: skip
    ledger = run(shard, tmp_path, settings_for(site))
    assert ledger["status"].tolist() == ["done"] * 7 + ["too short"] * 2 + ["corrupt", "gone"]
    assert ledger["permanent"].tolist() == [False] * 7 + [True] * 2 + [False, True]
    assert ledger["frames"].tolist() == [50] * 7 + [12, 0, 0, 0]
    assert len(downloads) == len(set(downloads)) == 8  # one per video, not per window
    assert shown(tmp_path / "clips" / "-clip0_000002_000004.mp4")[0] == list(range(50, 100))
    files = {path.stem: path.stat().st_size for path in (tmp_path / "clips").glob("*.mp4")}
    done = ledger[ledger["status"] == "done"]
    assert files == done["bytes"].to_dict()
    names = {path.name for path in (tmp_path / "clips").iterdir() if path.suffix != ".mp4"}
    assert names == {"journal-shard-0000.jsonl"}
    assert set(ledger["source"]) == {"ytdlp"}
    assert ledger["time"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()
    digests = {path.stem: digest_file(path) for path in (tmp_path / "clips").glob("*.mp4")}
    assert digests == done["sha256"].to_dict()
    assert str(tmp_path) not in (tmp_path / "ledger.csv").read_text()
    assert "7 done" in capsys.readouterr().err


def test_again_elsewhere_gives_the_same_clips_and_the_same_ledger_but_for_the_time(
    site, shard, tmp_path
):
    one, two = (run(shard, tmp_path / name, settings_for(site)) for name in ("a", "b"))
    assert one.drop(columns="time").equals(two.drop(columns="time"))


def test_again_in_place_leaves_the_ledger_alone(site, tmp_path):
    write_clip_list(tmp_path / "shard.csv", [row for row in ROWS if row.youtube_id != "broken"])
    run(tmp_path / "shard.csv", tmp_path, settings_for(site))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    run(tmp_path / "shard.csv", tmp_path, settings_for(site))
    assert before == {path: path.stat().st_mtime_ns for path in before}


CHILD = """
import sys
from pathlib import Path
from chromatrack.settings import ClipSettings, from_json
from chromatrack.stages.clips.fetch import fetch_shard
shard, clips, ledger, settings = sys.argv[1:]
fetch_shard(Path(shard), Path(clips), Path(ledger), settings=from_json(ClipSettings, settings))
"""


def kill_midway(shard, folder, site, *, after):
    """Start the stage in a process of its own and SIGKILL it when `after` clips are recorded."""
    settings = json.dumps({"source": {"serve": str(site)}, "retries": 0})
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, shard, folder / "clips", folder / "ledger.csv", settings],
        stderr=subprocess.DEVNULL,
    )
    journal = folder / "clips" / f"journal-{shard.stem}.jsonl"
    deadline = time.monotonic() + 60
    while not journal.exists() or journal.read_bytes().count(b"\n") < after:
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait(timeout=60) == -signal.SIGKILL
    return journal


def test_a_killed_job_loses_at_most_the_clip_in_hand(site, shard, tmp_path, monkeypatch):
    journal = kill_midway(shard, tmp_path, site, after=3)
    earned = [json.loads(line)["clip_id"] for line in journal.read_text().splitlines()]
    assert 3 <= len(earned) < len(ROWS)
    assert not (tmp_path / "ledger.csv").exists()
    with open(journal, "ab") as handle:
        handle.write(b'{"clip_id":"-clip5_000000_00')  # what a kill inside a write leaves
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "clips").glob("*.mp4")}
    kept = {path: when for path, when in before.items() if path.stem in earned}
    assert len(kept) >= 3

    downloads = []
    real_get = sources.YtDlpSource.get
    monkeypatch.setattr(
        sources.YtDlpSource, "get",
        lambda self, row, folder: downloads.append(row.youtube_id) or real_get(self, row, folder),
    )  # fmt: skip
    run(shard, tmp_path, settings_for(site))
    pending = {row.youtube_id for row in ROWS if row.clip_id not in earned}
    assert set(downloads) == pending and len(downloads) == len(pending)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    whole = run(shard, tmp_path / "whole", settings_for(site)).drop(columns="time")
    assert whole.equals(read_ledger(tmp_path / "ledger.csv").set_index("clip_id")[whole.columns])
    assert not list((tmp_path / "clips").glob(".work*"))


def test_two_jobs_do_not_work_on_one_shard(site, shard, tmp_path):
    (tmp_path / "clips").mkdir()
    with (
        Journal(tmp_path / "clips" / "journal-shard-0000.jsonl"),
        pytest.raises(WorkError, match="another process"),
    ):
        run(shard, tmp_path, settings_for(site))


def test_two_folders_on_one_set_of_clips(site, tmp_path):
    """At the same time, each with a list of its own; what both want is cut by either, and whole."""
    clips, settings = tmp_path / "clips", {"source": {"kind": "folder", "folder": str(site)}}
    lists = {"one": ROWS[:5], "two": ROWS[2:7]}

    def start(name):
        folder = tmp_path / name
        folder.mkdir()
        write_clip_list(folder / f"{name}.csv", lists[name])
        return subprocess.Popen(
            [sys.executable, "-m", "chromatrack.cli.main", "fetch",
             f"--shard={folder / f'{name}.csv'}", f"--clips={clips}",
             f"--ledger={folder / 'ledger.csv'}", "--settings", json.dumps(settings)],
        )  # fmt: skip

    both = [start(name) for name in lists]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    fetch.fetch_shard(
        tmp_path / "one" / "one.csv", tmp_path / "alone", tmp_path / "alone.csv",
        settings=ClipSettings(source=SourceSettings(kind="folder", folder=str(site))),
    )  # fmt: skip
    for name, rows in lists.items():
        ledger = read_ledger(tmp_path / name / "ledger.csv")
        assert ledger["clip_id"].tolist() == [row.clip_id for row in rows]
        assert set(ledger["status"]) == {"done"}
        files = [digest_file(clips / f"{row.clip_id}.mp4") for row in rows]
        assert [path.name for path in clips.glob(".work*")] == []
        if name == "one":
            assert files == [digest_file(tmp_path / "alone" / f"{r.clip_id}.mp4") for r in rows]


def test_a_shard_without_a_single_clip_still_has_its_ledger(site, tmp_path):
    write_clip_list(tmp_path / "none.csv", [ClipRow("label", "nobody", 0.0, 10.0, "")])
    assert run(tmp_path / "none.csv", tmp_path, settings_for(site))["status"].tolist() == ["gone"]
    write_clip_list(tmp_path / "empty.csv", [])
    with pytest.raises(InputError, match="at least one clip"):
        run(tmp_path / "empty.csv", tmp_path, settings_for(site))


def test_command(site, tmp_path):
    write_clip_list(tmp_path / "-one.csv", [ROWS[0]])
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    settings = json.dumps({"source": {"kind": "folder", "folder": str(site)}})
    options = parser.parse_args(
        ["fetch", f"--shard={tmp_path / '-one.csv'}", f"--clips={tmp_path / '-c'}",
         f"--ledger={tmp_path / '-l.csv'}", "--settings", settings]
    )  # fmt: skip
    options.run(options)
    assert read_ledger(tmp_path / "-l.csv")["status"].tolist() == ["done"]
    assert sorted(os.listdir(tmp_path / "-c")) == [
        "-clip0_000000_000002.mp4", "journal--one.jsonl"]  # fmt: skip


# Real files
