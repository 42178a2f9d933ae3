"""What `snakemake` shows of a run that goes on: `--logger chromatrack`, set in profiles/default.

On a terminal one live display, drawn by snakemake-logger-plugin-rich; elsewhere (CI, a file, a
cluster's log) a line for each job that starts or ends. Plans (`-n`) and quiet calls are left to
Snakemake itself. Snakemake finds the plugin by the name of this package.
"""

from __future__ import annotations

import os
import sys
from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_chromatrack.lines import Lines
from snakemake_logger_plugin_chromatrack.work import Work

SHOWN = {
    LogEvent.RUN_INFO, LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR,
    LogEvent.PROGRESS,
}  # fmt: skip
"""Told whatever `quiet:` says of rules: here they take a line."""


class LogHandler(LogHandlerBase):
    """Counts what Snakemake tells of its jobs, and shows it."""

    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.work = Work()
        self.view = None
        if self.common_settings.dryrun or {"progress", "all"} & set(
            map(str, self.common_settings.quiet or ())
        ):
            return
        if on_terminal():
            from snakemake_logger_plugin_chromatrack.live import Live

            self.view = Live(self.work, self.common_settings)
        else:
            self.view = Lines(self.work, sys.stderr, self.format)

    @property
    def writes_to_stream(self) -> bool:
        """False where Snakemake shall write by itself."""
        return self.view is not None

    def filter(self, record: LogRecord):
        return getattr(record, "event", None) in SHOWN or super().filter(record)

    def emit(self, record: LogRecord) -> None:
        if self.view is None:
            return
        try:
            job = self.work.note(record)
            self.view.show(record, job)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        if self.view is not None:
            self.view.close()
        super().close()


def on_terminal() -> bool:
    """Whether a display can be drawn: what is printed goes through it, so neither may be a pipe."""
    return sys.stderr.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
