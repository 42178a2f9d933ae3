"""VOT: the supervised experiment, with restarts (thesis 5.5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from chromatrack.data import vot
from chromatrack.data.sequence import Sequence
from chromatrack.data.vot_results import measure_trajectory, read_trajectories
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Published, Scores, Selection
from chromatrack.evaluation.measures import Measure
from chromatrack.evaluation.selecting import with_results
from chromatrack.files import digest_arrays
from chromatrack.metrics.vot import EAO_INTERVALS, summarize
from chromatrack.published import VOT_ACCURACY


@dataclass(frozen=True, kw_only=True)
class VOT(Benchmark):
    """A challenge; its edition is the interval of lengths that the EAO is a mean over."""

    quick_names: ClassVar[bool] = True

    def sequences(self, selection: Selection) -> list[Sequence]:
        found = vot.read_sequences(selection.root, names=selection.names)
        return [sequence.first(selection.max_frames) for sequence in found]

    def names(self, selection: Selection) -> list[str]:
        return vot.list_names(selection.root, selection.names)

    def problem(self, selection: Selection, name: str) -> str | None:
        try:
            vot.read_sequence(selection.root / name)
        except InputError as error:
            return str(error)
        return None

    def score(
        self, selection: Selection, results: Path, *, protocol: str, subset: bool = False
    ) -> Scores:
        sequences = {sequence.name: sequence for sequence in self.sequences(selection)}
        found = {name: read_trajectories(results, name) for name in sequences}
        runs, digested = {}, []
        for name, trajectories in with_results(found, results, subset=subset).items():
            runs[name] = [measure_trajectory(one, sequences[name], results) for one in trajectories]
            digested += [row for one in trajectories for row in one]
        challenge = self.chosen_edition(selection)
        told = summarize(runs, challenge)
        low_high, until = told["eao_interval"], told["eao_until"]
        cut = until is not None and until < low_high[1]
        return Scores(
            values={measure.key: told[measure.key] for measure in self.measures},
            per_unit=told["per_sequence"],
            frames=told["frames"],
            remarks={"eao": f"to {until} of {low_high[1]}"} if cut else {},
            more={key: told[key] for key in ("eao_interval", "eao_until", "challenge")},
            inputs={
                "annotations": digest_arrays(vot.regions(sequences[name]) for name in runs),
                "results": digest_arrays(np.atleast_1d(row) for row in digested),
            },
        )


BENCHMARK = VOT(
    name="vot",
    title="VOT, restarted",
    size=(60, 21_356),
    demo="vot",
    protocols=("restarted",),
    measures=(
        Measure("accuracy", "accuracy"),
        Measure("failures", "failures", unit="failures", better="lower", high=None, digits=1),
        Measure("robustness", "per 100 frames", unit="failures per 100 frames", better="lower",
                high=None, digits=2),
        Measure("robustness_toolkit", "robustness (toolkit)", unit="failures per sequence",
                better="lower", high=None, digits=2),
        Measure("eao", "EAO"),
    ),
    headline=("accuracy", "robustness", "eao"),
    editions=("vot2018", *(name for name in EAO_INTERVALS if name != "vot2018")),
    edition_reads=False,
    note="VOT ranks trackers by EAO, the expected average overlap, and not by the average of "
    "accuracy and robustness as the thesis has it. EAO is a mean over an interval of lengths of "
    f"sequences (VOT2018: {' to '.join(map(str, EAO_INTERVALS['vot2018']))} frames). Where runs "
    "are shorter it is, as in vot-toolkit, over the part that the longest one reaches (the cell "
    "says so); where none is as long as the interval's start there is no EAO, but a dash. The "
    "thesis prints accuracies alone.",
    published=tuple(
        Published(f"{challenge}, thesis: {name}", {"accuracy": value})
        for challenge, values in VOT_ACCURACY.items()
        for name, value in values.items()
    ),
)  # fmt: skip
