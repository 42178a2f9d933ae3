"""metrics.csv and TensorBoard events of a training, and how fast it went."""

from __future__ import annotations

import contextlib
import csv
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from chromatrack.files import append, whole_file
from chromatrack.training.events import Events

COLUMNS = ("step", "loss", "learning_rate", "validation_loss")


class Metrics:
    """One row per step, and the same values for TensorBoard; a continued run doubles nothing.

    Args:
        table: the growing metrics.csv.
        events: folder of TensorBoard's files.
        start: first step to come; what is there of it and of later ones is dropped.
    """

    def __init__(self, table: Path, events: Path, start: int):
        rows = _rows(table, start)
        with whole_file(table) as part, open(part, "w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        # A line is written at once, so that it can be followed and a kill takes no earlier one.
        self._handle = open(table, "ab", buffering=0)  # noqa: SIM115
        if start == 0:
            shutil.rmtree(events, ignore_errors=True)
        self._events = Events(events, start)

    def add(
        self, step: int, loss: float, learning_rate: float, validation_loss: float | None = None
    ) -> None:
        """Keep the values of a step; `validation_loss` is of the weights after it."""
        values = {"loss": loss, "learning_rate": learning_rate, "validation_loss": validation_loss}
        texts = ["" if value is None else f"{value:.6g}" for value in values.values()]
        append(self._handle, (",".join([str(step), *texts]) + "\n").encode())
        for name, value in values.items():
            if value is not None:
                self._events.scalar(name, value, step)

    def __enter__(self) -> Metrics:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()
        self._events.close()


def _rows(table: Path, start: int) -> list[list[str]]:
    """The rows before `start`; the last line may have been cut off by a kill."""
    if start == 0 or not table.exists():
        return []
    with open(table, newline="", encoding="utf-8") as handle:
        lines = [line for line in handle if line.endswith("\n")]
    rows = list(csv.reader(lines[1:]))
    return [row for row in rows if len(row) == len(COLUMNS) and int(row[0]) < start]


class Clock:
    """How long the steps take, and how much of it is waiting for data.

    It starts after the first step, which also starts loaders and warms up libraries. Validations
    and checkpoints are not counted.
    """

    def __init__(self, samples: int):
        self._samples = samples
        self._steps = -1
        self._paused = self._waited = self._asked = 0.0
        self._begin = self._last = self._now()

    def ask(self) -> None:
        """A batch is asked for."""
        self._asked = self._now()

    def got(self) -> None:
        """The batch is here."""
        self._waited += self._now() - self._asked

    def stepped(self) -> None:
        """A step is over."""
        self._steps += 1
        self._last = self._now()
        if self._steps == 0:
            self._begin, self._waited = self._last, 0.0

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What happens inside is not part of the steps."""
        begin = time.perf_counter()
        yield
        self._paused += time.perf_counter() - begin

    @property
    def seconds(self) -> float:
        """Time of the steps, from the second one on."""
        return self._last - self._begin

    @property
    def samples_per_second(self) -> float:
        """Of all processes together; 0 while unknown."""
        return self._samples * self._steps / self.seconds if self.seconds > 0 else 0.0

    @property
    def waiting_share(self) -> float:
        """Share of the time that went into waiting for data, 0 to 1."""
        return self._waited / self.seconds if self.seconds > 0 else 0.0

    def _now(self) -> float:
        """Seconds on a clock that stands still while paused."""
        return time.perf_counter() - self._paused

    def summary(self) -> dict[str, float | int]:
        """Plain values for a file."""
        return {
            "timed_steps": max(0, self._steps),
            "seconds": round(self.seconds, 3),
            "samples_per_second": round(self.samples_per_second, 3),
            "waiting_share": round(self.waiting_share, 5),
        }
