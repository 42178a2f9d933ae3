"""Trackers over benchmarks: each sequence once, in one pass or started again after failures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.files import made_by, write_json
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.folder import claim
from chromatrack.stages.evaluation.openers import FromCheckpoint, Opener
from chromatrack.stages.evaluation.restarts import run_restarted
from chromatrack.stages.evaluation.sequences import Run, run_together
from chromatrack.stages.evaluation.starts import runs_of
from chromatrack.stages.evaluation.tracks import write_run


def track(
    benchmark: Benchmark,
    selection: Selection,
    tracker: Opener,
    output: Path,
    *,
    protocol: str,
    compute: ComputeSettings,
) -> dict[str, Any]:
    """Run a tracker over the targets of a benchmark.

    Writes boxes/NAME.txt beside `output` (x,y,w,h, 1-based; boxes/NAME/tre-00.txt and so on; what
    VOT's toolkit writes where it is restarted) and, last, `output`. A target that was done with the
    same weights, settings and frames is not tracked again.

    Args:
        output: run.json.
        protocol: one of the benchmark's.

    Returns:
        What run.json holds: frames, seconds (decoding included), frames_per_second, device,
        benchmark, protocol, alpha, per_sequence, results (digest of all boxes), made_by.
    """
    if not isinstance(tracker, FromCheckpoint):
        tracker.check()  # what is wrong with it is said before any sequence is read
        compute = replace(compute, device="cpu")  # others have no use for a GPU of ours
    (run,) = _runs(benchmark, selection, {None: (tracker, output)}, protocol, compute)
    alpha, targets = _alpha_of(tracker), benchmark.sequences(selection)
    claim(output, ["boxes"])
    (per_sequence,) = _per_sequence(targets, [run], run.open_tracker, protocol, compute)
    about = {"benchmark": benchmark.name, "protocol": protocol, "alpha": alpha}
    return write_run(output, per_sequence, source=run.source, **about)


def track_alphas(
    benchmark: Benchmark,
    selection: Selection,
    tracker: FromCheckpoint,
    outputs: Mapping[float, Path],
    *,
    protocol: str,
    compute: ComputeSettings,
    together: Path | None = None,
) -> None:
    """`track` for several alphas of one checkpoint; on a GPU all of them go through in one batch.

    Args:
        outputs: alpha -> run.json, each in a folder of its own.
        together: file to write in the place of each run.json: `track` then finds all boxes done.
    """
    folders = [output.parent for output in outputs.values()]
    if len(set(folders)) != len(folders):
        raise InputError(f"{folders[0]}: expected a folder for each alpha, got one for several")
    if tracker.used_alpha() is None:
        raise InputError(f"{tracker.checkpoint}: is SiamFC alone, alphas have nothing to weigh")
    each = {alpha: (replace(tracker, alpha=alpha), path) for alpha, path in outputs.items()}
    runs = _runs(benchmark, selection, each, protocol, compute)
    open_together = tracker.opener(compute, alphas=tuple(outputs))
    targets = benchmark.sequences(selection)
    for output in outputs.values():
        claim(output, ["boxes"])
    found = _per_sequence(targets, runs, open_together, protocol, compute)
    if together is not None:
        alphas = {str(alpha): len(results) for alpha, results in zip(outputs, found, strict=True)}
        source = {key: value for key, value in runs[0].source.items() if key != "settings"}
        write_json(together, {"sequences": alphas, "made_by": source})
        return
    for (alpha, output), run, results in zip(outputs.items(), runs, found, strict=True):
        about = {"benchmark": benchmark.name, "protocol": protocol, "alpha": alpha}
        write_run(output, results, source=run.source, **about)


def _alpha_of(tracker: Opener) -> float | None:
    """The weight of the colorization branch, for run.json."""
    if not isinstance(tracker, FromCheckpoint):
        return None
    return tracker.used_alpha() if tracker.alpha is None else tracker.alpha


def _runs(
    benchmark: Benchmark,
    selection: Selection,
    trackers: Mapping[Any, tuple[Opener, Path]],
    protocol: str,
    compute: ComputeSettings,
) -> list[Run]:
    benchmark.check_protocol(protocol)
    edition = benchmark.chosen_edition(selection)
    about = {"max_frames": selection.max_frames, "protocol": protocol}
    if benchmark.edition_reads and edition is not None:
        about["edition"] = edition
    return [
        Run(
            folder=output.parent,
            source=made_by("track", settings={**tracker.shown(), **about}, inputs=tracker.inputs()),
            open_tracker=tracker.opener(compute),
            device=functools.cache(functools.partial(_checked_device, tracker, compute)),
        )
        for tracker, output in trackers.values()
    ]


def _checked_device(tracker: Opener, compute: ComputeSettings) -> str:
    return tracker.device(compute)


def _per_sequence(
    targets: list[Sequence],
    runs: list[Run],
    open_together: Callable,
    protocol: str,
    compute: ComputeSettings,
) -> list[dict[str, dict]]:
    if protocol == "restarted":
        return [run_restarted(run, targets, compute=compute) for run in runs]
    starts = _starts(targets, protocol)
    return run_together(runs, starts, open_together=open_together, compute=compute)


def _starts(targets: list[Sequence], protocol: str) -> list[Sequence]:
    return [run for target in targets for run in runs_of(target, protocol)]
