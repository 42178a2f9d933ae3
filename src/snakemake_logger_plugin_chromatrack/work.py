"""What is known of a run: jobs that wait, run and are done, and the time that is left of it."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from logging import LogRecord
from pathlib import Path
from statistics import fmean

from snakemake_interface_logger_plugins.common import LogEvent


@dataclass(frozen=True)
class Job:
    """A job as it was started.

    Attributes:
        name: its rule and wildcards.
        since: when, in seconds of the clock.
    """

    rule: str
    name: str
    logs: tuple[str, ...]
    since: float


@dataclass
class Work:
    """Counts of jobs by rule, and how long they took.

    Attributes:
        planned: rule -> jobs of it; Snakemake tells them once, and a checkpoint adds more.
        total: of all rules; more than `planned` where a checkpoint has just added some.
        running: by the number that Snakemake gave them.
        took: rule -> seconds of its jobs of this run.
        before: the same of an earlier run, from its usage files.
        checkpoints: rules that add jobs which nobody knows of yet.
        idle: rules that only ask for files of others.
    """

    planned: Counter[str] = field(default_factory=Counter)
    total: int = 0
    running: dict[int, Job] = field(default_factory=dict)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    before: dict[str, list[float]] = field(default_factory=dict)
    checkpoints: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    began: float | None = None

    @property
    def done(self) -> int:
        return sum(map(len, self.took.values()))

    def note(self, record: LogRecord) -> Job | None:
        """Count what a record tells; the job that it is of."""
        event = getattr(record, "event", None)
        if folder := getattr(record, "usage", None):
            self.before = read_usage(Path(folder))
            self.checkpoints, self.idle = frozenset(record.checkpoints), frozenset(record.idle)
        elif event == LogEvent.RUN_INFO:
            self.planned = Counter({k: n for k, n in record.stats.items() if k != "total"})
            self.total = self.planned.total()
        elif event == LogEvent.PROGRESS:
            self.total = max(record.total, self.planned.total())
        elif event == LogEvent.JOB_INFO:
            return self._started(record)
        elif event == LogEvent.JOB_FINISHED:
            job = self.running.pop(record.job_id, None)
            if job is not None:
                self.took[job.rule].append(record.created - job.since)
            return job
        elif event == LogEvent.JOB_ERROR:
            return self.running.pop(record.jobid, None)
        return None

    def _started(self, record: LogRecord) -> Job:
        named = [f"{key}={value}" for key, value in (record.wildcards or {}).items()]
        name = printable(" ".join([record.rule_name, *named]))
        job = Job(record.rule_name, name, tuple(record.log or ()), record.created)
        self.running[record.jobid] = job
        self.began = record.created if self.began is None else self.began
        known = len(self.took.get(job.rule, ())) + self._now_running()[job.rule]
        self.planned[job.rule] = max(self.planned[job.rule], known)
        self.total = max(self.total, self.planned.total())
        return job

    def _now_running(self) -> Counter[str]:
        return Counter(job.rule for job in self.jobs())

    def so_far(self, now: float) -> float:
        """Seconds since the first job started."""
        return 0.0 if self.began is None else now - self.began

    def jobs(self) -> tuple[Job, ...]:
        """Those that run, the oldest first; a copy, as the display is drawn by another thread."""
        return tuple(self.running.values())

    def expected(self, rule: str) -> float | None:
        """Seconds that a job of a rule takes: mean of this run, or of the one before, or None."""
        took = self.took.get(rule) or self.before.get(rule) or [0.0] * (rule in self.idle)
        return fmean(took) if took else None

    def left(self, now: float) -> tuple[float, list[str]]:
        """Seconds until all is done, and the rules that nothing is known of.

        The expected seconds of all jobs that wait or run, over as many jobs at a time as there
        were so far, but not less than the longest of them.
        """
        jobs, running = self.jobs(), self._now_running()
        each, unknown = [], []
        for rule, planned in self.planned.items():
            waiting = planned - len(self.took.get(rule, ())) - running[rule]
            expected = self.expected(rule)
            if expected is None:
                unknown += [rule] * (waiting + running[rule] > 0)
                continue
            each += [expected] * waiting
            each += [max(expected - (now - one.since), 0) for one in jobs if one.rule == rule]
        worked = sum(map(sum, self.took.values())) + sum(now - one.since for one in jobs)
        at_a_time = max(worked / max(self.so_far(now), 1e-9), 1)
        return max(sum(each) / at_a_time, max(each, default=0.0)), unknown

    def left_text(self, now: float) -> str:
        """The time left in words; `at least` where something has not been measured yet."""
        seconds, unknown = self.left(now)
        names = unknown if len(unknown) < 4 else [*unknown[:2], f"{len(unknown) - 2} more rules"]
        if self.total > self.planned.total() or any(map(self._open, self.checkpoints)):
            names = [*names, "what a checkpoint adds"]
        if not names:
            return f"about {duration(seconds)} left"
        least = f"at least {duration(seconds)} left" if seconds >= 1 else "time left unknown"
        return f"{least} (not measured yet: {', '.join(names)})"

    def _open(self, rule: str) -> bool:
        return len(self.took.get(rule, ())) < self.planned[rule]


def read_usage(folder: Path) -> dict[str, list[float]]:
    """Rule -> seconds of its jobs, from the usage files below a folder; others are passed over."""
    found: dict[str, list[float]] = defaultdict(list)
    for path in sorted(folder.rglob("*.tsv")):
        try:
            with open(path, encoding="utf-8", newline="") as handle:
                for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
                    if row["rule_name"]:
                        found[row["rule_name"]].append(float(row["s"]))
        except (OSError, KeyError, TypeError, ValueError):
            continue  # a killed job leaves none, or half of one
    return dict(found)


def duration(seconds: float) -> str:
    """Seconds in at most two units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return (
        f"{minutes} min" if minutes >= 10 else f"{minutes} min {rest} s" if minutes else f"{rest} s"
    )


def printable(text: str) -> str:
    """A line that moves no cursor and rings no bell, whatever is in it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
