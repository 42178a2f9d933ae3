"""The gate before the site: one back-off for all workers of a run, and where it gives up.

Its state is one small file that every worker of a run names. A refusal (HTTP 429, Retry-After, a
bot wall) makes all of them wait; many in a row, or a bot wall, close the gate, and each worker
stops. A video that is gone is no refusal. A broken connection is none either, but very many
failures without one answer close the gate, too: then it is not the videos. And neither is it where
video after video fails for one reason, whatever that reason says of each.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from chromatrack.configuration import as_plain, build
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.gate_state import GateState, Loss
from chromatrack.files import canonical_json, read_json, writing
from chromatrack.locks import lock
from chromatrack.settings import BackOffSettings

JITTER = 0.25
"""Largest part of a pause that a worker waits beyond it, so that not all come back at once."""

_LOOK_AGAIN = 0.5
"""Seconds between two looks at the file while waiting: another worker may have closed the gate."""


class GateClosed(Exception):
    """The site wants no more requests for now.

    Attributes:
        state: of the gate.
    """

    def __init__(self, state: GateState) -> None:
        super().__init__(state.said)
        self.state = state

    @property
    def reason(self) -> str:
        """What the site said and until when it is left alone, as half a sentence."""
        state = self.state
        if state.bot_wall:
            why = f"the site wants a proof that a person asks ({state.said})"
        elif state.suspect:
            count = state.reasons[state.suspect]
            why = f"hardly a video was had, and {count} were lost for one reason ({state.said})"
        elif state.failures:
            why = f"{state.failures} requests in a row failed ({state.said})"
        else:
            why = f"the site refused {state.refusals} times in a row ({state.said})"
        return f"{why} and is not asked again before {clock(state.closed_until)}"

    @property
    def remedy(self) -> str:
        """What a person can do, as half a sentence."""
        if not self.state.suspect:
            other = "wait until then, or change clips.source (cookies, proxy)"
            return self.state.remedy or other
        first = self.state.remedy or "look at one of the videos in a browser, change clips.source"
        return f"{first}, or set clips.back_off.suspect_after higher if these videos are at fault"


class Gate:
    """The gate of one worker.

    Args:
        path: file of the state; workers that name the same one share it.
        backoff: how to wait, and when to stop.
        source: digest of where videos come from, and of what this machine brings along.
        retry_failed: the caller asked to try everything again.
    """

    def __init__(
        self, path: Path, backoff: BackOffSettings, *, source: str, retry_failed: bool = False
    ) -> None:
        self._path = path
        self._backoff = backoff
        self._source = source
        self._retry_failed = retry_failed
        self._has_entered = False

    def before(self) -> float:
        """Wait until the site may be asked; return the moment, for `refused` and `answered`.

        Raises:
            GateClosed: this worker or another one met a wall, or an earlier run did and nothing
                speaks for asking again yet.
        """
        if not self._has_entered:
            self._enter()
            self._has_entered = True
        share = random.uniform(0.0, JITTER)
        while True:
            state, now = read_state(self._path), time.time()
            if state != state.set_back(now):
                with self._changing() as (state, write):
                    write(state)
            if state.closed_at:
                raise GateClosed(state)
            begin = state.not_before + share * max(0.0, state.not_before - state.refused_at)
            if now >= begin:
                return now
            time.sleep(min(_LOOK_AGAIN, begin - now))

    def refused(self, error: FetchError, *, asked: float) -> None:
        """Make everybody wait.

        Raises:
            GateClosed: that was one too many.
        """
        with self._changing() as (state, write):
            state = state.refused(error, asked=asked, now=time.time(), **self._rules())
            write(state)
        if state.closed_at:
            raise GateClosed(state)

    def failed(self, error: FetchError) -> None:
        """Count a failure that may be the site's.

        Raises:
            GateClosed: that was one too many.
        """
        with self._changing() as (state, write):
            state = state.failed(error, now=time.time(), **self._rules())
            write(state)
        if state.closed_at:
            raise GateClosed(state)

    def answered(self, *, asked: float) -> None:
        """Forget earlier refusals."""
        state = read_state(self._path)
        if state == state.answered(asked=asked):
            return  # the usual case costs no lock
        with self._changing() as (state, write):
            write(state.answered(asked=asked))

    def lost(self, loss: Loss) -> None:
        """Count a video that could not be had.

        Raises:
            GateClosed: that was one too many for its reason.
        """
        with self._changing() as (state, write):
            state = state.lost(loss, now=time.time(), **self._rules())
            write(state)
        if state.closed_at:
            raise GateClosed(state)

    def had(self) -> None:
        """One was had: half of the videos that were lost count no more.

        So a site that gives one in twenty is told from one that gives most.
        """
        if not read_state(self._path).reasons:
            return  # the usual case costs no lock
        with self._changing() as (state, write):
            if not state.closed_at:
                left = {reason: count // 2 for reason, count in state.reasons.items() if count > 1}
                write(replace(state, reasons=left, since=state.since if left else 0.0))

    def _enter(self) -> None:
        if not self._path.exists():
            return
        with self._changing() as (state, write):
            state = state.entered(now=time.time(), retry_failed=self._retry_failed, **self._rules())
            write(state)
            if state.closed_at:
                raise GateClosed(state)

    def _rules(self) -> dict:
        return {"backoff": self._backoff, "source": self._source}

    @contextmanager
    def _changing(self) -> Iterator:
        """The state and a function that replaces it, while no other worker changes it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self._path}.lock", "a", encoding="utf-8") as handle:
            lock(handle, wait=None)
            yield read_state(self._path).set_back(time.time()), self._write

    def _write(self, state: GateState) -> None:
        # One name for the part, as the lock lets one worker in: a kill leaves nothing to collect.
        part = Path(f"{self._path}.part")
        try:
            with writing(self._path):
                part.write_text(canonical_json(as_plain(state)) + "\n", encoding="utf-8")
            os.replace(part, self._path)
        finally:
            part.unlink(missing_ok=True)


def read_state(path: Path) -> GateState:
    """The state in a file; an open gate if there is no file or it is damaged."""
    try:
        return build(GateState, read_json(path), exact=True)
    except InputError:
        return GateState()


def clock(moment: float) -> str:
    """A moment as UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
