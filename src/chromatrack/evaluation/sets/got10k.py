"""GOT-10k: average overlap and success rates on val, and the archive for the server of test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from chromatrack.data import got10k as layout
from chromatrack.data.frames import list_frames
from chromatrack.data.got10k_results import (
    Truth,
    read_repetitions,
    read_times,
    read_truth,
    write_archive,
)
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import read_names
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Scores, Selection
from chromatrack.evaluation.measures import Curve, Measure
from chromatrack.evaluation.selecting import with_results
from chromatrack.files import digest_arrays
from chromatrack.metrics import got10k


@dataclass(frozen=True, kw_only=True)
class GOT10k(Benchmark):
    """Scored over all frames of all sequences in which the target is visible."""

    quick_names: ClassVar[bool] = True

    def sequences(self, selection: Selection) -> list[Sequence]:
        names = _names(selection)
        found = [layout.read_sequence(selection.root / name) for name in names]
        return [sequence.first(selection.max_frames) for sequence in found]

    def names(self, selection: Selection) -> list[str]:
        return _names(selection)

    def problem(self, selection: Selection, name: str) -> str | None:
        try:
            layout.read_sequence(selection.root / name)
            read_truth(selection.root / name)
        except InputError as error:
            return str(error)
        return None

    def score(
        self, selection: Selection, results: Path, *, protocol: str, subset: bool = False
    ) -> Scores:
        found = {name: read_repetitions(results, name) for name in _names(selection)}
        overlaps, read = {}, []
        for name, repetitions in with_results(found, results, subset=subset).items():
            whole = read_truth(selection.root / name)
            truth = _cut(whole, selection.max_frames)
            _check_rows(results, name, repetitions, len(truth.boxes_ltwh), len(whole.boxes_ltwh))
            repetitions = [boxes[: selection.max_frames] for boxes in repetitions]
            overlaps[name] = np.concatenate(
                [
                    got10k.counted_overlaps(boxes, truth.boxes_ltwh, truth.cover, truth.image_wh)
                    for boxes in repetitions
                ]
            )
            read.append((truth.boxes_ltwh, truth.cover, *repetitions))
        counted = {name: values for name, values in overlaps.items() if len(values)}
        if not counted:
            raise InputError(f"{selection.root}: expected frames with a visible target, got none")
        total = got10k.summarize(np.concatenate(list(counted.values())))
        return Scores(
            values=_numbers(total),
            per_unit={
                name: {**_numbers(got10k.summarize(values)), "frames": len(values)}
                for name, values in counted.items()
            },
            frames=sum(map(len, counted.values())),
            curves={"success": total.success_curve},
            more={
                "sequences": len(overlaps),
                "frames_per_second": _speed(results, list(overlaps)),
            },
            inputs={
                "annotations": digest_arrays(part for one in read for part in one[:2]),
                "results": digest_arrays(part for one in read for part in one[2:]),
            },
        )

    def archive(self, selection: Selection, results: Path, output: Path) -> int:
        """Write the archive for the GOT-10k server.

        Raises:
            InputError: a sequence has no results, no times, or not one row of each per frame.
        """
        found = {name: read_repetitions(results, name) for name in _names(selection)}
        packed = {}
        for name, repetitions in with_results(found, results, subset=None).items():
            frames = len(list_frames(selection.root / name))
            _check_rows(results, name, repetitions, frames, frames)
            packed[name] = repetitions, _times(results, name, frames, repetitions)
        write_archive(output, packed)
        return len(packed)


def _names(selection: Selection) -> list[str]:
    names = read_names(selection.root / "list.txt")
    if not names:
        raise InputError(f"{selection.root / 'list.txt'}: expected sequences, found none")
    if selection.names is None:
        return names
    wanted = read_names(selection.names)
    missing = [name for name in wanted if name not in names]
    if missing or not wanted:
        what = f"has no sequence {missing[0]!r}" if missing else "no names were asked for"
        raise InputError(f"{selection.root / 'list.txt'}: {what}")
    return wanted


def _cut(truth: Truth, frames: int | None) -> Truth:
    return Truth(truth.boxes_ltwh[:frames], truth.cover[:frames], truth.image_wh)


def _check_rows(
    results: Path, name: str, repetitions: list[np.ndarray], frames: int, whole: int
) -> None:
    """A box for each of the frames that count, or of all of the sequence."""
    for boxes in repetitions:
        if not frames <= len(boxes) <= whole:
            expected = f"{frames}" if frames == whole else f"{frames} to {whole}"
            raise InputError(
                f"{results}: {name}: expected {expected} boxes, one per frame, got {len(boxes)}"
            )


def _times(results: Path, name: str, frames: int, repetitions: list[np.ndarray]) -> np.ndarray:
    """Seconds (N, repetitions), checked for the server."""
    times = read_times(results, name)
    if times is None:
        raise InputError(f"{results}: expected the seconds of each frame of {name}, found none")
    if times.shape != (frames, len(repetitions)):
        raise InputError(
            f"{results}: {name}: expected times of {frames} frames and {len(repetitions)} "
            f"repetitions, got {times.shape[0]} and {times.shape[1]}"
        )
    finite = all(np.isfinite(values).all() for values in (*repetitions, times))
    if not finite or (times < 0).any():
        raise InputError(
            f"{results}: {name}: expected finite boxes, and times of 0 seconds or more"
        )
    return times


def _numbers(summary: got10k.Summary) -> dict[str, float]:
    return {
        "average_overlap": summary.average_overlap,
        "success_rate_50": summary.success_rate_50,
        "success_rate_75": summary.success_rate_75,
    }


def _speed(results: Path, names: list[str]) -> float | None:
    times = [read_times(results, name) for name in names]
    if any(seconds is None for seconds in times):
        return None
    total = sum(float(seconds.sum()) for seconds in times)
    return sum(seconds.size for seconds in times) / total if total > 0 else None


BENCHMARK = GOT10k(
    name="got10k",
    title="GOT-10k val",
    size=(180, 21_007),
    demo="got10k/val",
    measures=(
        Measure("average_overlap", "AO"),
        Measure("success_rate_50", "SR 0.5"),
        Measure("success_rate_75", "SR 0.75"),
    ),
    headline=("average_overlap", "success_rate_50"),
    draws=(
        Curve(
            "success", "Success", "overlap threshold", "success rate", tuple(got10k.THRESHOLDS),
            "average_overlap", "AO",
        ),
    ),
    note="AO: mean overlap over the frames in which the target is visible, without the first of "
    "each sequence. SR: share of them whose overlap is above 0.5 or 0.75.",
)  # fmt: skip
