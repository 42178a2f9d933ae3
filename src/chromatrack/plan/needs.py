"""What a job asks of a cluster: memory, time and GPUs, by the size of the run.

`WORK` is measured (docs/clusters.md): seconds of one core of an AMD EPYC with the largest networks.
A job asks for `SPARE` times that, for more at each attempt; what runs out of time continues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chromatrack.evaluation import sets
from chromatrack.plan import layout
from chromatrack.plan.arguments import tracker_of
from chromatrack.settings import Settings

STEP = 500
"""MB of the two Snakemake processes that a Slurm job has around its stage."""
TORCH = 1_000
"""MB of a process that has torch, and of each that loads its batches."""
CUDA = 4_000
"""MB beside the GPU's own."""
LEAST = 20
"""Minutes; nothing asks for less."""
SPARE = 3.0
TRAINING, TRACKING = 150, 10
"""Cores that a GPU is taken to be worth (not measured); who tracks waits for decoded frames."""

REPEATED = {"tre": 11, "sre": 12}
"""Protocol -> how often a frame is tracked in it."""


@dataclass(frozen=True)
class Needs:
    """Of one job.

    Attributes:
        mem_mb: memory in MB.
        runtime: minutes.
        gpu: GPUs.
        attempt: number of the attempt that asks for it.
    """

    mem_mb: int
    runtime: int
    gpu: int = 0
    attempt: int = 1


@dataclass(frozen=True)
class _Work:
    """Seconds of a core, MB beside torch's, how many GPUs are of use, and cores each is worth."""

    seconds: float
    memory: float = 0.0
    gpus: int = 0
    torch: bool = True
    worth: int = TRAINING


def of_job(settings: Settings, rule: str, *, attempt: int = 1, **wildcards: str) -> Needs:
    """What a job of a rule asks for; rules that are not here run where snakemake does.

    Raises:
        InputError: no such tracker.
    """
    work = WORK[rule](settings, **wildcards)
    gpus = 0 if settings.compute.device == "cpu" else work.gpus
    processes = 1 + settings.compute.workers if work.torch else 1
    memory = STEP + work.memory + (CUDA if gpus else 0)
    memory += TORCH * processes * (gpus or 1) if work.torch else 500
    speed = work.worth * gpus if gpus else 1
    minutes = LEAST + SPARE * work.seconds / 60 / speed
    return Needs(_up(memory, 500) * attempt, _up(minutes, 10) * attempt, gpus, attempt)


def _up(value: float, step: int) -> int:
    return -int(-value // step) * step


def _wide(width: float) -> float:
    """How much of the work of a full network one of this width has."""
    return width**2 + 0.02


def _colorization(settings: Settings, steps: int, times: int = 1) -> _Work:
    given = settings.colorization
    frames = given.batch_size * (given.references + 1)
    # Of all trunks, ResNet-34; activations are in the memory of the GPU where there is one.
    seconds = steps * times * frames * 1.9 * _wide(given.width)
    memory = frames * (10 + 200 * given.width)
    return _Work(seconds, memory, settings.compute.devices)


def _pairs(settings: Settings, pairs: float, seconds: float, gpus: int) -> _Work:
    memory = settings.siamfc.batch_size * 200
    return _Work(pairs * seconds, memory, gpus)


def _siamfc(settings: Settings, **_: str) -> _Work:
    given = settings.siamfc
    pairs = given.epochs * (given.pairs_per_epoch or 10_000)
    return _pairs(settings, pairs, 0.25 * _wide(given.width), settings.compute.devices)


def _fine_tune(settings: Settings, **_: str) -> _Work:
    given = settings.fine_tune
    pairs = given.epochs * (given.pairs_per_epoch or 10_000)
    return _pairs(settings, pairs, 1.5 * _wide(_widest(settings)), 1)


def _widest(settings: Settings) -> float:
    return max(settings.siamfc.width, settings.colorization.width)


def _frames(settings: Settings, benchmark: str) -> float:
    """Frames of a benchmark, at most."""
    given, world = settings.benchmarks[benchmark], settings.world
    sequences, frames = sets.get(benchmark).size
    if given.root is None and layout.is_of_world(settings, benchmark):
        sequences, frames = 24, 24 * max(world.otb_frames, world.vot_frames, world.got10k_frames)
    return min(frames, sequences * (given.max_frames or frames))


def _track(settings: Settings, benchmark: str = "", protocol: str = "", tracker: str = "") -> _Work:
    if not tracker:  # the most that any asks for
        works = [_track_alphas(settings, name) for name in settings.benchmarks]
        return max(works, key=lambda work: work.seconds)
    spec = tracker_of(settings, benchmark, tracker)
    frames = _frames(settings, benchmark) * REPEATED.get(protocol, 1)
    if spec.kind == "masks":
        networks = spec.checkpoint is not None
        return _Work(frames * 4.0, 1_500, int(networks), worth=TRACKING)
    if spec.kind == "checkpoint":
        return _Work(frames * 0.5, _sequences_at_once(settings), 1, worth=TRACKING)
    return _Work(frames * 0.1, 500, int(spec.kind == "class"), worth=TRACKING)


def _track_alphas(settings: Settings, benchmark: str, protocol: str = "", **_: str) -> _Work:
    frames = _frames(settings, benchmark) * REPEATED.get(protocol, 1)
    alphas = max([len(e.tested(settings.alphas)) for e in settings.experiments.values()] or [1])
    return _Work(frames * 0.4 * alphas, _sequences_at_once(settings), 1, worth=TRACKING)


def _sequences_at_once(settings: Settings) -> float:
    return 1_000 * settings.compute.threads


def _shard(settings: Settings, seconds: float, memory: float = 500) -> _Work:
    return _Work(settings.clips.shard_size * seconds, memory, torch=False)


def _fixed(seconds: float, memory: float = 0, *, gpus: int = 0, torch: bool = True):
    return lambda settings, **_: _Work(seconds, memory, gpus, torch)


WORK: dict[str, Callable[..., _Work]] = {
    "world": _fixed(600, torch=False),
    "world_benchmark": _fixed(600, torch=False),
    "fetch": lambda settings, **_: _shard(settings, 10),
    "labels": lambda settings, **_: _shard(settings, 2),
    "lab_statistics": _fixed(1_800, 500, torch=False),
    "analyze_labels": lambda settings, **_: _Work(settings.analysis.clips * 8, 1_500, torch=False),
    "colorization": lambda settings, **_: _colorization(settings, settings.colorization.steps),
    "single_video": lambda settings, **_: _colorization(
        settings,
        settings.single_video.steps,
        len(settings.single_video.colours) * len(settings.single_video.losses),
    ),
    "crops": lambda settings, **_: _Work(settings.crops.shard_size * 10, 500, torch=False),
    "siamfc": _siamfc,
    "validate_siamfc": lambda settings, **_: _Work(
        180 * settings.siamfc.validation_frames
        * (1 + settings.siamfc.epochs // (settings.siamfc.keep_every or settings.siamfc.epochs))
        * 0.15,
        _sequences_at_once(settings), 1, worth=TRACKING,
    ),
    "response_statistics": lambda settings, **_: _pairs(
        settings, settings.fusion.statistics_pairs, 0.5, 1
    ),
    "fine_tune": _fine_tune,
    "track": _track,
    "track_alphas": _track_alphas,
    "tune": lambda settings, **_: _Work(
        180 * (settings.tune.max_frames or 120) * (1 + settings.tune.trials) * 0.5,
        _sequences_at_once(settings), 1, worth=TRACKING,
    ),
    "vot_official": lambda settings, **_: _Work(
        21_356 * 15 * 0.5, 1_000, 1, worth=TRACKING
    ),
    "compare": _fixed(3_600, 1_000, torch=False),
    "colorize": _fixed(1_200, 1_000, gpus=1),
    "pictures": _fixed(600, 500, torch=False),
    "strips": _fixed(1_800, 1_000, torch=False),
    "score_maps": _fixed(1_800, 1_000, gpus=1),
    "similarity": _fixed(1_800, 1_000, gpus=1),
    "statistics": _fixed(3_600, 2_000, torch=False),
    "figures": _fixed(600, 1_000, torch=False),
    "page": _fixed(600, 2_000, torch=False),
    "speed": _fixed(7_200, 2_000, gpus=1),
}  # fmt: skip
"""Rule -> the work of a job, at most."""
