"""One-pass evaluation of the object tracking benchmark (OTB), as the got10k toolkit computes it.

Success: share of frames whose overlap is strictly greater than a threshold, at 21 thresholds.
Precision: share of frames whose centre error is at most a threshold, at 51 thresholds.
Frame 1, where the tracker is given the ground truth, counts. A data set is the mean over targets,
not over frames. (Wu, Lim and Yang, PAMI 2015; thesis 5.2.1.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from chromatrack.metrics.boxes import center_error, iou_ltwh

# k / 20 and not linspace: with strict comparison the last bit of a threshold decides.
SUCCESS_THRESHOLDS = np.arange(21) / 20
PRECISION_THRESHOLDS = np.arange(51, dtype=np.float64)
NORMALIZED_THRESHOLDS = np.arange(51) / 100
PRECISION_PIXELS = 20


@dataclass(frozen=True)
class Score:
    """The curves of one target, or their mean over several targets.

    Attributes:
        success: (21,) share of frames with overlap > 0, 0.05, ..., 1.
        precision: (51,) share of frames with centre error <= 0, 1, ..., 50 pixels.
        normalized: (51,) share of frames with centre error <= 0, 0.01, ..., 0.5 target sizes.
    """

    success: np.ndarray
    precision: np.ndarray
    normalized: np.ndarray

    @property
    def success_auc(self) -> float:
        """Plain mean of the success curve: 20/21 for a perfect tracker."""
        return float(np.mean(self.success))

    @property
    def precision_20(self) -> float:
        """Share of frames with a centre error of at most 20 pixels."""
        return float(self.precision[PRECISION_PIXELS])

    @property
    def normalized_precision_auc(self) -> float:
        """Plain mean of the normalised precision curve (TrackingNet)."""
        return float(np.mean(self.normalized))


def success_curve(overlaps: np.ndarray) -> np.ndarray:
    """(N,) overlaps to (21,) shares of frames above each threshold; NaN is a failure."""
    overlaps = np.nan_to_num(np.asarray(overlaps, dtype=np.float64), nan=0.0)
    return np.mean(overlaps[:, None] > SUCCESS_THRESHOLDS[None, :], axis=0)


def precision_curve(
    errors: np.ndarray, thresholds: np.ndarray = PRECISION_THRESHOLDS
) -> np.ndarray:
    """(N,) centre errors to (K,) shares of frames within each threshold; NaN is a failure."""
    return np.mean(np.asarray(errors, dtype=np.float64)[:, None] <= thresholds[None, :], axis=0)


def score_target(results_ltwh: np.ndarray, annotations_ltwh: np.ndarray) -> Score:
    """Score of one target from (N, 4) results and (N, 4) ground truth, N > 0."""
    if len(annotations_ltwh) == 0:
        raise ValueError("expected at least one frame")
    return Score(
        success=success_curve(iou_ltwh(results_ltwh, annotations_ltwh)),
        precision=precision_curve(center_error(results_ltwh, annotations_ltwh)),
        normalized=precision_curve(
            center_error(results_ltwh, annotations_ltwh, relative=True), NORMALIZED_THRESHOLDS
        ),
    )


def mean_score(scores: Iterable[Score]) -> Score:
    """Mean over targets, each weighing the same."""
    scores = list(scores)
    if not scores:
        raise ValueError("expected at least one target")
    return Score(
        success=np.mean([score.success for score in scores], axis=0),
        precision=np.mean([score.precision for score in scores], axis=0),
        normalized=np.mean([score.normalized for score in scores], axis=0),
    )
