"""How far fetching is: read from the lists and journals of a run, while it goes on, too."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chromatrack.data.kinetics import read_clip_list
from chromatrack.errors import InputError
from chromatrack.fetch.gate import GateClosed, read_state
from chromatrack.fetch.ledger import DONE, Outcome, read_journal
from chromatrack.fetch.tally import ClassCount, Fate, by_class, by_reason
from chromatrack.files import write_text

RECENT_SECONDS = 600.0
"""Over how long the rate is taken."""


@dataclass(frozen=True)
class Status:
    """What the journals of a run say.

    Attributes:
        shards: lists of the run.
        clips, done, failed, left: clips in all, there, tried in vain, and not tried yet.
        rate: clips per minute that were decided lately; 0 if none was.
        reasons: (status, permanent, clips) of the failures, the most frequent first.
        classes: every class, the worst first.
        stopped: why the stage has stopped by itself; "" if it has not.
    """

    shards: int
    clips: int
    done: int
    failed: int
    left: int
    rate: float
    reasons: list[tuple[str, bool, int]]
    classes: list[ClassCount]
    stopped: str

    @property
    def minutes_left(self) -> float | None:
        """At the present rate; None if nothing moves."""
        if self.left == 0:
            return 0.0
        return self.left / self.rate if self.rate else None


def kinetics_status(run: Path) -> Status:
    """Read the lists and journals below `run`/clips; no lock is taken, and nothing is changed.

    Raises:
        InputError: the clip list of this run has not been split into shards.
    """
    clips = Path(run) / "clips"
    index = clips / "shards" / "index.txt"
    try:
        names = index.read_text(encoding="utf-8").split()
    except OSError:
        raise InputError(f"{index}: no such file; expected a run that has its shards") from None
    now = time.time()
    fates: list[Fate] = []
    recent: list[float] = []
    for name in names:
        rows, _ = read_clip_list(clips / "shards" / name)
        shard = Path(name).stem
        journal = read_journal(clips / "files" / shard / f"journal-{shard}.jsonl")
        outcomes = dict(journal)
        fates += [_fate(row.label, outcomes.get(row.clip_id)) for row in rows]
        ages = (now - _seconds(outcome.time) for _, outcome in journal)
        recent += [age for age in ages if age < RECENT_SECONDS]
    done = sum(fate.status == DONE for fate in fates)
    failed = sum(fate.failed for fate in fates)
    state = read_state(clips / "gate.json")
    return Status(
        shards=len(names),
        clips=len(fates),
        done=done,
        failed=failed,
        left=len(fates) - done - failed,
        rate=60.0 * len(recent) / max(1.0, max(recent)) if recent else 0.0,
        reasons=by_reason(fates),
        classes=by_class(fates),
        stopped=_why(GateClosed(state)) if state.closed_at else "",
    )


def _why(closed: GateClosed) -> str:
    return f"{closed.reason}; {closed.remedy}"


def _fate(label: str, outcome: Outcome | None) -> Fate:
    return Fate(label, outcome.status, outcome.permanent) if outcome else Fate(label)


def _seconds(moment: str) -> float:
    """Seconds since 1970 of a time in ISO 8601; long ago for none."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0


def write_classes(path: Path, classes: list[ClassCount]) -> None:
    """Write label,clips,done,failed,left,missing of every class as CSV, whole."""
    columns = ("label", "clips", "done", "failed", "left", "missing")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([getattr(item, name) for name in columns] for item in classes)
    write_text(path, text.getvalue())


def as_text(status: Status, *, classes: int) -> str:
    """The status for the terminal.

    Args:
        classes: how many classes are listed at most.
    """
    permanent = sum(count for _, is_permanent, count in status.reasons if is_permanent)
    transient = status.failed - permanent
    lines = [
        f"{status.clips} clips in {status.shards} shards",
        _line("done", status.done, status.clips),
        _line("failed", status.failed, status.clips)
        + f"   {permanent} permanent, {transient} to be tried again",
        _line("left", status.left, status.clips),
        f"  rate   {status.rate:.1f} clips per minute over the last {RECENT_SECONDS / 60:g} min; "
        f"time left: {_duration(status.minutes_left)}",
    ]
    if status.stopped:
        lines.append(f"stopped: {status.stopped}")
    if status.reasons:
        lines.append("failures by reason")
        for reason, is_permanent, count in status.reasons:
            kind = "permanent" if is_permanent else "transient"
            lines.append(f"  {reason:<14}{kind:<10}{count:>8}")
    worst = [item for item in status.classes if item.missing][:classes]
    if worst:
        lines.append(
            f"missing clips per class ({len(worst)} of {len(status.classes)}, worst first)"
        )
        names = ("missing", "clips", "failed", "left")
        lines.append(" " * 34 + "".join(f"{name:>9}" for name in names))
        for item in worst:
            numbers = "".join(f"{getattr(item, name):>9}" for name in names)
            lines.append(f"  {_printable(item.label):<32.32}{numbers}")
    return "\n".join(lines)


def _line(name: str, count: int, total: int) -> str:
    return f"  {name:<7}{count:>8} {100 * count / max(1, total):6.1f} %"


def _duration(minutes: float | None) -> str:
    if minutes is None:
        return "unknown, nothing was decided lately"
    if minutes < 60:
        return f"{minutes:.0f} min"
    return f"{int(minutes // 60)} h {int(minutes % 60)} min"


def _printable(label: str) -> str:
    """Labels come from outside: what a terminal would obey is shown instead."""
    return "".join(character if character.isprintable() else "?" for character in label)
