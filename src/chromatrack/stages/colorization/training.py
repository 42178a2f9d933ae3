"""Colorization pretraining (thesis 3.2)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, check_writable, digest_text, made_by, numbered
from chromatrack.labels.samples import LabelSamples, Part
from chromatrack.machine.compute import choose_device, prepare
from chromatrack.models import trunks
from chromatrack.models.build import build_colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ColorizationSettings, ComputeSettings
from chromatrack.settings.keys import without_cadence
from chromatrack.stages.colorization.batches import BatchLoss, loading
from chromatrack.stages.colorization.network import (
    description_of,
    input_scaling,
    statistics_read,
)
from chromatrack.training.engine import finish, fit
from chromatrack.training.plan import FitPlan, Keeping, Validation
from chromatrack.training.processes import Team, check_share, in_processes
from chromatrack.training.walk import Walk
from chromatrack.versions import VERSIONS


@dataclass(frozen=True)
class _Job:
    """A pretraining, as it is handed to its processes; see `train_colorization`."""

    shards: tuple[Path, ...]
    statistics: Path | None
    output: Path
    trunk: str
    colours: int
    seed: int
    settings: ColorizationSettings
    compute: ComputeSettings
    keep_at: tuple[int, ...]
    made_by: dict

    def samples(self, part: Part) -> LabelSamples:
        """Samples of that part of the clips; an `InputError` where there are none."""
        held_out = self.settings.validation_clips
        return LabelSamples(
            self.shards,
            frames=self.settings.references + 1,
            batch_size=self.settings.batch_size,
            colours=self.colours,
            sampling=self.settings.sampling if part == "training" else "random",
            seed=self.seed,
            part=part if held_out else "all",
            held_out=held_out,
            chroma=self.settings.reads_chroma,
        )

    def keeps(self, step: int) -> bool:
        """Whether the network after that step is kept."""
        every = self.settings.keep_every
        return step in self.keep_at or bool(every and step and step % every == 0)

    def plan(self, device: torch.device) -> FitPlan:
        """How it is trained."""
        settings = self.settings
        return FitPlan(
            steps=settings.steps,
            samples=settings.batch_size,
            checkpoint_every=settings.checkpoint_every,
            folder=self.output.parent,
            identity=digest_text(canonical_json(self.made_by)),
            workers=self.compute.workers,
            device=device,
            what=f"colorization {self.trunk}",
            seed=self.seed,
            precision=settings.precision,
        )


def train_colorization(
    shards: Sequence[Path],
    statistics: Path | None,
    output: Path,
    *,
    trunk: str,
    colours: int,
    seed: int,
    settings: ColorizationSettings,
    compute: ComputeSettings,
    keep_at: Sequence[int] = (),
) -> None:
    """Train the network on the label cache; writes the checkpoint, and what `FitPlan` says.

    Args:
        shards: label files.
        statistics: Lab statistics, for `normalization: measured`; else not read.
        trunk: name of the trunk.
        colours: number of labels in the cache.
        keep_at: numbers of steps after which the network is kept too, as
            checkpoints/step-0000010.pt; 0 is the network before the first one.

    Raises:
        InputError: a label file of another number of colours, no clip that is long enough, or
            statistics that are wanted and not given.
        WorkError: the loss is not finite; the message names step and clips.
    """
    if trunk not in trunks.NAMES:
        raise InputError(f"--trunk: expected one of {', '.join(trunks.NAMES)}, got {trunk!r}")
    check_writable(output)
    check_share(settings.batch_size, compute.devices)
    statistics = statistics_read(statistics, settings)
    job = _Job(
        shards=tuple(shards),
        statistics=statistics,
        output=output,
        trunk=trunk,
        colours=colours,
        seed=seed,
        settings=settings,
        compute=compute,
        keep_at=tuple(keep_at),
        made_by=training_source(
            shards, statistics, trunk=trunk, colours=colours, seed=seed, settings=settings
        ),
    )
    device = choose_device(compute, processes=compute.devices)
    in_processes(compute.devices, device, _train, job)


def training_source(
    shards: Sequence[Path],
    statistics: Path | None,
    *,
    trunk: str,
    colours: int,
    seed: int,
    settings: ColorizationSettings,
) -> dict:
    """What determines the network that `train_colorization` makes; its checkpoint holds it.

    How often it is written and measured is no part of it: a killed training goes on after an edit.
    """
    statistics = statistics_read(statistics, settings)
    source = made_by(
        "colorization",
        settings={**without_cadence(settings), "trunk": trunk, "colours": colours, "seed": seed},
        inputs={**numbered(shards), **({"statistics": statistics} if statistics else {})},
    )
    return source | {"version": VERSIONS["train-colorization"]}


def _train(team: Team, job: _Job) -> None:
    """The work of one process of a training."""
    settings = job.settings
    device = prepare(job.compute, seed=job.seed, rank=team.rank)
    scaling = input_scaling(job.statistics, settings)
    description = description_of(job.trunk, settings)
    model = build_colorizer(**description)
    model.trunk.to(memory_format=torch.channels_last)
    model.to(device)
    share = team.share(settings.batch_size)
    samples = job.samples("training")
    _check_frames(samples, model.trunk, job)
    save = partial(
        save_checkpoint,
        kind="colorization",
        network=description,
        scaling=scaling,
        module=model,
        made_by=job.made_by,
    )
    plan = job.plan(device)
    fit(
        plan,
        module=Walk(model) if settings.loss == "walk" else model,
        optimizer=torch.optim.Adam(model.parameters(), lr=settings.learning_rate),
        rate=lambda step: settings.learning_rate * (0.1 if step >= settings.drop_at else 1.0),
        load_batch=loading(samples, share, scaling, settings),
        loss_of=BatchLoss(
            settings, colours=job.colours, temperature=model.temperature, scaling=scaling
        ),
        names_of=lambda step: samples.names(step, share),
        validation=_validation(job, share, team, scaling),
        keeping=Keeping(save, job.keeps),
        team=team,
    )
    if team.leads:
        save(job.output)
        finish(plan)


def _check_frames(samples: LabelSamples, trunk: torch.nn.Module, job: _Job) -> None:
    """An `InputError` where the trunk does not give one cell for each label of a frame."""
    stride, margin = trunk.stride, trunk.margin
    if samples.size != stride * samples.grid or samples.size <= 2 * margin:
        more = f", and frames of over {2 * margin} px" if margin else ""
        raise InputError(
            f"{job.shards[0]}: frames of {samples.size} px with {samples.grid}x{samples.grid} "
            f"labels; {job.trunk} wants one per {stride} px (labels.label_size){more}"
        )


def _validation(job: _Job, share: slice, team: Team, scaling: InputScaling) -> Validation | None:
    if not job.settings.validation_clips:
        return None
    try:
        samples = job.samples("held_out")
    except InputError as error:
        if team.leads:
            print(f"no validation loss: {error}", file=sys.stderr)
        return None
    return Validation(
        every=job.settings.validate_every,
        batches=job.settings.validation_batches,
        load_batch=loading(samples, share, scaling, job.settings),
    )
