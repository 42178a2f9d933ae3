"""Scalars for TensorBoard.

Its own writer does so in a thread, which a full disk ends with a traceback, and reports later.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from chromatrack.files import append


class Events:
    """A new file of events in a folder; each is on its way to the disk at once.

    Args:
        folder: made if missing.
        start: events of this step and of later ones in earlier files do not count any more.
    """

    def __init__(self, folder: Path, start: int):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns():019d}.{socket.gethostname()}.{os.getpid()}"
        self._handle = open(folder / name, "ab", buffering=0)  # noqa: SIM115
        self._records = RecordWriter(self)
        self._add(step=start, file_version="brain.Event:2")
        self._add(step=start, session_log=SessionLog(status=SessionLog.START))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Add a value of a step."""
        self._add(step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))

    def write(self, record: bytes) -> None:
        """For `RecordWriter`."""
        append(self._handle, record)

    def close(self) -> None:
        """Nothing is held back."""
        self._handle.close()

    def _add(self, **content) -> None:
        self._records.write(Event(wall_time=time.time(), **content).SerializeToString())
