"""Score segmentations against the masks of DAVIS-2017, semi-supervised (thesis 5.3.6)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data import davis as data
from chromatrack.data.text import folder_name
from chromatrack.errors import InputError
from chromatrack.files import made_by, write_json, write_text
from chromatrack.metrics import davis
from chromatrack.progress import progress

GLOBAL_COLUMNS = {
    "J&F-Mean": "J_and_F", "J-Mean": "J_mean", "J-Recall": "J_recall", "J-Decay": "J_decay",
    "F-Mean": "F_mean", "F-Recall": "F_recall", "F-Decay": "F_decay",
}  # fmt: skip
"""Columns of the official global CSV, and where their values are in the JSON."""


def evaluate_davis(
    annotations: str | Path,
    results: str | Path,
    output: str | Path | None = None,
    *,
    subset: bool = False,
    frames_limit: int | None = None,
) -> dict[str, Any]:
    """Score folders of indexed masks; write the scores as JSON and as the official two CSVs.

    The first frame of a sequence is given to the method and the last one is left out, as in the
    official evaluation; results need not hold them. The objects of a sequence are 1 to the largest
    id of its first mask. A result without an object counts as an empty mask of it.

    Args:
        annotations: folder of NAME/*.png, or the root of DAVIS-2017 (then the val list counts).
        results: folder of NAME/*.png with the same file names.
        output: JSON file to write, with global_results-val.csv and per-sequence_results-val.csv
            beside it; None only returns the scores.
        subset: score the sequences that have results, instead of refusing when some have none.
        frames_limit: score only the first frames of each sequence.

    Returns:
        What the file holds: J_mean, F_mean, J_and_F, J_recall, J_decay, F_recall, F_decay (in 0..1,
        means over objects), objects, sequences, frames, per_object {"NAME_1": {J_mean, ...}},
        frames_limit, subset and made_by.

    Raises:
        InputError: sequences or frames are missing, or a mask has the wrong size or object ids.
    """
    folders = _sequences(Path(annotations))
    results = Path(results)
    missing = [name for name in folders if not (results / name).is_dir()]
    if missing and (not subset or len(missing) == len(folders)):
        raise InputError(
            f"{results}: folders of masks of {len(missing)} of {len(folders)} sequences are "
            f"missing ({', '.join(missing[:8])}{', ...' if len(missing) > 8 else ''})"
            + ("" if subset else "; --subset scores the others alone")
        )
    names = [name for name in folders if name not in missing]
    digest = {"annotations": hashlib.sha256(), "results": hashlib.sha256()}
    per_object, frames = {}, 0
    with progress(names, what="davis", unit="sequence") as bar:
        for name in bar:
            paths = _annotated(folders[name])[:frames_limit]
            scored, count = _score_sequence(name, paths, results / name, digest)
            per_object |= scored
            frames += count
    settings = {"frames_limit": frames_limit, "subset": subset}
    evaluation = _means(per_object)
    evaluation |= {"objects": len(per_object), "sequences": len(names), "frames": frames}
    evaluation |= {"per_object": per_object, **settings}
    evaluation["made_by"] = made_by("evaluate_davis", settings=settings)
    evaluation["made_by"]["inputs"] = {key: sha.hexdigest() for key, sha in digest.items()}
    if output is not None:
        _write_csvs(Path(output).parent, evaluation)
        write_json(output, evaluation)
    return evaluation


def _sequences(annotations: Path) -> dict[str, Path]:
    """Sequence name -> folder of its masks."""
    if not annotations.is_dir():
        raise InputError(f"{annotations}: no such folder of annotations")
    inner = annotations / "Annotations" / data.RESOLUTION
    if inner.is_dir():
        names = data.read_names(annotations)
        return {name: inner / folder_name(name, "name") for name in names}
    found = {path.name: path for path in sorted(annotations.iterdir()) if path.is_dir()}
    if not found:
        raise InputError(
            f"{annotations}: expected folders NAME of masks, or Annotations/{data.RESOLUTION} in it"
        )
    return found


def _annotated(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.png"))
    if not folder.is_dir() or len(paths) < 3:
        raise InputError(f"{folder}: expected at least 3 masks NNNNN.png, found {len(paths)}")
    return paths


def _score_sequence(
    name: str, annotated: list[Path], results: Path, digest: dict[str, Any]
) -> tuple[dict[str, dict[str, float]], int]:
    """Scores of each object of one sequence, and the number of frames they rest on."""
    first = data.read_mask(annotated[0])
    # An id that the first mask skips counts as an object without pixels, as officially.
    numbers = list(range(1, int(first[first != data.VOID].max(initial=0)) + 1))
    if not numbers:
        raise InputError(f"{annotated[0]}: expected at least one object in the first mask")
    regions = {number: [] for number in numbers}
    contours = {number: [] for number in numbers}
    for path in annotated[1:-1]:
        truth, result = data.read_mask(path), _read_result(results / path.name, first, numbers)
        if truth.shape != first.shape:
            raise InputError(f"{path}: expected {_size(first)} as in the first, got {_size(truth)}")
        digest["annotations"].update(truth.tobytes())
        digest["results"].update(result.tobytes())
        for number in numbers:
            pair = davis.object_mask(result, number), davis.object_mask(truth, number)
            regions[number].append(davis.region_similarity(*pair))
            contours[number].append(davis.contour_accuracy(*pair))
    return {
        f"{name}_{number}": _entry(np.array(regions[number]), np.array(contours[number]))
        for number in numbers
    }, len(annotated) - 2


def _read_result(path: Path, first: np.ndarray, numbers: list[int]) -> np.ndarray:
    if not path.is_file():
        raise InputError(f"{path}: expected a mask for each annotated frame, this one is missing")
    ids = data.read_mask(path)
    if ids.shape != first.shape:
        raise InputError(f"{path}: expected a mask of {_size(first)}, got {_size(ids)}")
    foreign = [int(number) for number in np.unique(ids) if number not in (0, *numbers)]
    if foreign:
        raise InputError(
            f"{path}: expected object ids 1 to {numbers[-1]} as in the first annotation, "
            f"got {foreign[0]}"
        )
    return ids


def _size(ids: np.ndarray) -> str:
    return f"{ids.shape[1]}x{ids.shape[0]} pixels"


def _entry(regions: np.ndarray, contours: np.ndarray) -> dict[str, float]:
    j, f = davis.statistics(regions), davis.statistics(contours)
    return {
        "J_mean": j.mean, "J_recall": j.recall, "J_decay": j.decay,
        "F_mean": f.mean, "F_recall": f.recall, "F_decay": f.decay,
    }  # fmt: skip


def _means(per_object: dict[str, dict[str, float]]) -> dict[str, float]:
    """Mean over objects, so that a sequence with many objects weighs more, as officially."""
    keys = ("J_mean", "F_mean", "J_recall", "J_decay", "F_recall", "F_decay")
    means = {key: float(np.mean([entry[key] for entry in per_object.values()])) for key in keys}
    return {"J_and_F": (means["J_mean"] + means["F_mean"]) / 2, **means}


def _write_csvs(folder: Path, evaluation: dict[str, Any]) -> None:
    """The two tables of the official evaluation_method.py, with its three decimals."""
    values = [evaluation[key] for key in GLOBAL_COLUMNS.values()]
    _write_csv(folder / "global_results-val.csv", GLOBAL_COLUMNS, [values])
    rows = [
        [name, entry["J_mean"], entry["F_mean"]] for name, entry in evaluation["per_object"].items()
    ]
    _write_csv(folder / "per-sequence_results-val.csv", ["Sequence", "J-Mean", "F-Mean"], rows)


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[list]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell if isinstance(cell, str) else f"{cell:.3f}" for cell in row])
    write_text(path, text.getvalue())
