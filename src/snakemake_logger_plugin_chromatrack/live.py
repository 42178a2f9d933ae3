"""The live display of a terminal: snakemake-logger-plugin-rich, and what it lacks.

That is the time left and what the running jobs say in their logs. Its bars of rules that are done
are hidden, as they would push the others off the screen.
"""

from __future__ import annotations

import threading
import time
from logging import LogRecord
from pathlib import Path

from rich.console import Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.table import Table
from rich.text import Text
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_logger_plugin_rich.handler import RichLogHandler

from chromatrack.progress import in_short
from snakemake_logger_plugin_chromatrack.lines import failure, tail
from snakemake_logger_plugin_chromatrack.work import Job, Work, duration

SHOWN_JOBS = 8
"""Of those that run; a cluster runs more than a screen has lines."""

DRAWN_EVERY, READ_EVERY = 0.25, 1.0
"""Seconds between two drawings, and between two looks into the logs."""


class Live:
    """Draws with rich what `Work` knows."""

    def __init__(self, work: Work, settings) -> None:
        self.work = work
        self.handler = RichLogHandler(settings)
        self.rich = self.handler.event_handler
        self.read_at, self.said = 0.0, {}
        # Its own columns of active jobs and of times count from when the plan was made.
        self.handler.progress.columns = (
            TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
        )  # fmt: skip
        self.handler.live_display.update(self, refresh=True)
        # A drawing that begins while a line is printed would be off by the height of the other.
        self.lock, self.closed = threading.Lock(), threading.Event()
        self.handler.live_display.auto_refresh = False
        threading.Thread(target=self._draw, daemon=True).start()

    def show(self, record: LogRecord, job: Job | None) -> None:
        event = getattr(record, "event", None)
        with self.lock:
            self._show(event, record, job)

    def _draw(self) -> None:
        while not self.closed.wait(DRAWN_EVERY):
            with self.lock:
                if self.handler.live_display.is_started:
                    self.handler.live_display.refresh()

    def _show(self, event: LogEvent | None, record: LogRecord, job: Job | None) -> None:
        if event == LogEvent.JOB_ERROR:
            self._failed(record)
            return
        self.rich.handle(record)
        if event == LogEvent.JOB_FINISHED and job is not None:
            counts = self.rich.rule_counts.get(job.rule)
            if counts and counts["completed"] >= counts["total"]:
                self.rich.progress_display.set_visible(job.rule, False)

    def _failed(self, record: LogRecord) -> None:
        """Tell the end of its log; it is counted again if Snakemake starts it again."""
        head, *lines = failure(record)
        self.rich.console.print(Text(f"✗ {head}", style="bold red"), soft_wrap=True)
        self.rich.console.print(Text("\n".join(lines)), soft_wrap=True)
        if record.rule_name in self.rich.rule_counts:
            self.rich.rule_counts[record.rule_name]["started"] -= 1
        self.rich.progress_display.mark_rule_failed(record.rule_name)

    def __rich__(self) -> Panel:
        now = time.time()
        jobs = self.work.jobs()
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        grid.add_column(no_wrap=True, justify="right")
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        self._read(jobs[:SHOWN_JOBS], now)
        for job in jobs[:SHOWN_JOBS]:
            said = self.said.get(job.logs, "")
            grid.add_row(Text(job.name), duration(now - job.since), Text(said, style="dim"))
        if len(jobs) > SHOWN_JOBS:
            grid.add_row(f"and {len(jobs) - SHOWN_JOBS} more", "", "")
        so_far = duration(self.work.so_far(now))
        left = Text(
            f"{so_far} so far, {self.work.left_text(now)}", overflow="ellipsis", no_wrap=True
        )
        return Panel(Group(left, self.handler.progress, grid), border_style="dim", padding=(0, 1))

    def _read(self, jobs: tuple[Job, ...], now: float) -> None:
        """Look at the last line of each log, if it is of this job and not of one before."""
        if now - self.read_at < READ_EVERY:
            return
        self.read_at, self.said = now, {}
        for job in jobs:
            lines = tail(Path(job.logs[0]), 2048, since=job.since) if job.logs else None
            if lines:
                self.said[job.logs] = in_short(lines[-1])

    def close(self) -> None:
        self.closed.set()
        with self.lock:
            self.handler.close()
