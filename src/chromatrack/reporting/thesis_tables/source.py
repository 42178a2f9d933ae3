"""What the tables are made of: a run as its manifest lists it, and what its statistics say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from chromatrack import published
from chromatrack.errors import InputError
from chromatrack.evaluation.measures import Measure
from chromatrack.files import read_json
from chromatrack.reporting.manifest import Manifest, read_manifest
from chromatrack.reporting.said import Part
from chromatrack.reporting.scores import Mean, best_of_each, mean_over_seeds, read_evaluation
from chromatrack.settings.experiments import BASELINE

ON_THESE = "on these sequences"
"""How an alpha was chosen that nothing else chose."""
ROUNDED = 1e-5
"""Means in statistics.json have six digits."""
ONLY = "only one"
"""How it was chosen where there was no choice."""


@dataclass(frozen=True)
class Source:
    """A run, read as far as a table asks.

    Attributes:
        manifest: what the run has.
        statistics: statistics.json; empty where there is none.
    """

    manifest: Manifest
    statistics: Part

    @cached_property
    def benchmark(self) -> dict[str, Any] | None:
        """Scores of the first row, which say what all rows are about; None without rows."""
        rows = self.manifest.rows
        return read_evaluation(rows[0].evaluation) if rows else None

    @cached_property
    def means(self) -> list[Mean]:
        """Trackers over their seeds, where they were scored on the benchmark of the thesis."""
        if self.benchmark is None or self.benchmark.get("benchmark") != published.BENCHMARK:
            return []
        return mean_over_seeds(self.manifest.rows)

    def baseline(self, beside: Mean) -> Mean | None:
        """The baseline over the seeds that a tracker has."""
        rows = self.manifest.rows
        key = (beside.experiment, beside.alpha)
        seeds = {row.seed for row in rows if (row.experiment, row.alpha) == key}
        same = [row for row in rows if row.experiment == BASELINE and row.seed in seeds]
        return mean_over_seeds(same)[0] if same else None

    @property
    def measure(self) -> Measure:
        """That trackers are ranked by; there are means."""
        told = self.benchmark["measures"][self.means[0].first]
        return Measure.from_declared(told)

    def data_set(self, evaluation: Mapping[str, Any] | None = None) -> str:
        """Where numbers of this run are from, said so that nobody takes them for a benchmark's.

        Args:
            evaluation: scores.json of another benchmark than the summary's.
        """
        if evaluation is None:
            return self.manifest.heading
        return f"{evaluation['title']}: {self.manifest.extent(evaluation)}"

    def here(self, evaluation: Mapping[str, Any] | None = None) -> str:
        """What "here" means, and in what it is smaller than the thesis.

        Args:
            evaluation: scores.json of another benchmark than the summary's.
        """
        data_set = self.data_set(evaluation)
        return " ".join((f"Here: {data_set}{'' if data_set.endswith('.') else '.'}",
                         *self.manifest.notes))  # fmt: skip

    def without(self, what: str) -> str:
        """Why the rows of this run are missing."""
        told = self.benchmark and self.benchmark.get("benchmark")
        if told is not None and told != published.BENCHMARK:
            return f"This run's trackers were scored on {told}: no row of them here."
        return f"This run has no {what}: the thesis's numbers stand alone."

    def spread(self, mean: Mean) -> Part:
        """What the statistics say of one tracker over its seeds: value, difference, p."""
        for row in self.statistics.part("rows").each():
            same = (row.text("experiment"), row.cell("alpha")) == (mean.experiment, mean.alpha)
            if same and mean.tracker in (None, row.text("tracker")):
                return row
        return Part(self.statistics.where)

    def chosen(self) -> list[tuple[Mean, str]]:
        """The baseline, each experiment at its alpha, other trackers; and how alpha was chosen."""
        by_key = {(mean.experiment, mean.alpha): mean for mean in self.means}
        found = []
        for best in best_of_each(self.means):
            if best.alpha is None:
                found.append((best, ""))
                continue
            said = self.statistics.part("experiments", best.experiment, "chosen")
            mean = by_key.get((best.experiment, said.cell("alpha")))
            single = sum(one.experiment == best.experiment for one in self.means) == 1
            if mean:
                found.append((mean, said.text("way")))
            else:
                found.append((best, ONLY if single else ON_THESE))
        return found


def read_source(manifest: Path, statistics: Path | None) -> Source:
    """Read both files.

    Raises:
        InputError: they are not what their writers make, or not of the same benchmark.
    """
    said = Part(str(statistics), read_json(statistics)) if statistics else Part("no statistics")
    source = Source(read_manifest(manifest), said)
    about = said.text("benchmark")
    scored = source.benchmark and source.benchmark.get("benchmark")
    if about and scored and about != scored:
        raise InputError(
            f"{statistics}: is about {about!r}, the rows of {manifest} about {scored!r}"
        )
    for mean in source.means:
        told = source.spread(mean).number("value", "mean")
        if told is not None and abs(told - mean.score) > ROUNDED:
            raise InputError(
                f"{statistics}: is not about {manifest}: its {mean.label} of experiment "
                f"{mean.experiment} has {told:g}, which is {mean.score:g} there"
            )
    return source
