"""The time left of a run: counted by hand from what is told of its jobs."""

import logging
import sys

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from chromatrack.progress import in_short, progress
from snakemake_logger_plugin_chromatrack.lines import failure, tail
from snakemake_logger_plugin_chromatrack.work import Work, duration, printable, read_usage


def told(work, event, at=0.0, **more):
    return work.note(logging.makeLogRecord({"event": event, "created": at, **more}))


def started(work, number, rule, at, **wildcards):
    return told(
        work,
        LogEvent.JOB_INFO,
        at,
        jobid=number,
        rule_name=rule,
        wildcards=wildcards,
        log=["a.log"],
    )


def ended(work, number, at):
    return told(work, LogEvent.JOB_FINISHED, at, job_id=number)


@pytest.fixture
def work():
    work = Work()
    told(work, LogEvent.RUN_INFO, stats={"track": 4, "siamfc": 1, "all": 1, "total": 6})
    work.idle = frozenset({"all"})
    return work


def test_it_is_what_jobs_took_over_as_many_as_ran_at_a_time(work):
    started(work, 1, "siamfc", 0.0)
    assert work.left(5.0)[1] == ["track", "siamfc"]
    assert work.left_text(5.0) == "time left unknown (not measured yet: track, siamfc)"
    ended(work, 1, 20.0)
    job = started(work, 2, "track", 20.0, tracker="kcf", benchmark="otb")
    assert job.name == "track tracker=kcf benchmark=otb"
    started(work, 3, "track", 20.0)
    ended(work, 2, 30.0)
    ended(work, 3, 32.0)
    # 20 + 10 + 12 seconds of work in 32: 1.3125 at a time. Two wait, of 11 each.
    seconds, unknown = work.left(32.0)
    assert unknown == [] and seconds == pytest.approx(22 / 1.3125)
    started(work, 4, "track", 32.0)
    started(work, 5, "track", 32.0)
    # No job ends before its own time: 5 are left of each.
    assert work.left(38.0)[0] == pytest.approx(10 / ((42 + 12) / 38))
    assert work.left_text(38.0) == "about 7 s left"
    assert work.left(60.0)[0] == 0.0  # longer than the others: nothing is made up


def test_it_is_never_less_than_the_longest_job(work):
    work.before = {"siamfc": [100.0], "track": [1.0]}
    for number in range(3):
        started(work, number, "track", 0.0)
    assert work.left(1.0)[0] == pytest.approx(100.0)


def test_this_run_counts_before_the_one_before(work):
    work.before = {"track": [100.0], "siamfc": [60.0]}
    started(work, 1, "track", 0.0)
    assert work.expected("track") == 100.0
    ended(work, 1, 2.0)
    assert work.expected("track") == 2.0
    assert work.left(2.0)[0] == pytest.approx(3 * 2 + 60)


def test_a_job_that_is_tried_again_is_counted_once(work):
    started(work, 1, "siamfc", 0.0)
    told(work, LogEvent.JOB_ERROR, 4.0, jobid=1)
    started(work, 1, "siamfc", 5.0)
    assert work.total == 6 and work.planned["siamfc"] == 1 and work.done == 0
    ended(work, 1, 9.0)
    assert work.took["siamfc"] == [4.0] and work.done == 1


def test_jobs_of_a_checkpoint_are_counted_when_they_are_known():
    work = Work(checkpoints=frozenset({"shards"}))
    told(work, LogEvent.RUN_INFO, stats={"shards": 1, "total": 1})
    work.before = {"shards": [2.0], "fetch": [3.0]}
    started(work, 1, "shards", 0.0)
    assert work.left_text(0.0) == "at least 2 s left (not measured yet: what a checkpoint adds)"
    ended(work, 1, 2.0)
    told(work, LogEvent.PROGRESS, 2.0, done=1, total=3)
    assert "what a checkpoint adds" in work.left_text(2.0)
    started(work, 2, "fetch", 2.0)
    started(work, 3, "fetch", 2.0)
    assert work.total == 3 and work.left_text(2.0) == "about 6 s left"


def test_many_rules_that_are_not_measured_are_a_number():
    work = Work()
    told(work, LogEvent.RUN_INFO, stats={**dict.fromkeys("abcde", 1), "total": 5})
    assert work.left_text(0.0) == "time left unknown (not measured yet: a, b, 3 more rules)"


def test_usage_files_are_read_and_others_passed_over(tmp_path):
    (tmp_path / "fetch").mkdir()
    (tmp_path / "fetch/a.tsv").write_text('s\trule_name\tparams\n1.5\tfetch\t{"a": "b}\n')
    (tmp_path / "b.tsv").write_text("s\trule_name\n2.5\tfetch\n4\tlabels\n")
    (tmp_path / "old.tsv").write_text("s\th:m:s\n3.0\t0:00:03\n")
    (tmp_path / "half.tsv").write_text("s\trule_name\n7")
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "bytes.tsv").write_bytes(b"s\trule_name\n\xff\t\xff\n")
    found = read_usage(tmp_path)
    assert {rule: sorted(took) for rule, took in found.items()} == {
        "fetch": [1.5, 2.5], "labels": [4.0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (600, "10 min"),
        (3 * 3600 + 61, "3 h 1 min"), (50 * 3600, "2 d 2 h"),
    ],
)  # fmt: skip
def test_a_duration_has_two_units_at_most(seconds, text):
    assert duration(seconds) == text


def test_the_end_of_a_log_moves_no_cursor_and_may_be_missing(tmp_path):
    log = tmp_path / "job.log"
    log.write_bytes(b"first\n\n" + b"x" * 40000 + b"\r\x1b[2Jlast \xff\x07\n")
    assert tail(log)[-1] == " [2Jlast \ufffd"
    assert tail(log, 5) == ["t \ufffd"]
    assert tail(log, since=log.stat().st_mtime + 2) is None
    record = logging.makeLogRecord(
        {"rule_name": "r", "output": ["o"], "log": [str(log), "nowhere.log"]}
    )
    lines = failure(record)
    assert lines[0] == "r, which makes o" and lines[-1] == "It has left no nowhere.log."
    assert printable("a\tb\x1bc") == "a b c"


def test_a_bar_of_a_log_is_told_in_short(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    for _ in progress(range(4), what="epoch 1/2", unit="step"):
        pass
    first, last = capsys.readouterr().err.splitlines()
    assert in_short(first) == "epoch 1/2 0/4"
    assert in_short(last) == "epoch 1/2 4/4, 00:00 left"
    assert in_short("chromatrack: no bar [1<2]") == "chromatrack: no bar [1<2]"
