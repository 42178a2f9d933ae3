"""The work on the clips of one shard: what is settled, what is tried again, what is recorded."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chromatrack.data.kinetics import ClipRow
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.gate import Gate, GateClosed, clock
from chromatrack.fetch.gate_state import GateState, Loss, pause
from chromatrack.fetch.ledger import DONE, Entry, Journal, Outcome
from chromatrack.fetch.place import place_cut, place_ready
from chromatrack.fetch.sources import Source
from chromatrack.fetch.way import source_digest
from chromatrack.files import canonical_json, digest_text
from chromatrack.settings import ClipSettings

REMOTE = ("ytdlp", "http")
"""Kinds of sources that may give another answer to the same question a moment later."""


class ShardWork:
    """The work on one shard: what it reads from, writes to and goes by.

    Args:
        clips: folder for <clip_id>.mp4.
        folder: for what is not checked yet, on the same file system.
        retry_failed: permanent failures are not settled.
    """

    def __init__(
        self,
        source: Source,
        journal: Journal,
        gate: Gate,
        clips: Path,
        folder: Path,
        settings: ClipSettings,
        *,
        retry_failed: bool = False,
    ) -> None:
        self._source = source
        self._journal = journal
        self._gate = gate
        self._clips = clips
        self._folder = folder
        self._settings = settings
        self._retry_failed = retry_failed
        self._source_digest = source_digest(settings.source)
        self._decided: set[str] = set()
        is_remote = settings.source.kind in REMOTE
        self._retries = settings.retries if is_remote else 0
        # A folder of this machine is what it is, also behind the stand-in for a site.
        self._suspects = is_remote and settings.source.serve is None

    def fetch(self, windows: Sequence[ClipRow]) -> None:
        """Get what these rows share (a video, or one clip), make their clips, record each.

        Raises:
            GateClosed: the site wants no more requests; rows without a new entry were not decided.
            WorkError: this machine cannot go on (disk full).
        """
        version = self._source.version(windows[0])
        pending = [row for row in windows if not self._is_settled(row, version)]
        attempt = 0
        try:
            while pending:
                attempt += 1
                pending = self._attempt(pending, version, attempt)
                if pending:
                    wait = pause(self._settings.back_off, attempt)
                    time.sleep(random.uniform(0.5, 1.0) * wait)
        except GateClosed as closed:
            self._distrust(closed.state)
            raise

    def _attempt(self, rows: list[ClipRow], version: str, attempt: int) -> list[ClipRow]:
        """Try once; return the rows that are worth another attempt at once."""
        target = self._folder / "video"
        last = attempt > self._retries
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        again, losses, had = [], [], False
        asked = time.time()
        try:
            found = self._get(rows[0], target)
            last = last or (isinstance(found, FetchError) and not found.at_once)
            for row in rows:
                outcome = self._outcome(row, found)
                if not last and outcome.status != DONE and not outcome.permanent:
                    again.append(row)
                    continue
                remedy = found.remedy if isinstance(found, FetchError) else ""
                if outcome.status == DONE:
                    had = True
                elif remedy or not self._is_known(row, outcome):
                    losses.append(Loss(_reason(outcome), outcome.message, remedy, asked))
                self._record(row, replace(outcome, attempts=attempt), version)
        finally:
            shutil.rmtree(target, ignore_errors=True)
        if self._suspects and had:
            self._gate.had()
        elif self._suspects and losses:
            self._gate.lost(losses[0])  # one download is one loss, however many its windows
        return again

    def _is_known(self, row: ClipRow, outcome: Outcome) -> bool:
        """Whether an earlier call lost this clip in the same way: that is no news."""
        entry = self._journal.entries.get(row.clip_id)
        if entry is None:
            return False
        before = entry.outcome
        return (before.status, before.message) == (outcome.status, outcome.message)

    def _distrust(self, state: GateState) -> None:
        """What was lost to a reason that then took over was not decided: it is asked for again."""
        if not state.suspect:
            return
        for clip_id in sorted(self._decided):
            entry = self._journal.entries[clip_id]
            outcome = entry.outcome
            if _reason(outcome) == state.suspect and outcome.time >= clock(state.since):
                if outcome.permanent:
                    passing = replace(outcome, permanent=False)
                    self._journal.record(clip_id, replace(entry, outcome=passing))
                self._decided.discard(clip_id)

    def _get(self, row: ClipRow, target: Path) -> Path | FetchError:
        """What the source gives, or why it does not; the gate hears of it."""
        asked = self._gate.before()
        try:
            found = self._source.get(row, target)
        except FetchError as error:
            if error.refusal:
                self._gate.refused(error, asked=asked)
            elif not error.doubtful:
                self._gate.answered(asked=asked)
            elif self._settings.source.kind in REMOTE:
                self._gate.failed(error)
            return error
        self._gate.answered(asked=asked)
        return found

    def _outcome(self, row: ClipRow, found: Path | FetchError) -> Outcome:
        clip = self._clip(row)
        if isinstance(found, FetchError):
            clip.unlink(missing_ok=True)
            return Outcome(found.status, found.permanent, message=found.message)
        work, minimum = self._folder, self._settings.minimum_seconds
        if self._source.ready:
            return place_ready(found, row, clip, work=work, minimum_seconds=minimum)
        quality = self._settings.quality
        return place_cut(found, row, clip, work=work, quality=quality, minimum_seconds=minimum)

    def _record(self, row: ClipRow, outcome: Outcome, version: str) -> None:
        source = self._settings.source.kind
        outcome = replace(outcome, source=source, time=clock(time.time()))
        entry = Entry(outcome, self._recipe(row), self._source_digest, version)
        self._journal.record(row.clip_id, entry)
        self._decided.add(row.clip_id)

    def count_left(self, rows: Sequence[ClipRow]) -> int:
        """How many clips neither an earlier run nor this one has decided."""
        return sum(
            row.clip_id not in self._decided
            and not self._is_settled(row, self._source.version(row))
            for row in rows
        )

    def _is_settled(self, row: ClipRow, version: str) -> bool:
        """Whether an earlier run has decided this clip for good."""
        entry = self._journal.entries.get(row.clip_id)
        if entry is None or entry.recipe != self._recipe(row):
            return False
        if entry.outcome.status == DONE:
            # A video that was replaced is cut again; one that has gone costs nothing earned.
            replaced = version and entry.version and version != entry.version
            return not replaced and _size(self._clip(row)) == entry.outcome.bytes
        # A failure says something about one source only.
        same_source = (entry.source, entry.version) == (self._source_digest, version)
        return entry.outcome.permanent and same_source and not self._retry_failed

    def _recipe(self, row: ClipRow) -> str:
        shape = (row.time_start, row.time_end, self._settings.quality,
                 self._settings.minimum_seconds, self._settings.source.max_height)  # fmt: skip
        return digest_text(canonical_json(shape))

    def _clip(self, row: ClipRow) -> Path:
        return self._clips / f"{row.clip_id}.mp4"


def _reason(outcome: Outcome) -> str:
    """What losses have in common: permanent ones are told apart by what the site said."""
    return f"{outcome.status}: {outcome.message}" if outcome.permanent else outcome.status


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
