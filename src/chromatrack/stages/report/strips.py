"""strips.json: what the page shows of sequences (docs/report.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Sequences
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data import davis
from chromatrack.data.otb_starts import LEFT_OUT
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.runs import read_runs
from chromatrack.evaluation.sets.davis import annotated_folders, annotated_frames, score_frames
from chromatrack.files import compact_json, read_json, write_text
from chromatrack.plan.layout import protocols, selection
from chromatrack.plan.places import Places
from chromatrack.plan.viewer import box_benchmark, box_trackers, mask_benchmark, mask_methods
from chromatrack.progress import progress
from chromatrack.reporting import mask_strips
from chromatrack.reporting.mask_strips import Method, mask_strip
from chromatrack.reporting.strips import Budget, Track, strip
from chromatrack.settings import Settings
from chromatrack.settings.experiments import BASELINE


@dataclass(frozen=True)
class Results:
    """The boxes of a tracker on a benchmark of boxes.

    Attributes:
        folder: as `data.otb_results` describes it.
        scores: what `chromatrack evaluate` said of them, in one pass.
        whose: in a folder of several trackers'.
    """

    folder: Path
    scores: Mapping[str, Any]
    whose: str | None = None


def make_strips(settings: Settings, output: Path) -> dict[str, Any]:
    """Write strips.json of a finished run; returns it."""
    benchmark, specs = box_benchmark(settings), box_trackers(settings)
    places, found = Places(settings.run), []
    if benchmark is not None:
        results = {
            spec.name: Results(
                Path(places.evaluation(benchmark.name, "ope", spec.name, "boxes")),
                read_json(places.scores(benchmark.name, "ope", spec.name)),
            )
            for spec in specs
        }
        baseline = next((spec.name for spec in specs if spec.experiment == BASELINE), None)
        targets = benchmark.sequences(selection(settings, benchmark.name))
        found = box_strips(targets, results, baseline=baseline)
    return write_strips(
        output,
        benchmark=benchmark and benchmark.name,
        seed=settings.seeds[0],
        trackers=[spec.name for spec in specs],
        sequences=found,
        masks=_mask_strips(settings),
    )


def write_strips(output: Path, **parts: Any) -> dict[str, Any]:
    """Write the parts as one line; equal parts give equal bytes."""
    write_text(output, compact_json(parts))
    return parts


def box_strips(
    targets: Sequences[Sequence],
    results: Mapping[str, Results],
    *,
    baseline: str | None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """What strips.json says of the sequences; of one after the other, for the sake of memory.

    Args:
        targets: with their true boxes; without frames where there are no images.
        results: name of a tracker -> its boxes.
        baseline: the tracker that the others are compared with, if any.
        limit: frames of each that were scored, where targets are whole; the others are not shown.

    Raises:
        InputError: boxes do not fit the truth or the scores.
    """
    budget = Budget.of(len(targets))
    with progress(targets, what="strips", unit="sequence") as bar:
        return [
            strip(
                target.first(_shown(target, limit)),
                {name: read_track(target, one, limit) for name, one in results.items()},
                baseline,
                budget,
            )
            for target in bar
        ]


def _shown(target: Sequence, limit: int | None) -> int | None:
    """The limit counts from the first frame on that results have."""
    return None if limit is None else limit + LEFT_OUT.get(target.name, 0)


def read_track(target: Sequence, results: Results, limit: int | None = None) -> Track:
    """Boxes and overlaps of a tracker, placed on the frames of a target as they were scored.

    Args:
        limit: see `box_strips`.
    """
    truth = target.boxes_ltwh
    counted = np.isfinite(truth).all(axis=1)
    # Rows are placed by the rules of scoring, and so are those of frames that do not count.
    (run,) = read_runs(
        {target.name: np.where(counted[:, None], truth, 0.0)},
        results.folder,
        convention=results.scores.get("convention", "got10k"),
        frames_limit=limit,
        tracker=results.whose,
    )
    told = results.scores.get("overlaps", {}).get(target.name)
    places = run.frames[counted[run.frames]]
    if told is None or len(told) != len(places):
        raise InputError(
            f"{results.folder}: {target.name}: expected overlaps of {len(places)} frames in its "
            f"scores, got {'none' if told is None else len(told)}"
        )
    count = len(truth[: _shown(target, limit)])
    boxes_ltwh, overlaps = np.full((count, 4), np.nan), np.full(count, np.nan)
    boxes_ltwh[run.frames], overlaps[places] = run.results, told
    return Track(boxes_ltwh, overlaps)


def _mask_strips(settings: Settings) -> list[dict[str, Any]]:
    """The first sequences of the benchmark of masks, by all ways of the first seed."""
    benchmark = mask_benchmark(settings)
    if benchmark is None:
        return []
    chosen, places = selection(settings, benchmark.name), Places(settings.run)
    protocol = protocols(settings, benchmark.name)[0]
    folders = {
        spec.title: Path(places.run_file(benchmark.name, protocol, spec.name)).parent
        for spec in mask_methods(settings)
    }
    names = list(annotated_folders(chosen).items())[: mask_strips.SEQUENCES]
    budget = Budget(mask_strips.BYTES, len(names))
    with progress(names, what="strips of masks", unit="sequence") as bar:
        return list(_of_masks(bar, chosen, folders, budget))


def _of_masks(
    names, chosen, folders: Mapping[str, Path], budget: Budget
) -> Iterator[dict[str, Any]]:
    for name, masks in names:
        frames = davis.frames(chosen.root, name)[: chosen.max_frames]
        annotated = annotated_frames(masks, name, chosen)
        truth = {path.stem: path for path in annotated}
        methods = {}
        for title, folder in folders.items():
            files = [folder / name / f"{path.stem}.png" for path in frames]
            methods[title] = Method(
                [path if path.is_file() else None for path in files],
                score_frames(annotated, folder / name),
            )
        true = [truth.get(path.stem) for path in frames]
        yield mask_strip(name, frames, true, methods, budget)
