"""Score boxes of a tracker on GOT-10k val, and pack those of GOT-10k test for its server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.got10k_results import (
    Truth,
    read_repetitions,
    read_times,
    read_truth,
    write_archive,
)
from chromatrack.data.images import list_frames
from chromatrack.data.text import read_names
from chromatrack.errors import InputError
from chromatrack.files import digest_arrays, made_by, write_json
from chromatrack.metrics import got10k
from chromatrack.stages.evaluation.tracks import check_one_run


def evaluate_got10k(
    annotations: Path,
    results: Path,
    output: Path | None = None,
    *,
    tracker_name: str | None = None,
    subset: bool = False,
) -> dict[str, Any]:
    """Score a folder of results and write the scores as JSON.

    Args:
        annotations: list.txt, and NAME/ with groundtruth.txt, cover.label and meta_info.ini.
        results: NAME/NAME_001.txt and further repetitions, or NAME.txt; x,y,w,h, 1-based.
        subset: score the sequences that have results, instead of refusing when some have none.

    Returns:
        What the file holds: average_overlap, success_rate_50, success_rate_75, success_curve,
        sequences, frames (those that count, of all repetitions), frames_per_second (frames over
        time, None unless all times were kept), per_sequence, the arguments and made_by.

    Raises:
        InputError: results are missing, or a result has not one box per frame.
    """
    found = _found(annotations, results, subset)
    check_one_run(results, found)
    overlaps, read = {}, {}
    for name, repetitions in found.items():
        truth = read_truth(annotations / name)
        _check_rows(results, name, repetitions, len(truth.boxes_ltwh))
        overlaps[name] = _overlaps(repetitions, truth)
        read[name] = [truth.boxes_ltwh, truth.cover, *repetitions]
    counted = {name: values for name, values in overlaps.items() if len(values)}
    if not counted:
        raise InputError(f"{annotations}: expected frames with a visible target, got none")
    settings = {"tracker": tracker_name, "subset": subset}
    made = made_by("evaluate_got10k", settings=settings)
    made["inputs"] = {name: digest_arrays(arrays) for name, arrays in read.items()}
    evaluation = {
        **_numbers(total := got10k.summarize(np.concatenate(list(counted.values())))),
        "sequences": len(found),
        "frames": sum(map(len, counted.values())),
        "frames_per_second": _speed(results, list(found)),
        "success_curve": total.success_curve.tolist(),
        "per_sequence": {
            name: {**_numbers(got10k.summarize(values)), "frames": len(values)}
            for name, values in counted.items()
        },
        **settings,
        "made_by": made,
    }
    if output is not None:
        write_json(output, evaluation)
    return evaluation


def pack_got10k(root: Path, results: Path, output: Path) -> int:
    """Write the archive for the GOT-10k server; returns the number of sequences.

    Args:
        root: folder with list.txt and the frames, such as GOT-10k/test.
        results: as for `evaluate_got10k`, with the times of each frame.

    Raises:
        InputError: a sequence has no results, no times, or not one row of each per frame.
    """
    packed = {}
    for name, repetitions in _found(root, results, subset=False).items():
        frames = len(list_frames(root / name))
        _check_rows(results, name, repetitions, frames)
        times = read_times(results, name)
        if times is None:
            raise InputError(f"{results}: expected the seconds of each frame of {name}, found none")
        if times.shape != (frames, len(repetitions)):
            raise InputError(
                f"{results}: {name}: expected times of {frames} frames and {len(repetitions)} "
                f"repetitions, got {times.shape[0]} and {times.shape[1]}"
            )
        numbers = [*repetitions, times]
        if not all(np.isfinite(values).all() for values in numbers) or (times < 0).any():
            raise InputError(
                f"{results}: {name}: expected finite boxes, and times of 0 seconds or more"
            )
        packed[name] = repetitions, times
    write_archive(output, packed)
    return len(packed)


def _found(root: Path, results: Path, subset: bool) -> dict[str, list[np.ndarray]]:
    names = read_names(root / "list.txt")
    found = {name: read_repetitions(results, name) for name in names}
    missing = [name for name in names if not found[name]]
    if missing and (not subset or len(missing) == len(names)):
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise InputError(
            f"{results}: results of {len(missing)} of {len(names)} sequences are missing "
            f"({', '.join(missing[:8])}{more})"
        )
    return {name: repetitions for name, repetitions in found.items() if repetitions}


def _check_rows(results: Path, name: str, repetitions: list[np.ndarray], frames: int) -> None:
    for boxes in repetitions:
        if len(boxes) != frames:
            raise InputError(
                f"{results}: {name}: expected {frames} boxes, one per frame, got {len(boxes)}"
            )


def _overlaps(repetitions: list[np.ndarray], truth: Truth) -> np.ndarray:
    return np.concatenate(
        [
            got10k.counted_overlaps(boxes, truth.boxes_ltwh, truth.cover, truth.image_wh)
            for boxes in repetitions
        ]
    )


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
