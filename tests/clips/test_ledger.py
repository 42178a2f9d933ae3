"""Promises of the ledger: it comes back as it was written, and survives what kills do to it."""

import threading

import pytest

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.ledger import (
    COLUMNS,
    Entry,
    Journal,
    Outcome,
    read_journal,
    read_ledger,
    write_ledger,
)
from chromatrack.fetch.tally import ClassCount, Fate, by_class, by_reason

MOMENT = "2026-11-23T15:42:00Z"


def test_a_ledger_comes_back_as_it_was_written(tmp_path):
    rows = [
        ClipRow("NA", "-001", 0.0, 10.0, "train"),
        ClipRow('a "quoted", label', "null", 0.5, 1.25, ""),
    ]
    outcomes = {
        rows[0].clip_id: Outcome(
            "done", False, 2, 10, 250, 10.0, 340, 256, "00ab", "ytdlp", MOMENT
        ),
        rows[1].clip_id: Outcome("too short", True, 1, message="nan"),
    }
    write_ledger(tmp_path / "ledger.csv", rows, outcomes)
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert tuple(ledger.columns) == COLUMNS
    assert ledger["label"].tolist() == ["NA", 'a "quoted", label']
    assert ledger["youtube_id"].tolist() == ["-001", "null"]
    assert ledger["split"].tolist() == ["train", ""]
    assert ledger["time_start"].tolist() == [0.0, 0.5]
    assert ledger["permanent"].tolist() == [False, True]
    assert ledger["sha256"].tolist() == ["00ab", ""]
    assert ledger["source"].tolist() == ["ytdlp", ""]
    assert ledger["time"].tolist() == [MOMENT, ""]
    assert ledger["message"].tolist() == ["", "nan"]
    assert ledger[["frames", "width", "bytes"]].to_numpy().tolist() == [[250, 340, 10], [0, 0, 0]]
    with pytest.raises(InputError, match="no_such"):
        read_ledger(tmp_path / "no_such.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a ledger"):
        read_ledger(tmp_path / "other.csv")


def test_an_unchanged_ledger_is_not_written_again(tmp_path):
    rows, path = [ClipRow("label", "a", 0.0, 10.0, "")], tmp_path / "ledger.csv"
    outcomes = {rows[0].clip_id: Outcome("gone", True, time=MOMENT)}
    write_ledger(path, rows, outcomes)
    before = path.stat()
    write_ledger(path, rows, outcomes)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    write_ledger(path, rows, {rows[0].clip_id: Outcome("gone", True, time=MOMENT, attempts=2)})
    assert path.stat().st_ino != before.st_ino


def test_a_journal_keeps_whole_lines_and_is_read_while_it_is_written(tmp_path):
    path = tmp_path / "journal.jsonl"
    assert read_journal(path) == []
    entry = Entry(Outcome("done", time=MOMENT), "recipe", "source", "")
    with Journal(path) as journal:
        journal.record("-a", entry)
        with open(path, "ab") as other:
            other.write(b'garbage\n{"clip_id": "b", "outco')
        assert read_journal(path) == [("-a", entry.outcome)]
        with pytest.raises(WorkError, match="another process"), Journal(path):
            pass
    with Journal(path) as journal:
        assert journal.entries == {"-a": entry}
        journal.record("b", entry)
    assert [name for name, _ in read_journal(path)] == ["-a", "b"]


def test_a_lock_that_outlives_its_process_for_a_moment_is_waited_for(tmp_path):
    path = tmp_path / "journal.jsonl"
    holder = Journal(path)
    holder.__enter__()
    release = threading.Timer(0.2, holder.__exit__, (None, None, None))
    release.start()
    with Journal(path) as journal:
        assert journal.entries == {}
    release.join()


def test_counting_by_reason_and_by_class():
    fates = [
        Fate("some lost", "done"), Fate("some lost", "gone", True), Fate("all lost", "network"),
        Fate("untried"), Fate("whole", "done"), Fate("half tried", "done"), Fate("half tried"),
        Fate("some lost", "gone", True), Fate("some lost", "gone", True),
    ]  # fmt: skip
    assert by_reason(fates) == [("gone", True, 3), ("network", False, 1)]
    classes = by_class(fates)
    assert [item.label for item in classes] == [
        "all lost", "some lost", "untried", "half tried", "whole"]  # fmt: skip
    assert classes[1] == ClassCount("some lost", clips=4, done=1, failed=3)
    assert (classes[3].missing, classes[3].left) == (1, 1)
