"""Benchmarks of boxes that are scored as OTB is: success, precision, normalised precision.

A further one is a reader of its layout:

    BENCHMARK = OnePass(name="dtb70", title="DTB70", read=read_sequences)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Scores, Selection
from chromatrack.evaluation.boxes import evaluate_boxes
from chromatrack.evaluation.measures import Curve, Measure
from chromatrack.metrics.otb import (
    NORMALIZED_THRESHOLDS,
    PRECISION_PIXELS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
)

MEASURES = (
    Measure("success_auc", "success AUC"),
    Measure("precision_20", f"precision at {PRECISION_PIXELS} px"),
    Measure("normalized_precision_auc", "normalised precision AUC"),
)

CURVES = (
    Curve(
        "success", "Success", "overlap threshold", "success rate",
        tuple(SUCCESS_THRESHOLDS.tolist()), "success_auc", "success AUC",
    ),
    Curve(
        "precision", "Precision", "centre error threshold (pixels)", "precision",
        tuple(PRECISION_THRESHOLDS.tolist()), "precision_20", f"at {PRECISION_PIXELS} pixels",
        mark=float(PRECISION_PIXELS),
    ),
    Curve(
        "normalized_precision", "Normalised precision", "centre error threshold (target sizes)",
        "normalised precision", tuple(NORMALIZED_THRESHOLDS.tolist()), "normalized_precision_auc",
        "AUC",
    ),
)  # fmt: skip


class ReadSequences(Protocol):
    """Reads a benchmark's folder."""

    def __call__(self, root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
        """Its targets, sorted by name, with frames and 0-based boxes; NaN where one is absent.

        Args:
            names: a file of names or the name of a published list; None: all.
            edition: one of the benchmark's editions, where it has any.

        Raises:
            InputError: what is there cannot be read; says what was seen and what would help.
        """


@dataclass(frozen=True, kw_only=True)
class OnePass(Benchmark):
    """Scored as OTB is.

    Attributes:
        read: reads its layout.
        annotations: reads its boxes without its frames, and is told whether targets that are not
            there may be left out; None: by `read`.
    """

    read: ReadSequences
    annotations: Callable[[Selection, bool], Mapping[str, np.ndarray]] | None = None
    protocols: tuple[str, ...] = ("ope", "tre", "sre")
    measures: tuple[Measure, ...] = MEASURES
    headline: tuple[str, ...] = ("success_auc", "precision_20")
    draws: tuple[Curve, ...] = CURVES
    note: str = (
        "Success AUC: mean over 21 thresholds of the share of frames whose overlap exceeds them. "
        "Precision: share of frames whose centre lies within 20 pixels of the true one; "
        "normalised: of sizes of the target, mean over 51 thresholds. Means are over targets."
    )

    score_options: ClassVar[tuple[str, ...]] = ("convention", "per_frame", "of")

    def sequences(self, selection: Selection) -> list[Sequence]:
        edition = self.chosen_edition(selection)
        found = self.read(selection.root, names=selection.names, edition=edition)
        if not found:
            raise InputError(f"{selection.root}: expected sequences of {self.title}, found none")
        return [sequence.first(selection.max_frames) for sequence in found]

    def truth(self, selection: Selection, *, subset: bool = False) -> Mapping[str, np.ndarray]:
        """Target -> boxes_ltwh (N, 4), 0-based, uncut; NaN in frames that do not count."""
        if self.annotations is not None:
            return self.annotations(selection, subset)
        edition = self.chosen_edition(selection)
        found = self.read(selection.root, names=selection.names, edition=edition)
        return {sequence.name: sequence.boxes_ltwh for sequence in found}

    def groups(
        self, selection: Selection, targets: Collection[str]
    ) -> Mapping[str, Collection[str]] | None:
        """Attribute -> the targets that have it, where those of all `targets` are known."""
        return None

    def score(
        self,
        selection: Selection,
        results: Path,
        *,
        protocol: str,
        subset: bool = False,
        convention: str = "got10k",
        per_frame: Path | None = None,
        of: str | None = None,
    ) -> Scores:
        """See `Benchmark.score`.

        Args:
            convention: whose rules count where toolkits differ (docs/evaluation.md).
            per_frame: CSV file to write with overlap and errors of each frame.
            of: whose results, in a folder of several trackers'.
        """
        truth = self.truth(selection, subset=subset)
        told = evaluate_boxes(
            truth,
            results,
            groups=self.groups(selection, () if subset else truth),
            frames_limit=selection.max_frames,
            subset=subset,
            protocol=protocol,
            convention=convention,
            per_frame=per_frame,
            tracker=of,
        )
        return Scores(
            values={measure.key: told[measure.key] for measure in self.measures},
            per_unit=told["per_sequence"],
            frames=told["frames"],
            curves={curve.key: np.array(told[f"{curve.key}_curve"]) for curve in self.draws},
            groups=told["per_attribute"],
            more={
                "frames_per_second": told["frames_per_second"],
                "left_out_of_mean": told["left_out_of_mean"],
                "convention": convention,
                **({"overlaps": told["overlaps"]} if protocol == "ope" else {}),
            },
            inputs=told["inputs"],
            runs=told["runs"],
        )
