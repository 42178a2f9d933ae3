"""What the workers of a run know together of a site, and how it changes with what they hear."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chromatrack.fetch.failures import FetchError
from chromatrack.settings import BackOffSettings

SKEW = 60.0
"""Seconds."""
LONGEST_COOL_DOWN = 86_400.0
"""Seconds; a site that asks for more is asked again after a day."""


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
        reasons: reason -> videos that were lost to it; one that is had halves them.
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

    def set_back(self, now: float) -> GateState:
        """The state beside a clock that was set back since: nobody waits for the time that it lost.

        Clocks of two machines may differ by `SKEW`.
        """
        back = max(self.refused_at, self.closed_at) - now
        if back <= SKEW:
            return self
        moments = ("since", "refused_at", "not_before", "closed_at", "closed_until")
        given = {name: getattr(self, name) for name in moments}
        return replace(self, **{name: value - back for name, value in given.items() if value})

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
