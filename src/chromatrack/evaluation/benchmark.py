"""What a benchmark of trackers is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.measures import Curve, Measure
from chromatrack.evaluation.scores import unit_key

Gives = Literal["boxes", "masks"]
"""What is kept of a tracker's run: boxes/NAME.txt, or NAME/*.png."""


@dataclass(frozen=True)
class Selection:
    """Which part of a benchmark is used.

    Attributes:
        root: its folder, as it is published.
        names: a file of names, or the name of a published list; None: all.
        attributes: folder of attribute vectors, where it is not beside the annotations.
        edition: one of the benchmark's `editions`; None: the first.
        max_frames: cut each sequence to its first frames; None: whole.
    """

    root: Path
    names: str | None = None
    attributes: Path | None = None
    edition: str | None = None
    max_frames: int | None = None


@dataclass(frozen=True)
class Scores:
    """What a benchmark says of one tracker.

    Attributes:
        values: key of a measure -> value; None where it cannot be told.
        per_unit: name of a target (object) -> the measures that it has by itself, and `frames`.
        frames: that the values rest on.
        curves: key of a curve -> values at its thresholds.
        groups: name of a group of targets (an attribute) -> measures and `sequences`.
        remarks: key of a measure -> what has to stand beside its value.
        more: further entries of scores.json.
        inputs: what was scored -> its digest.
        runs: names of the results that were scored, as they are kept; empty: those of `per_unit`.
    """

    values: Mapping[str, float | None]
    per_unit: Mapping[str, Mapping[str, float]]
    frames: int
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """A target of the synthetic world, for a benchmark to write in its own layout.

    Attributes:
        name: of its sequence, such as "Cat".
        frames: N images (H, W, 3) uint8 RGB.
        boxes_ltwh: (N, 4) in pixels, 0-based.
        shown: (N,) share of the target that can be seen, 0 to 1.
    """

    name: str
    frames: tuple[np.ndarray, ...]
    boxes_ltwh: np.ndarray
    shown: np.ndarray


@dataclass(frozen=True)
class Published:
    """A row of published numbers: printed beside ours, never mixed into them."""

    title: str
    values: Mapping[str, float]


def heading(title: str, protocol: str) -> str:
    """A benchmark and how trackers were run over it, for people; some titles say it already."""
    return title if protocol in title else f"{title}, {protocol.upper()}"


@dataclass(frozen=True, kw_only=True)
class Benchmark(ABC):
    """One benchmark; a file in `sets/` makes one as `BENCHMARK`.

    Attributes:
        name: of its file, in configurations and paths.
        title: for people.
        protocols: how trackers are run, the usual way first: `ope` (from the first box to the
            end), `tre`, `sre` (from other starts), `restarted` (after each failure), `propagated`
            (labels of the first frame are carried along).
        measures: what is measured; the first one is what trackers are ranked by.
        headline: keys of the measures that stand in the summary table.
        draws: its curves.
        editions: of which one is chosen by `edition:`, the default first; empty for none.
        lists: names of published lists of its targets, for `names:`.
        edition_reads: whether the edition decides what is read, so that trackers run again.
        unit: what values are per: "sequence" or "object".
        note: for readers of its table.
        published: numbers of others for its table.
        write: writes targets of the synthetic world below a folder, in the benchmark's layout.
        demo: its folder in the synthetic world, for one that each demo has; None for one that is
            written where a demo asks for it.
        size: sequences and frames, of the largest edition: how long a job may take, before anything
            of it was opened.
    """

    name: str
    title: str
    protocols: tuple[str, ...] = ("ope",)
    measures: tuple[Measure, ...] = ()
    headline: tuple[str, ...] = ()
    draws: tuple[Curve, ...] = ()
    editions: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    edition_reads: bool = True
    unit: str = "sequence"
    note: str = ""
    published: tuple[Published, ...] = ()
    write: Callable[[Path, Iterable[Example]], None] | None = None
    demo: str | None = None
    size: tuple[int, int] = (500, 500_000)

    gives: Gives = "boxes"
    quick_names: ClassVar[bool] = False
    """Whether `names` looks at no frames, so that a run asks for them before any job starts."""
    has_attributes: ClassVar[bool] = False
    """Whether its targets have attributes, by which scores are grouped."""
    score_options: ClassVar[tuple[str, ...]] = ()
    """Further arguments of `score`."""

    @abstractmethod
    def sequences(self, selection: Selection) -> list[Sequence]:
        """The targets that a tracker is run on, already cut; at least one.

        Raises:
            InputError: what is there cannot be read; says what was seen and what was expected.
        """

    @abstractmethod
    def score(
        self, selection: Selection, results: Path, *, protocol: str, subset: bool = False
    ) -> Scores:
        """Score the results in a folder (boxes/ of a run, or anybody's).

        Args:
            subset: score the targets that have results, instead of refusing when some have none.

        Raises:
            InputError: results are missing or do not fit the annotations.
        """

    def names(self, selection: Selection) -> list[str]:
        """Names of the sequences that are there, whether they can be read or not.

        Raises:
            InputError: there is nothing that looks like the benchmark.
        """
        return [sequence.name for sequence in self.sequences(selection)]

    def expected(self, selection: Selection) -> tuple[str, list[str]]:
        """What the benchmark has as it is published: name of the list, and its targets; for
        `chromatrack doctor`. Empty where it is not known."""
        return "", []

    def problem(self, selection: Selection, name: str) -> str | None:
        """What keeps one of `names` from being read; None for nothing."""
        return None

    def archive(self, selection: Selection, results: Path, output: Path) -> int:
        """Write the archive that the benchmark's server takes; returns the number of sequences."""
        raise InputError(f"{self.name}: has no server that takes an archive")

    def chosen_edition(self, selection: Selection) -> str | None:
        """The edition that the selection means.

        Raises:
            InputError: the benchmark has no such edition.
        """
        if selection.edition is None:
            return self.editions[0] if self.editions else None
        if selection.edition not in self.editions:
            known = ", ".join(self.editions)
            told = f"expected one of {known}" if known else "it has no editions"
            raise InputError(f"{self.name}: edition {selection.edition!r}: {told}")
        return selection.edition

    def check_protocol(self, protocol: str) -> None:
        """An `InputError` where the benchmark has no such protocol."""
        if protocol not in self.protocols:
            raise InputError(
                f"{self.name}: protocol {protocol!r}: expected one of {', '.join(self.protocols)}"
            )


def report(
    benchmark: Benchmark, scores: Scores, *, protocol: str, tracker: str | None
) -> dict[str, Any]:
    """scores.json: one schema for all benchmarks.

    Holds benchmark, title, protocol, tracker; `measures` (key -> what was declared of it, with
    `value`), each value under its key as well; `unit`, and per_sequence or per_object; `curves`
    (key -> axes, thresholds, values); `per_attribute` (groups); `remarks`; how many targets and
    frames; and what the benchmark adds.
    """
    return {
        **scores.values,
        "benchmark": benchmark.name,
        "title": benchmark.title,
        "protocol": protocol,
        "tracker": tracker,
        "measures": {
            measure.key: {**measure.declared(), "value": scores.values[measure.key]}
            for measure in benchmark.measures
        },
        "headline": list(benchmark.headline),
        "unit": benchmark.unit,
        f"{benchmark.unit}s": len(scores.per_unit),
        "targets": len(scores.per_unit),
        "frames": scores.frames,
        unit_key(benchmark.unit): {name: dict(values) for name, values in scores.per_unit.items()},
        "curves": {
            curve.key: curve.declared(scores.curves[curve.key])
            for curve in benchmark.draws
            if curve.key in scores.curves
        },
        "per_attribute": {name: dict(values) for name, values in scores.groups.items()},
        "remarks": dict(scores.remarks),
        **scores.more,
    }
