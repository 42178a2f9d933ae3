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
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from chromatrack.configuration import as_plain, build
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.files import canonical_json, read_json, writing
from chromatrack.locks import lock
from chromatrack.settings import BackOffSettings

JITTER = 0.25
"""Largest part of a pause that a worker waits beyond it, so that not all come back at once."""

LONGEST_COOL_DOWN = 86_400.0
"""Seconds; a site that asks for more is asked again after a day."""

_LOOK_AGAIN = 0.5
"""Seconds between two looks at the file while waiting: another worker may have closed the gate."""


def pause(backoff: BackOffSettings, times: int, retry_after: float | None = None) -> float:
    """Seconds to wait after so many refusals, or failed attempts, in a row (from 1 on)."""
    doubled = backoff.base * 2.0 ** min(times - 1, 60)
    return min(backoff.cap, max(doubled, retry_after or 0.0))


@dataclass(frozen=True)
class GateState:
    """What the workers of a run know together; moments are seconds since 1970.

    Attributes:
        refusals: in a row.
        failures: in a row that may be the site's, or of the way to it.
        reasons: reason -> videos that were lost to it since one was had.
        since: when the first of them was lost.
        suspect: the reason that took over and closed the gate, or "".
        refused_at: when the last one counted.
        not_before: nobody asks the site before.
        closed_at, closed_until: 0 while the gate is open.
        said: what the site said last.
        bot_wall: what it said was that it wants a person.
        remedy: what a person can do about it, or "".
        source: digest of the way to the site (`way_digest`) that the gate closed for.
    """

    refusals: int = 0
    failures: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    since: float = 0.0
    suspect: str = ""
    refused_at: float = 0.0
    not_before: float = 0.0
    closed_at: float = 0.0
    closed_until: float = 0.0
    said: str = ""
    bot_wall: bool = False
    remedy: str = ""
    source: str = ""

    def refused(
        self, error: FetchError, *, asked: float, now: float, backoff: BackOffSettings, source: str
    ) -> GateState:
        """The state after a refusal of a request that was sent at `asked`."""
        if self.closed_at:
            return self
        wait = error.retry_after
        if asked < self.refused_at and not error.bot_wall:
            # Sent before the pause began: the same refusal, heard by another worker.
            later = now + min(backoff.cap, wait or 0.0)
            return replace(self, not_before=max(self.not_before, later))
        stale = now - self.refused_at > backoff.cool_down
        refusals = 1 if stale else self.refusals + 1
        state = GateState(
            refusals=refusals,
            refused_at=now,
            not_before=max(self.not_before, now + pause(backoff, refusals, wait)),
            said=error.message,
            bot_wall=error.bot_wall,
            remedy=error.remedy,
            source=source,
            reasons=self.reasons,
            since=self.since,
        )
        if not error.bot_wall and refusals < backoff.stop_after:
            return state
        cool_down = max(backoff.cool_down, min(wait or 0.0, LONGEST_COOL_DOWN))
        return replace(state, closed_at=now, closed_until=now + cool_down)

    def failed(
        self, error: FetchError, *, now: float, backoff: BackOffSettings, source: str
    ) -> GateState:
        """The state after a failure that may be the site's."""
        if self.closed_at:
            return self
        state = replace(
            self,
            failures=self.failures + 1,
            said=error.message,
            remedy=error.remedy,
            source=source,
        )
        if state.failures < backoff.give_up_after:
            return state
        return replace(state, closed_at=now, closed_until=now + backoff.cool_down)

    def answered(self, *, asked: float) -> GateState:
        """The state after an answer; one that was under way when the pause began says nothing."""
        if self.closed_at or asked < self.refused_at:
            return self
        return GateState(reasons=self.reasons, since=self.since)

    def lost(self, loss: Loss, *, now: float, backoff: BackOffSettings, source: str) -> GateState:
        """The state after a video that could not be had, for good or for this run."""
        if self.closed_at:
            return self
        count = self.reasons.get(loss.reason, 0) + 1
        reasons = self.reasons | {loss.reason: count}
        state = replace(self, reasons=reasons, since=self.since or loss.since)
        if count < backoff.suspect_after:
            return state
        return replace(
            state,
            suspect=loss.reason,
            said=loss.message,
            remedy=loss.remedy,
            source=source,
            closed_at=now,
            closed_until=now + backoff.cool_down,
        )

    def entered(
        self, *, now: float, backoff: BackOffSettings, source: str, retry_failed: bool
    ) -> GateState:
        """The state for a worker that starts: closed, or open because there is reason to ask again.

        Reasons are the end of the cool-down, another source or way to it, or `retry_failed`; that
        one alone shortens the cool-down to the longest pause, as the many jobs of a workflow all
        bring it.
        """
        if not self.closed_at:
            return self
        until = self.closed_until
        if retry_failed:
            until = min(until, self.closed_at + backoff.cap)
        if now >= until or source != self.source:
            return GateState()
        return replace(self, closed_until=until)


@dataclass(frozen=True)
class Loss:
    """A video that could not be had.

    Attributes:
        reason: videos with one reason may share one cause.
        message: as in the ledger.
        remedy: what a person can do about it, or "".
        since: when it was asked for.
    """

    reason: str
    message: str
    remedy: str = ""
    since: float = 0.0


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
            why = f"no video was had, and {count} were lost for one reason ({state.said})"
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
            state = read_state(self._path)
            if state.closed_at:
                raise GateClosed(state)
            now = time.time()
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
        """Forget which videos were lost: one was had."""
        if not read_state(self._path).reasons:
            return  # the usual case costs no lock
        with self._changing() as (state, write):
            if not state.closed_at:
                write(replace(state, reasons={}, since=0.0))

    def _enter(self) -> None:
        if not self._path.exists():
            return
        with self._changing() as (state, write):
            state = state.entered(now=time.time(), retry_failed=self._retry_failed, **self._rules())
            if state.closed_at:
                raise GateClosed(state)
            write(state)

    def _rules(self) -> dict:
        return {"backoff": self._backoff, "source": self._source}

    @contextmanager
    def _changing(self) -> Iterator:
        """The state and a function that replaces it, while no other worker changes it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self._path}.lock", "a", encoding="utf-8") as handle:
            lock(handle, wait=None)
            yield read_state(self._path), self._write

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
        return build(GateState, read_json(path))
    except InputError:
        return GateState()


def clock(moment: float) -> str:
    """A moment as UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
