"""DAVIS: masks of the first frame carried through a video, semi-supervised (thesis 5.3.6)."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chromatrack.data import davis as data
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Published, Scores, Selection
from chromatrack.evaluation.measures import Measure
from chromatrack.evaluation.selecting import with_results
from chromatrack.metrics import davis
from chromatrack.progress import progress
from chromatrack.published import SEGMENTATION

KEYS = ("J_mean", "F_mean", "J_recall", "J_decay", "F_recall", "F_decay")


@dataclass(frozen=True, kw_only=True)
class DAVIS(Benchmark):
    """Scored as the official evaluation does.

    The first frame of a sequence is given to the method and the last one is left out; results need
    not hold them. The objects of a sequence are 1 to the largest id of its first mask. A result
    without an object counts as an empty mask of it.
    """

    quick_names: ClassVar[bool] = True

    def sequences(self, selection: Selection) -> list[Sequence]:
        """Frames alone: masks are read where they are needed (`masks`)."""
        names = data.read_names(selection.root, names=selection.names)
        found = []
        for name in names:
            frames = tuple(data.frames(selection.root, name)[: selection.max_frames])
            found.append(Sequence(name, frames, np.full((len(frames), 4), np.nan)))
        return found

    def names(self, selection: Selection) -> list[str]:
        return data.read_names(selection.root, names=selection.names)

    def problem(self, selection: Selection, name: str) -> str | None:
        try:
            masks = data.masks(selection.root, name)
            data.check_masks(masks, data.frames(selection.root, name))
        except InputError as error:
            return str(error)
        return None

    def score(
        self, selection: Selection, results: Path, *, protocol: str, subset: bool = False
    ) -> Scores:
        folders = annotated_folders(selection)
        there = {name: (results / name).is_dir() for name in folders}
        digest = {"annotations": hashlib.sha256(), "results": hashlib.sha256()}
        per_object, frames = {}, 0
        names = with_results(there, results, subset=subset)
        with progress(names, what=self.name, unit="sequence") as bar:
            for name in bar:
                paths = annotated_frames(folders[name], name, selection)
                scored = score_frames(paths, results / name, digest)
                for row, number in enumerate(scored.objects):
                    per_object[f"{name}_{number}"] = _entry(
                        scored.regions[row], scored.contours[row]
                    )
                frames += len(scored.frames)
        return Scores(
            values=_means(per_object),
            per_unit=per_object,
            frames=frames,
            more={"sequences": len(names)},
            inputs={key: sha.hexdigest() for key, sha in digest.items()},
        )


def annotated_folders(selection: Selection) -> dict[str, Path]:
    """Sequence name -> folder of its masks."""
    annotations = selection.root
    if not annotations.is_dir():
        raise InputError(f"{annotations}: no such folder of annotations")
    if (annotations / "Annotations").is_dir():
        names = data.read_names(annotations, names=selection.names)
        return {name: data.masks_folder(annotations, name) for name in names}
    found = {path.name: path for path in sorted(annotations.iterdir()) if path.is_dir()}
    if not found:
        raise InputError(
            f"{annotations}: expected folders NAME of masks, or Annotations/{data.RESOLUTION} in it"
        )
    if selection.names is None:
        return found
    return {
        name: annotations / name for name in data.read_names(annotations, names=selection.names)
    }


def annotated_frames(folder: Path, name: str, selection: Selection) -> list[Path]:
    """Masks of the frames that count; where the frames are there, they say which these are."""
    paths = data.list_masks(folder)
    if (selection.root / "JPEGImages" / data.RESOLUTION / name).is_dir():
        frames = data.frames(selection.root, name)
        data.check_masks(paths, frames)
        kept = {path.stem for path in frames[: selection.max_frames]}
        paths = [path for path in paths if path.stem in kept]
    else:
        paths = paths[: selection.max_frames]
    if len(paths) < 3:
        raise InputError(f"{folder}: expected at least 3 masks NNNNN.png, found {len(paths)}")
    return paths


@dataclass(frozen=True, eq=False)
class PerFrame:
    """One sequence, as far as it is scored: without the first frame and the last.

    Attributes:
        frames: names of the frames, without suffix.
        objects: their numbers.
        regions, contours: J and F (objects, frames).
    """

    frames: tuple[str, ...]
    objects: tuple[int, ...]
    regions: np.ndarray
    contours: np.ndarray


def score_frames(
    annotated: list[Path], results: Path, digest: Mapping[str, Any] | None = None
) -> PerFrame:
    """J and F of each object in each frame.

    Args:
        annotated: masks of the sequence, the first one first.
        results: folder of masks of the same names.
        digest: hashes that are told of the masks that are read: `annotations` and `results`.
    """
    binary = data.are_binary(annotated)
    first = data.read_mask(annotated[0], binary=binary)
    data.check_objects(annotated[0], first)
    # An id that the first mask skips counts as an object without pixels, as officially.
    numbers = list(range(1, max(data.objects_of(first)) + 1))
    later: set[int] = set()
    scored = annotated[1:-1]
    regions, contours = np.empty((2, len(numbers), len(scored)))
    for index, path in enumerate(scored):
        truth = data.read_mask(path, binary=binary)
        result = _read_result(results / path.name, first, numbers, binary)
        if truth.shape != first.shape:
            raise InputError(f"{path}: expected {_size(first)} as in the first, got {_size(truth)}")
        later.update(number for number in data.objects_of(truth) if number > numbers[-1])
        if digest is not None:
            digest["annotations"].update(truth.tobytes())
            digest["results"].update(result.tobytes())
        for row, number in enumerate(numbers):
            pair = davis.object_mask(result, number), davis.object_mask(truth, number)
            regions[row, index] = davis.region_similarity(*pair)
            contours[row, index] = davis.contour_accuracy(*pair)
    if later:
        print(
            f"{annotated[0]}: object {min(later)} of a later mask is nowhere in this first one, "
            "and not scored, as officially",
            file=sys.stderr,
        )
    return PerFrame(tuple(path.stem for path in scored), tuple(numbers), regions, contours)


def _read_result(path: Path, first: np.ndarray, numbers: list[int], binary: bool) -> np.ndarray:
    if not path.is_file():
        raise InputError(f"{path}: expected a mask for each annotated frame, this one is missing")
    # Results on masks of 0 and 255 may be written either way.
    ids = data.read_mask(path, binary=binary and data.is_binary(path))
    if ids.shape != first.shape:
        raise InputError(f"{path}: expected a mask of {_size(first)}, got {_size(ids)}")
    foreign = [int(number) for number in np.unique(ids) if number not in (0, *numbers)]
    if foreign:
        void = " (255 is void, and no object)" if foreign[0] == data.VOID else ""
        raise InputError(
            f"{path}: expected object ids 1 to {numbers[-1]} as in the first annotation, "
            f"got {foreign[0]}{void}"
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
    means = {key: float(np.mean([entry[key] for entry in per_object.values()])) for key in KEYS}
    return {"J_and_F": (means["J_mean"] + means["F_mean"]) / 2, **means}


def _percent(key: str, title: str, *, better: str = "higher", low: float = 0.0) -> Measure:
    return Measure(key, title, unit="share", better=better, low=low, digits=2, scale=100)


BENCHMARK = DAVIS(
    name="davis",
    title="Segments (DAVIS)",
    size=(30, 1_999),
    demo="davis",
    gives="masks",
    unit="object",
    protocols=("propagated",),
    measures=(
        _percent("J_and_F", "J&F %"),
        _percent("J_mean", "J %"),
        _percent("F_mean", "F %"),
        _percent("J_recall", "J recall %"),
        _percent("F_recall", "F recall %"),
        _percent("J_decay", "J decay %", better="lower", low=-1.0),
        _percent("F_decay", "F decay %", better="lower", low=-1.0),
    ),
    headline=("J_and_F", "J_mean", "F_mean"),
    note="Percent, as the official evaluation has them; recall: frames above 50 %, decay: first "
    "quarter minus last. Method thesis: the frame before, hard labels, central square, as the "
    "thesis did it; soft: as configured. First mask repeated and random weights are what training "
    "has to beat. Grey rows are the published numbers on DAVIS-2017 val.",
    published=tuple(
        Published(
            title,
            {"J_mean": one.region / 100, "F_mean": one.contour / 100, "J_and_F": one.mean / 100},
        )
        for title, one in SEGMENTATION.items()
    ),
)
