"""A line for each job that starts or ends; and what a failed job had to say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from logging import LogRecord
from pathlib import Path
from typing import TextIO

from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_chromatrack.work import Job, Work, duration, printable

LAST_LINES = 30
"""Of the log of a failed job: what went wrong is at its end."""

LAST_BYTES = 16384
_ROUTINE = ("Select jobs to execute", "Execute ", "Using shell", "Provided ", "Rules claiming")


class Lines:
    """Writes to a stream that is no terminal.

    Args:
        format: what Snakemake itself would print of a record.
    """

    def __init__(self, work: Work, stream: TextIO, format: Callable[[LogRecord], str]) -> None:
        self.work, self.stream, self.format = work, stream, format

    def show(self, record: LogRecord, job: Job | None) -> None:
        event = getattr(record, "event", None)
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        count = f"{self.work.done} of {self.work.total} jobs done"
        if event == LogEvent.JOB_INFO and job is not None:
            self._write(f"{at} started   {job.name}")
        elif event == LogEvent.JOB_FINISHED and job is not None:
            took = duration(record.created - job.since)
            left = self.work.left_text(record.created)
            ending = "" if self.work.done == self.work.total else f", {left}"
            self._write(f"{at} finished  {job.name} ({took}); {count}{ending}")
        elif event == LogEvent.JOB_ERROR:
            self._write(f"{at} failed    " + "\n".join(failure(record)))
        elif event not in (LogEvent.PROGRESS, LogEvent.JOB_FINISHED, LogEvent.JOB_STARTED):
            text = self.format(record)
            if text and text != "None" and not text.startswith(_ROUTINE):
                self._write(text)

    def _write(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()

    def close(self) -> None:
        """Nothing is held."""


def failure(record: LogRecord) -> list[str]:
    """What is to be said of a failed job: its name, and the end of its logs."""
    lines = [f"{record.rule_name}, which makes {', '.join(map(printable, record.output))}"]
    for log in record.log:
        said = tail(Path(log))
        if said is None:
            lines.append(f"It has left no {log}.")
        else:
            lines.append(f"The end of {log}:" if said else f"{log} is empty.")
            lines += [f"    {line}" for line in said[-LAST_LINES:]]
    return lines


def tail(path: Path, size: int = LAST_BYTES, since: float = 0.0) -> list[str] | None:
    """The last lines of a file, printable and without empty ones; None if it is not there.

    Args:
        since: a file that was last written before this second of the clock is not there.
    """
    try:
        with open(path, "rb") as handle:
            if os.fstat(handle.fileno()).st_mtime < int(since):
                return None
            handle.seek(max(handle.seek(0, os.SEEK_END) - size, 0))
            text = handle.read().decode("utf-8", errors="replace")
    except OSError:
        return None
    return [printable(line).rstrip() for line in text.splitlines() if line.strip()]
