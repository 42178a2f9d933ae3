"""Average overlap and success rates of GOT-10k, as the got10k toolkit computes them on val.

Frame 1, where the tracker is given the ground truth, does not count, nor do frames in which the
target is hidden. Both boxes are cut to the image first. All frames of all sequences weigh the same.
(Huang, Zhao and Huang, PAMI 2019.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chromatrack.metrics.boxes import iou_ltwh

THRESHOLDS = np.linspace(0, 1, 101)
_ONE_BASED = np.array([1.0, 1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Summary:
    """What GOT-10k says of overlaps.

    Attributes:
        average_overlap: AO, the mean.
        success_rate_50: SR0.5, share of frames with an overlap above 0.5.
        success_rate_75: SR0.75.
        success_curve: (101,) share of frames above 0, 0.01, ..., 1.
    """

    average_overlap: float
    success_rate_50: float
    success_rate_75: float
    success_curve: np.ndarray


def counted_overlaps(
    results_ltwh: np.ndarray,
    annotations_ltwh: np.ndarray,
    cover: np.ndarray,
    image_wh: tuple[float, float],
) -> np.ndarray:
    """Overlaps of the frames that count.

    Args:
        results_ltwh: (N, 4) in pixels, 0-based.
        annotations_ltwh: (N, 4).
        cover: (N,) visible share of the target in eighths; 0 is hidden.
        image_wh: width and height of the frames in pixels.

    Returns:
        (M,) float64, M < N; 0 where a result is not finite.
    """
    counted = np.flatnonzero(np.asarray(cover)[1:] > 0) + 1
    results = _cut_to_image(results_ltwh[counted], image_wh)
    return iou_ltwh(results, _cut_to_image(annotations_ltwh[counted], image_wh))


def summarize(overlaps: np.ndarray) -> Summary:
    """AO, SR0.5, SR0.75 and the success curve of (M,) overlaps, M > 0."""
    if len(overlaps) == 0:
        raise ValueError("expected at least one frame")
    return Summary(
        average_overlap=float(np.mean(overlaps)),
        success_rate_50=float(np.mean(overlaps > 0.5)),
        success_rate_75=float(np.mean(overlaps > 0.75)),
        success_curve=np.mean(overlaps[:, None] > THRESHOLDS[None, :], axis=0),
    )


def _cut_to_image(boxes_ltwh: np.ndarray, image_wh: tuple[float, float]) -> np.ndarray:
    """As the toolkit cuts: 1-based boxes to 0..width, and what is cut off to the left or above is
    not taken from width and height."""
    boxes = boxes_ltwh + _ONE_BASED
    position = np.clip(boxes[:, :2], 0, image_wh)
    size = np.clip(boxes[:, 2:], 0, np.array(image_wh) - position)
    return np.concatenate([position, size], axis=1)
