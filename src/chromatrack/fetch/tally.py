"""Counting what became of clips: by reason, and by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chromatrack.fetch.ledger import DONE


@dataclass(frozen=True)
class Fate:
    """What became of one clip.

    Attributes:
        label: its class.
        status: as in the ledger; "" for a clip that was not tried yet.
        permanent: as in the ledger.
    """

    label: str
    status: str = ""
    permanent: bool = False

    @property
    def failed(self) -> bool:
        return self.status not in ("", DONE)


@dataclass(frozen=True)
class ClassCount:
    """Clips of one class."""

    label: str
    clips: int
    done: int
    failed: int

    @property
    def left(self) -> int:
        """Clips that were not tried yet."""
        return self.clips - self.done - self.failed

    @property
    def missing(self) -> int:
        """Clips that are not there, for whatever reason."""
        return self.clips - self.done


def by_reason(fates: Iterable[Fate]) -> list[tuple[str, bool, int]]:
    """(status, permanent, clips) of the failures, the most frequent first."""
    counts = Counter((fate.status, fate.permanent) for fate in fates if fate.failed)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(status, permanent, count) for (status, permanent), count in ordered]


def by_class(fates: Iterable[Fate]) -> list[ClassCount]:
    """Every class: those that lost the largest part of their clips first, then the untried."""
    clips, done, failed = Counter(), Counter(), Counter()
    for fate in fates:
        clips[fate.label] += 1
        done[fate.label] += fate.status == DONE
        failed[fate.label] += fate.failed
    counts = [ClassCount(label, clips[label], done[label], failed[label]) for label in clips]
    return sorted(counts, key=lambda c: (-c.failed / c.clips, -c.missing / c.clips, c.label))
