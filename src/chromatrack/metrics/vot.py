"""Supervised experiment of the VOT challenge: accuracy, failures, expected average overlap.

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
"""For each challenge the first and last entry of the curve whose mean is the EAO, in frames."""


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


def eao(
    runs: Sequence[tuple[np.ndarray, bool]], low: int, high: int
) -> tuple[float | None, int | None]:
    """Mean of the EAO curve from entry `low` to `high`, both included.

    As the toolkit does, the mean is over the part of the interval that the longest run reaches:
    compare it with others' only where that is all of it.

    Returns:
        The mean, None where no run reaches `low`; and the last entry in it, None with it.
    """
    curve = eao_curve(runs) if runs else np.zeros(0)
    part = curve[low : high + 1]
    return (float(np.mean(part)), low + len(part) - 1) if len(part) else (None, None)


def summarize(
    sequences: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]], challenge: str = "vot2018"
) -> dict:
    """What the report shows of one tracker.

    Args:
        sequences: for each sequence, of which there is at least one, its repetitions, each
            (overlaps (N,), states (N,)).
        challenge: a key of `EAO_INTERVALS`.

    Returns:
        accuracy (mean over sequences, weighted by frames), failures (sum over sequences of the mean
        over repetitions), robustness (failures per 100 frames, as challenges publish it),
        robustness_toolkit (mean failures of a sequence, weighted by frames: what vot-toolkit calls
        robustness), eao (or None), eao_interval, eao_until (last entry of the interval that the
        sequences reach), challenge, frames and per_sequence {name: accuracy, failures, frames}.
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
    lost = [entry["failures"] for entry in entries]
    interval = EAO_INTERVALS[challenge]
    expected, until = eao(runs, *interval)
    return {
        "accuracy": float(np.average([entry["accuracy"] for entry in entries], weights=frames)),
        "failures": sum(lost),
        "robustness": 100 * sum(lost) / sum(frames),
        "robustness_toolkit": float(np.average(lost, weights=frames)),
        "eao": expected,
        "eao_interval": list(interval),
        "eao_until": until,
        "challenge": challenge,
        "frames": sum(frames),
        "per_sequence": per_sequence,
    }


def _checked(states: np.ndarray) -> np.ndarray:
    states = np.asarray(states)
    if states.ndim != 1 or not np.isin(states, (SKIPPED, INITIALIZED, TRACKED, FAILED)).all():
        raise ValueError("states: expected a row of 0 (skipped), 1 (initialised), 2, 3 (failed)")
    return states
