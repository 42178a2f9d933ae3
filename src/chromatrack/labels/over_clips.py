"""From the analysis of single clips to the data set: means, intervals, comparisons, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from chromatrack.labels.analysis import Consistency

MEASURES = tuple(field.name for field in fields(Consistency))
CHANNELS = ("l", "a", "b")
BOOTSTRAP_CLIPS = 5
"""Fewer clips than this get no confidence interval: resampling so few says little."""
RESAMPLES = 2000

Variant = tuple[str, int]
"""An equalisation mode and a number of colours."""


@dataclass(frozen=True)
class ClipResult:
    """What one clip contributes.

    Attributes:
        clip_id: its id.
        frames: how many of its frames were analysed.
        still: percent of the cells that stand still between two kept frames; NaN for one frame.
        measured: what each variant gives.
        lab_sums: mode -> (2, 3) sums and sums of squares of L, a, b in [0, 1].
        pixels: how many were summed.
    """

    clip_id: str
    frames: int
    still: float
    measured: Mapping[Variant, Consistency]
    lab_sums: Mapping[str, np.ndarray]
    pixels: int


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % confidence interval; NaN bounds where there are too few clips."""

    value: float
    low: float
    high: float


def means(results: Sequence[ClipResult]) -> dict[Variant, dict[str, Estimate]]:
    """Variant -> measure -> mean over the clips that have it."""
    return {
        variant: {name: mean(_values(results, variant, name)) for name in MEASURES}
        for variant in results[0].measured
    }


def comparisons(results: Sequence[ClipResult]) -> dict[Variant, dict[str, Estimate]]:
    """Each mode beside `none` of the same k: measure -> how many times as much.

    Empty where `none` was not analysed.
    """
    variants = results[0].measured
    return {
        (mode, colours): {
            name: ratio(
                _values(results, (mode, colours), name), _values(results, ("none", colours), name)
            )
            for name in MEASURES
        }
        for mode, colours in variants
        if mode != "none" and ("none", colours) in variants
    }


def mean(values: np.ndarray) -> Estimate:
    """Mean of the (n,) values that are numbers; percentile bootstrap over clips."""
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return Estimate(np.nan, np.nan, np.nan)
    return _estimate(values.mean(), _bootstrap_means(values))


def ratio(values: np.ndarray, base: np.ndarray) -> Estimate:
    """Mean of `values` over mean of `base`, both (n,) and of the same clips, resampled together."""
    both = np.isfinite(values) & np.isfinite(base)
    values, base = values[both], base[both]
    if base.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = _bootstrap_means(values) / _bootstrap_means(base)
    return _estimate(values.mean() / base.mean(), ratios[np.isfinite(ratios)])


def lab_statistics(results: Sequence[ClipResult], mode: str) -> tuple[np.ndarray, np.ndarray]:
    """(3,) mean and (3,) standard deviation of L, a, b in [0, 1] over all pixels."""
    pixels = sum(result.pixels for result in results)
    average, squares = sum(result.lab_sums[mode] for result in results) / pixels
    return average, np.sqrt(np.maximum(squares - average**2, 0))


def means_csv(results: Sequence[ClipResult]) -> str:
    """One row per variant: means over clips with their intervals, and the Lab statistics."""
    header = ["equalization", "colours", "clips"]
    for name in MEASURES:
        header += [name, f"{name}_low", f"{name}_high"]
    header += [f"{what}_{channel}" for what in ("mean", "std") for channel in CHANNELS]
    rows = []
    for (mode, colours), estimates in means(results).items():
        row = [mode, colours, len(results)]
        for name in MEASURES:
            row += [estimates[name].value, estimates[name].low, estimates[name].high]
        rows.append([*row, *np.concatenate(lab_statistics(results, mode))])
    return _csv(header, rows)


def clips_csv(results: Sequence[ClipResult]) -> str:
    """One row per clip and variant."""
    rows = (
        [result.clip_id, result.frames, result.still, mode, colours]
        + [getattr(measured, name) for name in MEASURES]
        for result in results
        for (mode, colours), measured in result.measured.items()
    )
    return _csv(["clip_id", "frames", "still", "equalization", "colours", *MEASURES], rows)


def _values(results: Sequence[ClipResult], variant: Variant, measure: str) -> np.ndarray:
    return np.array([getattr(result.measured[variant], measure) for result in results])


def _bootstrap_means(values: np.ndarray) -> np.ndarray:
    """Means of resamples with replacement; equal for equal length, so that pairs stay pairs."""
    if len(values) < BOOTSTRAP_CLIPS:
        return np.empty(0)
    drawn = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    return values[drawn].mean(axis=1)


def _estimate(value: float, resampled: np.ndarray) -> Estimate:
    if len(resampled) == 0:
        return Estimate(float(value), np.nan, np.nan)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def _csv(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """CSV text; numbers with six digits, what cannot be measured empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.6g}"
    return value
