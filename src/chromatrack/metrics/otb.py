"""Success and precision of the object tracking benchmark (OTB), by two conventions.

Success: share of frames whose overlap is strictly greater than a threshold, at 21 thresholds.
Precision: share of frames whose centre error is at most a threshold, at 51 thresholds.
Frame 1, where the tracker is given the ground truth, counts. A data set is the mean over targets,
not over frames. (Wu, Lim and Yang, PAMI 2015; thesis 5.2.1.)

`got10k` is what the got10k toolkit computes, bit for bit: its thresholds, and boxes 1-based as they
stand in the files, because with strict comparison the last bit decides. `matlab` is what the
benchmark's own toolkit makes of the same boxes; docs/otb.md lists the differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chromatrack.metrics.boxes import center_error, iou_ltwh

Convention = Literal["got10k", "matlab"]

SUCCESS_THRESHOLDS = np.linspace(0, 1, 21)
MATLAB_THRESHOLDS = np.array([i * 0.05 if i <= 10 else 1 - (20 - i) * 0.05 for i in range(21)])
"""0:0.05:1 as MATLAB counts it, from both ends: not k/20 in the last bit."""
PRECISION_THRESHOLDS = np.arange(51, dtype=np.float64)
NORMALIZED_THRESHOLDS = np.arange(51) / 100
PRECISION_PIXELS = 20
CURVES = ("success", "precision", "normalized")
NOT_ANNOTATED = -1.0
"""Overlap and errors where MATLAB finds no ground truth: fails overlap, is right in precision."""
_ONE_BASED = np.array([1.0, 1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Frames:
    """What is measured in each frame.

    Attributes:
        overlap: (N,) intersection over union.
        error: (N,) distance of the centres in pixels.
        normalized: (N,) the same in target sizes.
    """

    overlap: np.ndarray
    error: np.ndarray
    normalized: np.ndarray


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


def success_curve(overlaps: np.ndarray, thresholds: np.ndarray = SUCCESS_THRESHOLDS) -> np.ndarray:
    """(N,) overlaps to (21,) shares of frames above each threshold; NaN is a failure."""
    overlaps = np.nan_to_num(np.asarray(overlaps, dtype=np.float64), nan=0.0)
    return np.mean(overlaps[:, None] > thresholds[None, :], axis=0)


def precision_curve(
    errors: np.ndarray, thresholds: np.ndarray = PRECISION_THRESHOLDS
) -> np.ndarray:
    """(N,) centre errors to (K,) shares of frames within each threshold; NaN is a failure."""
    return np.mean(np.asarray(errors, dtype=np.float64)[:, None] <= thresholds[None, :], axis=0)


def as_tracked(
    results_ltwh: np.ndarray, annotations_ltwh: np.ndarray, convention: Convention = "got10k"
) -> np.ndarray:
    """Results (N, 4) as both toolkits take them: their first row is the ground truth.

    MATLAB's toolkit also repeats the row before where a row is all NaN or has no area. A result
    that is short of rows is NaN there in MATLAB's, which divides by the number of annotated frames;
    got10k's cuts the annotation: then (M, 4), M < N.
    """
    results = np.array(results_ltwh, dtype=np.float64)
    if convention == "matlab":
        missing = np.isnan(results).all(axis=1) | (results[:, 2:] <= 0).any(axis=1)
        last_good = np.maximum.accumulate(np.where(missing, 0, np.arange(len(results))))
        results = results[last_good]
        short = np.full((len(annotations_ltwh) - len(results), 4), np.nan)
        results = np.concatenate([results, short])
    results[0] = annotations_ltwh[0]
    return results


def measure(
    results_ltwh: np.ndarray, annotations_ltwh: np.ndarray, convention: Convention = "got10k"
) -> Frames:
    """Overlap and errors in each frame of (N, 4) results and (N, 4) ground truth, both 0-based."""
    results, annotations = results_ltwh + _ONE_BASED, annotations_ltwh + _ONE_BASED
    frames = Frames(
        overlap=iou_ltwh(results, annotations),
        error=center_error(results, annotations),
        normalized=center_error(results, annotations, relative=True),
    )
    if convention == "matlab":
        annotated = (annotations > 0).all(axis=1)
        frames = Frames(
            *(
                np.where(annotated, values, NOT_ANNOTATED)
                for values in (frames.overlap, frames.error, frames.normalized)
            )
        )
    return frames


def score_frames(frames: Frames, convention: Convention = "got10k") -> Score:
    """The curves over frames."""
    if len(frames.overlap) == 0:
        raise ValueError("expected at least one frame")
    thresholds = MATLAB_THRESHOLDS if convention == "matlab" else SUCCESS_THRESHOLDS
    return Score(
        success=success_curve(frames.overlap, thresholds),
        precision=precision_curve(frames.error),
        normalized=precision_curve(frames.normalized, NORMALIZED_THRESHOLDS),
    )


def score_target(
    results_ltwh: np.ndarray, annotations_ltwh: np.ndarray, convention: Convention = "got10k"
) -> Score:
    """Score of one target from (N, 4) results and (N, 4) ground truth, N > 0."""
    return score_frames(measure(results_ltwh, annotations_ltwh, convention), convention)


def mean_score(scores: Iterable[Score], convention: Convention = "got10k") -> Score:
    """Mean over targets, each weighing the same; MATLAB leaves curves out that are all zero."""
    scores = list(scores)
    if not scores:
        raise ValueError("expected at least one target")
    means = {}
    for curve in CURVES:
        values = np.array([getattr(score, curve) for score in scores])
        counted = values[values.any(axis=1)] if convention == "matlab" else values
        means[curve] = np.mean(counted, axis=0) if len(counted) else values[0]
    return Score(**means)


def join_starts(
    scores: Sequence[Score], frames: Sequence[int], convention: Convention = "got10k"
) -> Score:
    """One target's score from those of its starts (TRE, SRE), in frames each.

    Their plain mean; MATLAB's toolkit pools the frames of all starts, so that long ones weigh more.
    """
    weights = np.array(frames) if convention == "matlab" else None
    return Score(
        **{
            curve: np.average([getattr(score, curve) for score in scores], axis=0, weights=weights)
            for curve in CURVES
        }
    )
