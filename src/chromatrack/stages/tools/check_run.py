"""What a configuration finds on this machine, and what it lacks: `chromatrack doctor --config`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from chromatrack.data import got10k
from chromatrack.data.kinetics import ClipRow, no_clips, read_clip_list
from chromatrack.data.otb_results import read_results
from chromatrack.data.text import read_names
from chromatrack.data.training_sets import TrainingSet
from chromatrack.errors import InputError, some
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.fetch.sources import open_source
from chromatrack.plan import layout
from chromatrack.plan.networks import trunks
from chromatrack.plan.problems import problems
from chromatrack.plan.trackers import TrackerSpec, evaluations, trackers
from chromatrack.settings import Settings, SourceSettings
from chromatrack.stages.tools.disk import disk

T = TypeVar("T")


class Missing(str):
    """A line about what keeps the run from starting."""


def check_run(settings: Settings) -> tuple[list[str], bool]:
    """Lines of `what: state` on the data and the stages of a run, and whether it can start."""
    found = [f"run: {settings.run}, {settings.data.title}"]
    for part in (_device, _clips, _training, _benchmarks, _own_trackers, _stages):
        found += part(settings)
    found.append(disk(settings))
    found += map(Missing, problems(settings))
    ready = not any(isinstance(line, Missing) for line in found)
    found.append("ready: yes" if ready else "ready: no")
    return [f"missing: {one}" if isinstance(one, Missing) else one for one in found], ready


def _or_problem(read: Callable[[], T]) -> tuple[T | None, str | None]:
    """What is read, or what is wrong with it."""
    try:
        return read(), None
    except InputError as error:
        return None, str(error)


def _device(settings: Settings) -> Iterator[str]:
    """Only what it lacks; where jobs run elsewhere, on a cluster, this machine may lack it."""
    if not settings.compute.device.startswith("cuda"):
        return
    import torch

    count = torch.cuda.device_count()
    number = settings.compute.device.partition(":")[2]
    if int(number or 0) >= count:
        found = f"{count} GPUs" if count else "none"
        yield Missing(
            f"compute.device: {settings.compute.device} was asked for, and this machine has {found}"
        )


def _clips(settings: Settings) -> Iterator[str]:
    if not layout.has_clips(settings):
        yield "clips: none configured (data.kinetics_list)"
        return
    if settings.data.demo:
        yield f"clips: {settings.world.kinetics_videos} videos, which the first rule makes"
        return
    listed = layout.clip_list(settings)
    if settings.clips.source.kind == "got10k":
        names, problem = _or_problem(lambda: read_names(listed))
        yield f"clips: {problem or f'{len(names)} sequences in {listed}'}"
        return
    read, problem = _or_problem(lambda: read_clip_list(listed))
    if problem:
        yield Missing(f"clips: {problem}")
        return
    rows, bad = read
    if not rows:
        yield Missing(f"clips: {no_clips(listed, bad)}")
        return
    told = f", {len(bad)} bad rows, the first: {bad[0]}" if bad else ""
    yield f"clips: {len(rows)} in {listed}{told}"
    source = layout.clip_settings(settings).source
    if source.kind not in ("folder", "clips") and not source.serve:
        return
    if source.serve:
        source = replace(source, kind="folder", folder=source.serve)
    there, problem = _or_problem(lambda: _of_source(source, rows))
    if problem:
        yield Missing(f"clips: {problem}")
        return
    what = "ready clips" if source.kind == "clips" else "videos"
    missing = [name for name, has in there.items() if not has]
    told = f", missing {len(missing)}: {some(missing)}" if missing else ""
    line = f"{what}: {len(there) - len(missing)} of {len(there)} in {source.folder}{told}"
    yield Missing(line) if len(missing) == len(there) else line


def _of_source(source: SourceSettings, rows: Sequence[ClipRow]) -> dict[str, bool]:
    """Clip, or video, of the rows -> whether the source has it, found as fetching finds it."""
    with open_source(source) as opened:
        return {
            row.clip_id if opened.ready else row.youtube_id: bool(opened.version(row))
            for row in rows
        }


def _training(settings: Settings) -> Iterator[str]:
    given = settings.siamfc.checkpoint
    if given:
        there = [Path(layout.of_seed(given, seed)).is_file() for seed in settings.seeds]
        yield f"siamfc: given, {given}" + ("" if all(there) else " (no such file)")
    yield from _networks(settings)
    if not layout.needs_crops(settings):
        return
    for kind, root in layout.data_paths(settings).tracking_train:
        if settings.data.demo and not settings.data.tracking_train:
            yield f"videos to train on: {settings.world.got10k_train}, which the first rule makes"
            continue
        names, problem = _or_problem(lambda kind=kind, root=root: TrainingSet(kind, root).videos())
        if problem:
            yield Missing(f"videos to train on: {problem}")
            continue
        missing = [name for name in names if not (root / name).is_dir()] if kind == "got10k" else []
        told = f", folders missing: {some(missing)}" if missing else ""
        yield f"videos to train on: {len(names)} in {root} ({kind}){told}"
    if not settings.data.demo and layout.has_got10k_val(settings):
        root = layout.data_paths(settings).got10k_val
        found, problem = _or_problem(lambda: got10k.read_sequences(root))
        yield f"GOT-10k val: {problem or f'{len(found)} sequences in {root}'}"


def _networks(settings: Settings) -> Iterator[str]:
    """Given checkpoints that are of another kind."""
    from chromatrack.checkpoints import load_checkpoint
    from chromatrack.exported import is_exported
    from chromatrack.tracking.load import used_alpha

    given = {}
    for seed in settings.seeds:
        given["siamfc.checkpoint"] = (layout.siamfc_file(settings, seed), "siamfc")
        for name, experiment in settings.experiments.items():
            file = experiment.file and layout.of_seed(experiment.file, seed)
            kind = "siamfc" if experiment.of_siamfc else "colorization"
            given[f"experiments.{name}.weights"] = (file, kind)
    for key, (file, kind) in given.items():
        if file and is_exported(file) and not settings.experiments:  # it is tracked with, alone
            _, problem = _or_problem(partial(used_alpha, Path(file)))
            if problem:
                yield Missing(f"{key}: {problem}")
        elif file and Path(file).is_file():
            _, problem = _or_problem(partial(load_checkpoint, file, kinds=(kind,)))
            if problem:
                yield Missing(f"{key}: {problem}")


def _own_trackers(settings: Settings) -> Iterator[str]:
    """Classes that cannot be opened, and targets that published results have not."""
    from chromatrack.stages.evaluation.own_class import FromClass

    for name, own in settings.trackers.items():
        if own.module:
            _, problem = _or_problem(lambda own=own: FromClass(own.module, own.options).check())
            if problem:
                yield Missing(f"trackers.{name}: {problem}")
    for benchmark, protocol, specs in evaluations(settings):
        if benchmark.gives == "boxes" and not layout.is_of_world(settings, benchmark.name):
            selection = layout.selection(settings, benchmark.name)
            for spec in specs:
                if spec.kind == "results":
                    yield from _results(settings, benchmark, selection, protocol, spec)


def _results(
    settings: Settings, benchmark: Benchmark, selection: Selection, protocol: str, spec: TrackerSpec
) -> Iterator[str]:
    folder = Path(spec.source.replace("{benchmark}", benchmark.name))
    targets, problem = _or_problem(lambda: [one.name for one in benchmark.sequences(selection)])
    if problem:
        return  # told of the benchmark
    whose = settings.trackers[spec.name].name
    found, problem = _or_problem(
        lambda: read_results(folder, protocol, targets, tracker=whose, guess=spec.name)
    )
    missing = [target for target in targets if target not in (found or ())]
    if problem or missing:
        told = problem or f"{folder} has no results of {some(missing)}"
        yield Missing(f"trackers.{spec.name} on {benchmark.name}: {told}")


def _benchmarks(settings: Settings) -> Iterator[str]:
    for name in settings.benchmarks:
        benchmark = sets.get(name)
        if layout.is_of_world(settings, name):
            yield f"{name}: synthetic, made by the run"
            continue
        selection = layout.selection(settings, name)
        found, problem = _or_problem(lambda b=benchmark, s=selection: b.names(s))
        if problem:
            yield Missing(f"{name}: {problem}")
            continue
        yield f"{name}: {len(found)} sequences in {selection.root}"
        listed, expected = benchmark.expected(selection)
        missing = [one for one in expected if one not in found]
        if expected:
            told = f", missing {len(missing)}: {some(missing)}" if missing else ""
            yield f"{name}: {len(expected) - len(missing)} of {len(expected)} of {listed}{told}"
        for one in found:
            trouble = benchmark.problem(selection, one)
            if trouble:
                yield Missing(f"{name}: {trouble}")
    absent = [name for name in sets.of_every_demo() if name not in settings.benchmarks]
    if absent:
        yield f"left out: {', '.join(absent)} (benchmarks:)"


def _stages(settings: Settings) -> Iterator[str]:
    clips = layout.has_clips(settings)
    pretrained = trunks(settings) if clips else []
    runs = [
        ("clips, labels", "yes" if clips else "no clips"),
        ("pretraining", ", ".join(pretrained) or "nothing to pretrain"),
        (
            "SiamFC training",
            f"{len(settings.seeds)} seeds" if layout.trains_siamfc(settings) else "given instead",
        ),
        ("experiments", ", ".join(settings.experiments) or "none"),
        ("trackers", str(len(trackers(settings)))),
    ]
    for benchmark, protocol, specs in evaluations(settings):
        runs.append((f"{benchmark.name}, {protocol}", f"{len(specs)} trackers"))
    yield from (f"stage {what}: {state}" for what, state in runs)
