"""Stage 4: colorization pretraining (thesis 3.2)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, check_writable, digest_text, made_by
from chromatrack.labels.samples import LabelSamples, Part
from chromatrack.losses import chroma_loss, label_loss
from chromatrack.machine.compute import choose_device, prepare
from chromatrack.models import trunks
from chromatrack.models.build import build_colorizer, root_of_embedding
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ColorizationSettings, ComputeSettings
from chromatrack.settings.keys import only, without_cadence
from chromatrack.stages.labels.lab_statistics import THESIS_LAB, read_lab
from chromatrack.training.engine import finish, fit
from chromatrack.training.plan import FitPlan, Keeping, Validation
from chromatrack.training.processes import Team, check_share, in_processes
from chromatrack.training.walk import DROPOUT, Walk, walk_loss
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
    inputs = [*shards, statistics] if statistics else shards
    source = made_by(
        "colorization",
        settings={**without_cadence(settings), "trunk": trunk, "colours": colours, "seed": seed},
        inputs={path.name: path for path in inputs},
    )
    return source | {"version": VERSIONS["train-colorization"]}


def _train(team: Team, job: _Job) -> None:
    settings = job.settings
    device = prepare(job.compute, seed=job.seed, rank=team.rank)
    scaling = input_scaling(job.statistics, settings)
    description = _description(job.trunk, settings)
    model = build_colorizer(**description)
    model.trunk.to(memory_format=torch.channels_last)
    model.to(device)
    share = team.share(settings.batch_size)
    samples = job.samples("training")
    stride, margin = model.trunk.stride, model.trunk.margin
    if samples.size != stride * samples.grid or samples.size <= 2 * margin:
        more = f", and frames of over {2 * margin} px" if margin else ""
        raise InputError(
            f"{job.shards[0]}: frames of {samples.size} px with {samples.grid}x{samples.grid} "
            f"labels; {job.trunk} wants one per {stride} px (labels.label_size){more}"
        )

    compared = {"temperature": model.temperature, "window": settings.local_window}

    def loss_of(network: torch.nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        images, labels, *chroma = batch
        embeddings = network(frames_of(images))
        if settings.loss == "walk":
            return walk_loss(embeddings, dropout=DROPOUT if network.training else 0.0)
        kind = "double_softmax" if settings.loss == "double_softmax" else "nll"
        loss = label_loss(embeddings, labels.long(), colours=job.colours, kind=kind, **compared)
        if settings.loss == "nll_and_chroma":
            loss = loss + chroma_loss(embeddings, chroma_units(*chroma), **compared)
        return loss

    def frames_of(images: torch.Tensor) -> torch.Tensor:
        """(B, T, C, H, W) for the network."""
        if settings.input != "luma":
            return images
        # Bytes travel to the device: a quarter of what the normalised frames are.
        return scaling.normalized_luma(images.flatten(0, 1)).unflatten(0, images.shape[:2])

    def save(path: Path) -> None:
        save_checkpoint(
            path,
            kind="colorization",
            network=description,
            scaling=scaling,
            module=model,
            made_by=job.made_by,
        )

    def kept(step: int) -> bool:
        every = settings.keep_every
        return step in job.keep_at or bool(every and step and step % every == 0)

    plan = FitPlan(
        steps=settings.steps,
        samples=settings.batch_size,
        checkpoint_every=settings.checkpoint_every,
        folder=job.output.parent,
        identity=digest_text(canonical_json(job.made_by)),
        workers=job.compute.workers,
        device=device,
        what=f"colorization {job.trunk}",
        seed=job.seed,
        precision=settings.precision,
    )
    fit(
        plan,
        module=Walk(model) if settings.loss == "walk" else model,
        optimizer=torch.optim.Adam(model.parameters(), lr=settings.learning_rate),
        rate=lambda step: settings.learning_rate * (0.1 if step >= settings.drop_at else 1.0),
        load_batch=_loading(samples, share, scaling, settings),
        loss_of=loss_of,
        names_of=lambda step: samples.names(step, share),
        validation=_validation(job, share, team, scaling),
        keeping=Keeping(save, kept),
        team=team,
    )
    if team.leads:
        save(job.output)
        finish(plan)


def _loading(
    samples: LabelSamples, share: slice, scaling: InputScaling, settings: ColorizationSettings
) -> Callable[[int], tuple[torch.Tensor, ...]]:
    """Step -> images and labels; luma as bytes (B, T, H, W), colours normalised (B, T, 3, H, W).

    For `nll_and_chroma`, a and b of the cells follow, (B, T, g, g, 2) in levels of 8 bits.
    """

    def load(step: int) -> tuple[torch.Tensor, ...]:
        frames, labels = samples.batch(step, share)
        images, rest = torch.from_numpy(frames), [torch.from_numpy(labels)]
        if settings.loss == "nll_and_chroma":
            rest.append(cell_means(frames[..., 1:], samples.grid))
        if settings.input != "luma":
            # OpenCV knows Lab and has no kernel on a device: loader processes do it.
            flat = scaling.normalized_lab(frames.reshape(-1, *frames.shape[2:]))
            images = flat.unflatten(0, frames.shape[:2])
        elif samples.chroma:
            images = images[..., 0].contiguous()
        return images, *rest

    return load


def cell_means(channels: np.ndarray, grid: int) -> torch.Tensor:
    """(B, T, S, S, C) uint8 -> (B, T, grid, grid, C) float32, the mean over each cell."""
    side = channels.shape[2] // grid
    cells = torch.from_numpy(np.ascontiguousarray(channels)).float()
    return cells.unflatten(2, (grid, side)).unflatten(4, (grid, side)).mean(dim=(3, 5))


def chroma_units(levels: torch.Tensor) -> torch.Tensor:
    """(B, T, g, g, 2) levels of a and b -> (B, T, 2, g, g) as `chroma_loss` takes them."""
    return (levels.permute(0, 1, 4, 2, 3) - 128) / 10


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
        load_batch=_loading(samples, share, scaling, job.settings),
    )


def initial_colorization(
    statistics: Path | None,
    output: Path,
    *,
    trunk: str,
    seed: int,
    settings: ColorizationSettings,
) -> None:
    """Write a checkpoint of random weights, where experiment 3 starts from.

    It depends on the network and its input alone: on no key of the training.

    Args:
        statistics: Lab statistics, for `normalization: measured`; else not read.
    """
    torch.manual_seed(seed)
    description = _description(trunk, settings)
    statistics = statistics_read(statistics, settings)
    save_checkpoint(
        output,
        kind="colorization",
        network=description,
        scaling=input_scaling(statistics, settings),
        module=build_colorizer(**description),
        made_by=made_by(
            "initial-colorization",
            settings={**description, "normalization": settings.normalization, "seed": seed},
            inputs={statistics.name: statistics} if statistics else {},
        ),
    )


def _description(trunk: str, settings: ColorizationSettings) -> dict:
    told = {"trunk": trunk, **only(settings, *settings.NETWORK)}
    if settings.temperature is None:
        size = only(settings, "width", "embedding", "head")
        told["temperature"] = root_of_embedding(trunk=trunk, **size)
    return told


def statistics_read(statistics: Path | None, settings: ColorizationSettings) -> Path | None:
    """The Lab statistics where the normalisation is measured; None where nothing reads them."""
    if settings.normalization != "measured":
        return None
    if statistics is None:
        raise InputError("colorization.normalization: measured needs --statistics, a file of them")
    return statistics


def input_scaling(statistics: Path | None, settings: ColorizationSettings) -> InputScaling:
    """Normalisation of L, a, b: measured, the thesis's, or 0.5 / 0.5 (D18)."""
    kind = {"luma": "lab_l"}.get(settings.input, settings.input)
    if settings.normalization == "half":
        return InputScaling(grey=kind)
    lab = read_lab(statistics) if statistics else THESIS_LAB
    deviation = [max(value, 1e-6) for value in lab["std"]]
    return InputScaling(
        grey=kind,
        grey_mean=lab["mean"][0],
        grey_std=deviation[0],
        ab_mean=tuple(lab["mean"][1:]),
        ab_std=tuple(deviation[1:]),
    )
