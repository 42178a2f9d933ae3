"""What the statistics of a run say, read part by part; and what they say of each experiment."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from chromatrack.errors import InputError


@dataclass(frozen=True)
class Part:
    """A part of statistics.json, in which every further part may be missing or null.

    Attributes:
        where: file and keys, for messages.
        value: what stands there.
    """

    where: str
    value: Any = None

    def part(self, *keys: str) -> Part:
        """What stands below the keys; empty where one of them is missing.

        Raises:
            InputError: something that is no object stands where a key was looked for.
        """
        found = self
        for key in keys:
            known = {} if found.value is None else found.value
            if not isinstance(known, dict):
                raise found.wrong("an object")
            found = Part(f"{found.where}: {key}", known.get(key))
        return found

    def number(self, *keys: str) -> float | None:
        found = self.part(*keys)
        value = found.value
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise found.wrong("a number")
        return value if math.isfinite(value) else None

    def text(self, *keys: str) -> str:
        found = self.part(*keys)
        if not isinstance(found.value, str | None):
            raise found.wrong("text")
        return found.value or ""

    def cell(self, *keys: str) -> str | float | None:
        """Text or a number: an alpha may be "learned"."""
        value = self.part(*keys).value
        return value if isinstance(value, str) else self.number(*keys)

    def items(self) -> dict[str, Part]:
        """The parts of an object by their keys."""
        if not isinstance(self.value, dict | None):
            raise self.wrong("an object")
        return {key: self.part(key) for key in self.value or ()}

    def each(self) -> list[Part]:
        """The parts of a list."""
        if not isinstance(self.value, list | None):
            raise self.wrong("a list")
        return [Part(f"{self.where}[{i}]", item) for i, item in enumerate(self.value or ())]

    def wrong(self, expected: str) -> InputError:
        return InputError(f"{self.where}: expected {expected}, got {json.dumps(self.value):.60}")


Kind = Literal["alpha", "text", "difference", "size", "share", "p"]
"""`difference` and `size` are in units of the measure, the first with a sign."""


@dataclass(frozen=True)
class Field:
    """One thing that is said of each experiment.

    Attributes:
        keys: where it stands in the experiment's part of statistics.json.
        kind: what stands there.
        head: of its column in files.
        title: of its row on the page; None: the same.
    """

    keys: tuple[str, ...]
    kind: Kind
    head: str
    title: str | None = None

    def value(self, one: Part) -> str | float | None:
        """What the statistics say of an experiment, as measured.

        Args:
            one: its part.
        """
        read = {"alpha": one.cell, "text": one.text}.get(self.kind, one.number)
        return read(*self.keys)


def _compared(kind: Kind, head: str, title: str | None, *keys: str) -> Field:
    return Field(("comparison", *keys), kind, head, title)


def _complementary(kind: Kind, head: str, title: str, key: str) -> Field:
    return Field(("complementary", key), kind, head, title)


EACH = (
    Field(("chosen", "alpha"), "alpha", "α"),
    Field(("chosen", "way"), "text", "α chosen", "α was"),
    _compared("difference", "difference", "difference to the baseline", "difference", "mean"),
    _compared("difference", "low", "95 % interval, low", "difference", "low"),
    _compared("difference", "high", "95 % interval, high", "difference", "high"),
    _compared("p", "p", None, "p"),
    _compared("p", "p (Holm)", "p by Holm", "holm_p"),
    _compared("size", "spread over targets", None, "difference", "target_spread"),
    _compared("size", "spread over seeds", None, "difference", "seed_spread"),
    _compared("share", "share better", "share of draws better", "shares", "better"),
    _compared("share", "share equivalent", None, "shares", "equivalent"),
    _compared("share", "share worse", None, "shares", "worse"),
    _compared("size", "smallest difference, power 0.8",
              "difference that one test finds, power 0.8", "smallest_difference"),
    _compared("text", "most influential target", "verdict hangs on", "most_influential", "target"),
    _compared("difference", "difference without it", None, "most_influential", "mean"),
    Field(("ways", "test", "mean"), "difference", "gain, α of the test set"),
    Field(("ways", "validation", "mean"), "difference", "gain, α of validation"),
    Field(("ways", "crossed", "mean"), "difference", "gain, α crossed"),
    Field(("choosing_on_test_gave",), "difference", "choosing on the test set gave"),
    Field(("best_of_p",), "p", "p of the best α (one-sided)"),
    _complementary("share", "only baseline right", "frames: baseline alone right",
                   "only_baseline"),
    _complementary("share", "only auxiliary right", "frames: auxiliary alone right",
                   "only_auxiliary"),
    _complementary("difference", "oracle gain", "oracle α per target (upper bound)",
                   "oracle_gain"),
)  # fmt: skip
"""In the order of tables."""
VERDICT = Field(("verdict",), "text", "verdict")
"""Stands last, after whatever else a table says."""
