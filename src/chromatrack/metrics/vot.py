"""Supervised experiment of the VOT challenge: region overlap, accuracy, failures, EAO.

The tracker is started on the ground truth. A frame without overlap is a failure; the tracker is
started again `RESTART_AFTER` frames later, and the first `BURN_IN` frames after each start do not
count for accuracy. (Kristan et al., PAMI 2016; votchallenge/toolkit; thesis 5.5.1.)

What happened in each frame is a row of `states`, one int per frame:

    SKIPPED      0  no tracker was running (between a failure and the next start)
    INITIALIZED  1  the tracker was given the ground truth here
    TRACKED      2  the tracker reported a region, with overlap > 0
    FAILED       3  the reported region had overlap 0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

SKIPPED, INITIALIZED, TRACKED, FAILED = 0, 1, 2, 3
RESTART_AFTER = 5
BURN_IN = 10
EAO_INTERVALS = {
    "vot2015": (108, 371),
    "vot2016": (108, 371),
    "vot2017": (100, 356),
    "vot2018": (100, 356),
    "vot2019": (46, 291),
}
"""First and last sequence length of the mean that is the EAO, in frames."""


def region_overlap(a: np.ndarray, b: np.ndarray, size: tuple[int, int] | None = None) -> float:
    """Overlap of two regions on the pixel grid, as the official toolkit rasterises them.

    Vertices are rounded to whole pixels first, so the value differs a little from that of exact
    polygons. A row is filled between its outermost crossings: exact for convex polygons such as the
    rotated rectangles of VOT.

    Args:
        a: polygon as (2 K,) or (K, 2) x, y in pixels, or box as (4,) left, top, width, height.
        b: the other region.
        size: (height, width) of the image; pixels outside of it do not count. None: no bound.

    Returns:
        Intersection over union in 0..1; 0 if a value is not finite or fewer than two rows or
        columns of pixels are left to compare.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0
    bounds_a, bounds_b = _bounds(a), _bounds(b)
    low = np.minimum(bounds_a[:2], bounds_b[:2])
    high = np.maximum(bounds_a[2:], bounds_b[2:])
    if size is not None:
        low = np.maximum(low, 0)
        high = np.minimum(high, (size[1] - 1, size[0] - 1))
    if (low >= high).any():
        return 0.0
    # Bounded by the union of both regions: far apart regions need no raster to know the answer.
    if (np.maximum(bounds_a[:2], bounds_b[:2]) > np.minimum(bounds_a[2:], bounds_b[2:])).any():
        return 0.0
    start_a, stop_a = _spans(a, low, high)
    start_b, stop_b = _spans(b, low, high)
    both = np.clip(np.minimum(stop_a, stop_b) - np.maximum(start_a, start_b), 0, None).sum()
    either = (stop_a - start_a).sum() + (stop_b - start_b).sum() - both
    return float(both / either) if either else 0.0


def accuracy(overlaps: np.ndarray, states: np.ndarray, burn_in: int = BURN_IN) -> float:
    """Mean overlap over the frames that count; NaN if none does.

    Args:
        overlaps: (N,) overlap of each frame; values of frames that do not count are not looked at.
        states: (N,) see the module.
        burn_in: frames left out from each start on, the start itself included.
    """
    counted = valid_frames(states, burn_in)
    return float(np.mean(np.asarray(overlaps)[counted])) if counted.any() else float("nan")


def valid_frames(states: np.ndarray, burn_in: int = BURN_IN) -> np.ndarray:
    """(N,) bool: frames that count for accuracy: tracked, and not in the burn-in of a start."""
    states = _checked(states)
    counted = states == TRACKED
    for start in np.flatnonzero(states == INITIALIZED):
        counted[start : start + burn_in] = False
    return counted


def failures(states: np.ndarray) -> int:
    """Number of failures."""
    return int(np.count_nonzero(_checked(states) == FAILED))


def split_runs(overlaps: np.ndarray, states: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """Cut one sequence at its starts and failures into runs for `eao`.

    Returns:
        (overlaps from the start up to but without the failure, whether it failed) for each start.
    """
    states, overlaps = _checked(states), np.asarray(overlaps, dtype=np.float64)
    starts = np.flatnonzero(states == INITIALIZED)
    ends = np.append(starts[1:], len(states))
    runs = []
    for start, end in zip(starts, ends, strict=True):
        failed = np.flatnonzero(states[start:end] == FAILED)
        stop = start + failed[0] if len(failed) else end
        runs.append((overlaps[start:stop], bool(len(failed))))
    return runs


def eao_curve(runs: Sequence[tuple[np.ndarray, bool]]) -> np.ndarray:
    """Expected average overlap for each length of sequence.

    Entry j is the mean, over the runs that are still active at j, of the mean overlap of frames
    1..j (frame 0 is the start). A failed run goes on with overlap 0; one that reached the end of
    its sequence stops being active there.

    Args:
        runs: (overlaps of the run, whether it failed), as `split_runs` gives them; not empty.

    Returns:
        (L,) float64, L the longest run.
    """
    length = max(len(overlaps) for overlaps, _ in runs)
    values, active = np.zeros((len(runs), length)), np.zeros((len(runs), length), dtype=bool)
    for row, (overlaps, failed) in enumerate(runs):
        values[row, : len(overlaps)] = overlaps
        active[row, : length if failed else len(overlaps)] = True
    means = values.copy()
    means[:, 1:] = np.cumsum(values[:, 1:], axis=1) / np.arange(1, length)
    return (means * active).sum(axis=0) / np.maximum(active.sum(axis=0), 1)


def eao(runs: Sequence[tuple[np.ndarray, bool]], low: int, high: int) -> float | None:
    """Mean of the EAO curve from length `low` to `high`, both included.

    None if no run is that long: a mean over a part of the interval would look like the benchmark's
    number and not be one.
    """
    if not runs:
        return None
    curve = eao_curve(runs)
    return float(np.mean(curve[low : high + 1])) if len(curve) > high else None


def summarize(
    sequences: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]],
    interval: tuple[int, int] = EAO_INTERVALS["vot2018"],
) -> dict:
    """What the report shows of one tracker.

    Args:
        sequences: for each sequence, of which there is at least one, its repetitions, each
            (overlaps (N,), states (N,)).
        interval: for the EAO.

    Returns:
        accuracy (mean over sequences, weighted by frames), failures (sum over sequences of the mean
        over repetitions), robustness (failures per 100 frames), eao (or None), frames, eao_interval
        and per_sequence {name: accuracy, failures, frames}.
    """
    per_sequence, runs = {}, []
    for name, repetitions in sequences.items():
        per_sequence[name] = {
            # As in the toolkit: a sequence in which no frame counts (failure upon failure) rates 0.
            "accuracy": float(np.mean([np.nan_to_num(accuracy(*one)) for one in repetitions])),
            "failures": float(np.mean([failures(states) for _, states in repetitions])),
            "frames": len(repetitions[0][1]),
        }
        for repetition in repetitions:
            runs += split_runs(*repetition)
    entries = per_sequence.values()
    frames = [entry["frames"] for entry in entries]
    lost = sum(entry["failures"] for entry in entries)
    return {
        "accuracy": float(np.average([entry["accuracy"] for entry in entries], weights=frames)),
        "failures": lost,
        "robustness": 100 * lost / sum(frames),
        "eao": eao(runs, *interval),
        "eao_interval": list(interval),
        "frames": sum(frames),
        "per_sequence": per_sequence,
    }


def _checked(states: np.ndarray) -> np.ndarray:
    states = np.asarray(states)
    if states.ndim != 1 or not np.isin(states, (SKIPPED, INITIALIZED, TRACKED, FAILED)).all():
        raise ValueError("states: expected a row of 0 (skipped), 1 (initialised), 2, 3 (failed)")
    return states


def _bounds(region: np.ndarray) -> np.ndarray:
    """First and last column and row as (left, top, right, bottom), whole pixels."""
    if region.shape == (4,):
        left, top = np.round(region[:2])
        width, height = np.round(region[2:])
        return np.array([left, top, left + width - 1, top + height - 1])
    points = np.round(region.reshape(-1, 2))
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _spans(region: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel row of the window: first column and the one after the last, in the window."""
    width, height = (high - low + 1).astype(int)
    rows = np.arange(height)
    if region.shape == (4,):
        left, top, right, bottom = _bounds(region) - np.concatenate([low, low])
        inside = (rows >= top) & (rows <= bottom)
        first, last = np.full(height, left), np.full(height, right)
    else:
        first, last = _crossings(np.round(region.reshape(-1, 2)) - low, rows)
        inside = np.isfinite(first)
    first = np.where(inside, first, 0)
    last = np.where(inside, last, -1)
    start = np.clip(np.trunc(first), 0, width)
    return start, np.clip(np.trunc(last) + 1, start, width)


def _crossings(points: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outermost x at which the outline of a polygon meets each pixel row; infinite where none."""
    x, y = points.T
    next_x, next_y = np.roll(points, -1, axis=0).T
    level = rows[:, None]
    rise = next_y - y
    meets = (np.minimum(y, next_y) <= level) & (level <= np.maximum(y, next_y))
    share = (level - y) / np.where(rise == 0, 1, rise)
    at = x + np.where(rise == 0, 0, share * (next_x - x))
    # A level edge reaches from end to end; its far end is an end of the neighbouring edge.
    return np.where(meets, at, np.inf).min(axis=1), np.where(meets, at, -np.inf).max(axis=1)
