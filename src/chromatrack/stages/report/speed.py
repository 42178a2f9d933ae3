"""The speed of the trackers of a run, in turn, each with nothing beside it."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from chromatrack.data.sequence import Sequence
from chromatrack.plan.layout import selection
from chromatrack.plan.timing import timed, timed_on
from chromatrack.plan.trackers import TrackerSpec
from chromatrack.progress import progress
from chromatrack.reporting.thesis_tables.table import ThesisTable, sentences
from chromatrack.settings import ComputeSettings, Settings
from chromatrack.stages.evaluation.openers import FromCheckpoint, Opener, of_spec
from chromatrack.stages.evaluation.worker import Worker
from chromatrack.stages.report.thesis_tables import check_output, write_both
from chromatrack.tracking.contract import Failed, OpenTracker
from chromatrack.tracking.pool import in_pool

WARMING = 3
"""Frames before anything is timed: networks are prepared, and files are read, once."""
HEADER = ("tracker", "α", "frames/s", "lowest", "highest", "ms per frame", "device")


def write_speed(
    settings: Settings,
    output: Path,
    *,
    frames: int = 60,
    rounds: int = 5,
    compute: ComputeSettings | None = None,
) -> ThesisTable:
    """Time the trackers, and write the table as `output` (CSV), and as LaTeX beside it.

    Args:
        frames: so many first ones of the first sequence of the main benchmark.
        compute: its device; all else is one thread of one process.

    Raises:
        InputError: the run has no benchmark of boxes to be timed on.
    """
    check_output(output)
    compute = compute or ComputeSettings()
    benchmark = timed_on(settings)
    sequence = benchmark.sequences(selection(settings, benchmark.name))[0].first(frames)
    specs = timed(settings)
    openers = [of_spec(settings, spec) for spec in specs]
    uses = [_used_by(opener, compute) for opener in openers]
    opens = {
        spec.name: opener.opener(used)
        for spec, opener, used in zip(specs, openers, uses, strict=True)
    }
    speeds = frames_per_second(opens, sequence, rounds)
    devices = [opener.device(used) for opener, used in zip(openers, uses, strict=True)]
    told = [
        f"Frames per second of one thread in one process, reading and decoding included: median, "
        f"lowest and highest of {rounds} rounds in which the trackers take turns over the first "
        f"{len(sequence)} frames of {sequence.name}.",
        f"Machine: {_processor()}{_gpu() if 'cuda' in devices else ''}.",
        _widths(settings),
    ]
    table = ThesisTable(
        "speed",
        f"Speed of the trackers on {benchmark.title}: {settings.data.title}",
        HEADER,
        tuple(
            _row(spec, speeds[spec.name], device)
            for spec, device in zip(specs, devices, strict=True)
        ),
        note=sentences(*told),
        digits={"α": None, **dict.fromkeys(HEADER[2:6], 1)},
    )
    write_both(table, output)
    return table


def frames_per_second(
    opens: Mapping[str, OpenTracker], sequence: Sequence, rounds: int
) -> dict[str, list[float]]:
    """Of each tracker, by name, in each round; in one process, which has one thread."""
    turns = list(enumerate(opens))
    jobs = [(name, (number, sequence.first(WARMING))) for number, name in turns]
    jobs += [(name, (number, sequence)) for number, name in turns] * rounds
    found = {name: [] for name in opens}
    done = in_pool(1, partial(Worker, list(opens.values())), jobs)
    for name, _ in progress(jobs, what="speed", unit="turn"):
        one = next(done)
        if isinstance(one, Failed):
            raise one.error
        *_, seconds = one
        found[name].append(len(seconds) / float(seconds.sum()))
    return {name: speeds[1:] for name, speeds in found.items()}


def _used_by(opener: Opener, compute: ComputeSettings) -> ComputeSettings:
    return compute if isinstance(opener, FromCheckpoint) else replace(compute, device="cpu")


def _row(spec: TrackerSpec, speeds: list[float], device: str) -> tuple:
    middle = statistics.median(speeds)
    return (spec.title, spec.alpha, middle, min(speeds), max(speeds), 1e3 / middle, device)


def _widths(settings: Settings) -> str:
    """How much smaller than in the thesis the networks are."""
    siamfc = "given" if settings.siamfc.checkpoint else f"{settings.siamfc.width:g}"
    return (
        f"Width of the networks, 1 in the thesis: SiamFC {siamfc}, colorization "
        f"{settings.colorization.width:g}; precision {settings.tracker.precision}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _gpu() -> str:
    import torch

    return f", {torch.cuda.get_device_name()}"
