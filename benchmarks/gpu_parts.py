"""The parts of `benchmarks.gpu`: each yields its results as it has them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks import gpu_inputs as inputs
from benchmarks.alphas import ALPHAS, ONE
from benchmarks.common import result
from chromatrack.data.sequence import Sequence
from chromatrack.files import read_json
from chromatrack.labels.kmeans import cluster_many
from chromatrack.losses import label_loss
from chromatrack.machine.compute import choose_device, prepare
from chromatrack.models.build import build_colorizer
from chromatrack.settings import (
    ColorizationSettings,
    ComputeSettings,
    LabelSettings,
    SiamFCSettings,
    TrackerSettings,
)
from chromatrack.stages.colorization.training import train_colorization
from chromatrack.stages.evaluation.sequences import Run, run_together
from chromatrack.stages.siamfc.training import train_siamfc
from chromatrack.tracking.load import load_tracker
from chromatrack.training.precision import Precision

STEPS_OF_THESIS = 140_000
PAIRS_OF_THESIS = 2.5e6
PROBE = 12
"""Steps that tell how many fit into the time."""

Results = Iterator[dict]


@dataclass(frozen=True)
class Way:
    """How a part measures.

    Attributes:
        folder: for what it makes.
        seconds: that it may measure; the inputs and the start of a part are not counted.
        width: of all networks.
        short: the least work that goes through everything.
    """

    folder: Path
    seconds: float
    width: float
    short: bool
    compute: ComputeSettings

    def bar(self, target: str) -> str | None:
        """It is of whole networks."""
        return target if self.width == 1 and not self.short else None

    def name(self, what: str) -> str:
        return what if self.width == 1 else f"{what} (width {self.width:g})"


def kmeans(way: Way) -> Results:
    """Clips per second of the clustering, k = 8, ten starts."""
    clips = inputs.histograms(8 if way.short else 512)
    backends = ["histogram", "torch"]
    try:
        import faiss
    except ImportError:
        print("k-means: faiss is left out, it is not installed")
    else:
        backends += ["faiss"]
        if not getattr(faiss, "get_num_gpus", int)():
            print("k-means: this faiss sees no GPU")
    for backend in backends:
        run = partial(cluster_many, colours=LabelSettings().colours, backend=backend)
        run(clips[:4])
        began = time.perf_counter()
        rounds, few = 0, clips if backend == "torch" else clips[:64]
        while not rounds or (not way.short and time.perf_counter() - began < way.seconds / 6):
            run(few)
            rounds += 1
        rate = rounds * len(few) / (time.perf_counter() - began)
        yield result(f"k-means, {backend}", rate, "clips/s")


def _fitting(way: Way, train: Callable[[int], dict], share: float) -> dict:
    """The speed of a training of as many steps as fit into a share of the part's time."""
    if way.short:
        return train(2)
    first = train(PROBE)
    a_step = first["seconds"] / first["timed_steps"]
    return train(max(PROBE, int(share * way.seconds / a_step)))


def colorization(way: Way) -> Results:
    """Pretraining with the settings of the thesis, by its stage."""
    labels = LabelSettings()
    shard = inputs.label_shard(way.folder / "labels.h5", labels, clips=4 if way.short else 64)

    def train(steps: int, precision: int | str) -> dict:
        output = way.folder / f"{precision}-{steps}" / "model.pt"
        settings = ColorizationSettings(
            width=way.width, normalization="published", steps=steps, precision=precision,
            batch_size=1 if way.short else 8, checkpoint_every=10**9, validation_clips=0,
        )  # fmt: skip
        train_colorization(
            [shard], None, output, trunk="resnet18", colours=labels.colours, seed=0,
            settings=settings, compute=way.compute,
        )  # fmt: skip
        return {**read_json(output.parent / "speed.json"), "batch": settings.batch_size}

    for precision in (32, "bf16"):
        speed = _fitting(way, partial(train, precision=precision), 0.4)
        what = way.name(f"colorization, batch {speed['batch']}, {precision}")
        rate = speed["samples_per_second"] / speed["batch"]
        hours = STEPS_OF_THESIS / rate / 3600
        bar = way.bar("<= 1") if precision == "bf16" else None
        yield result(what, rate, "iterations/s")
        yield result(f"{what}: waiting for data", 100 * speed["waiting_share"], "%")
        yield result(f"{what}: {STEPS_OF_THESIS:,} iterations", hours, "h", bar)
        alone = _step_alone(way, speed["batch"], precision)
        yield result(f"{what}: a step without loading", 1000 * alone, "ms")


def _step_alone(way: Way, batch: int, precision: int | str) -> float:
    """Seconds of a training step on a batch that is on the device already."""
    device = prepare(way.compute)
    model = build_colorizer(trunk="resnet18", width=way.width).to(device).train()
    model.trunk.to(memory_format=torch.channels_last)
    optimizer, kind = torch.optim.Adam(model.parameters()), Precision(precision, device)
    frames = torch.rand(batch, 4, 1, 256, 256, device=device)
    labels = torch.randint(LabelSettings().colours, (batch, 4, 32, 32), device=device)

    def steps(count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            with kind.forward():
                loss = label_loss(
                    model(frames), labels, colours=LabelSettings().colours, kind="nll",
                    temperature=model.temperature,
                )  # fmt: skip
            kind.step(loss, optimizer)
        loss.item()  # a GPU is still at it
        return (time.perf_counter() - began) / count

    steps(1 if way.short else 6)
    return steps(1 if way.short else 25)


def siamfc(way: Way) -> Results:
    """Training of SiamFC on pairs of crops, by its stage."""
    shard = inputs.crop_shard(way.folder / "crops.h5", sequences=8 if way.short else 64)

    def train(steps: int, batch: int, precision: int | str) -> dict:
        output = way.folder / f"{batch}-{precision}-{steps}" / "model.pt"
        settings = SiamFCSettings(
            width=way.width, epochs=1, pairs_per_epoch=steps * batch, batch_size=batch,
            precision=precision, keep_every=0, validation_frames=0, checkpoint_every=10**9,
        )  # fmt: skip
        train_siamfc([shard], output, seed=0, settings=settings, compute=way.compute)
        return read_json(output.parent / "speed.json")

    for batch in (8, 32, 128):
        for precision in (32,) if way.short else (32, "bf16"):
            speed = _fitting(way, partial(train, batch=batch, precision=precision), 0.13)
            what = way.name(f"SiamFC training, batch {batch}, {precision}")
            rate = speed["samples_per_second"]
            minutes = PAIRS_OF_THESIS / rate / 60
            yield result(what, rate, "pairs/s")
            yield result(f"{what}: waiting for data", 100 * speed["waiting_share"], "%")
            yield result(f"{what}: 2.5 million pairs", minutes, "min")


def _tracked(
    way: Way, checkpoint: Path, sequences: list[Sequence], precision: int | str, **alphas: tuple
) -> float:
    """Seconds of tracking all sequences in one batch, files written and start included."""
    opened = partial(
        load_tracker, checkpoint, settings=TrackerSettings(precision=precision),
        device=choose_device(way.compute),
    )  # fmt: skip
    each = [{"alpha": alpha} for alpha in alphas.get("alphas", [])] or [{}]
    began = time.perf_counter()
    folder = way.folder / f"tracked-{began}"
    runs = [Run(folder / str(n), {}, partial(opened, **one)) for n, one in enumerate(each)]
    run_together(runs, sequences, open_together=partial(opened, **alphas), compute=way.compute)
    return time.perf_counter() - began


def tracking(way: Way) -> Results:
    """SiamFC over as many sequences and frames as OTB2015 has."""
    checkpoint = inputs.siamfc(way.folder / "siamfc.pt", way.width)
    count = 4 if way.short else inputs.OTB_SEQUENCES
    every = inputs.sequences(
        way.folder / "otb", 24 if way.short else inputs.OTB_FRAMES, count=count
    )
    for precision in (32,) if way.short else (32, "bf16"):
        chosen = every
        if not way.short:
            few = [one.first(120) for one in every]  # enough for several processes
            a_frame = _tracked(way, checkpoint, few, precision) / sum(map(len, few))
            fitting = 0.4 * way.seconds / a_frame / count
            chosen = [one.first(max(120, int(fitting))) for one in every]
        frames = sum(map(len, chosen))
        rate = frames / _tracked(way, checkpoint, chosen, precision)
        what = way.name(f"SiamFC over {count} sequences, {precision}")
        bar = way.bar("<= 60")
        of = "" if frames == inputs.OTB_FRAMES else f", from {frames:,} of them"
        yield result(what, rate, "frames/s")
        yield result(
            f"{what}: {inputs.OTB_FRAMES:,} frames{of}", inputs.OTB_FRAMES / rate, "s", bar
        )


def alphas(way: Way) -> Results:
    """Eleven alphas of a combined network in one batch beside 0.5 alone."""
    count, frames = (2, 8) if way.short else (24, 60)
    sequences = inputs.sequences(way.folder / "otb", count * frames, count=count)
    prepare(way.compute)
    checkpoint = inputs.combined(way.folder / "combined.pt", way.width, sequences[:2])
    arms = {"one": (ALPHAS[ONE],), "eleven": ALPHAS}
    took = {name: [] for name in arms}
    if not way.short:
        few = [sequence.first(4) for sequence in sequences]
        for these in arms.values():
            _tracked(way, checkpoint, few, 32, alphas=these)
    began = time.perf_counter()
    for number in range(1 if way.short else 5):
        if number and time.perf_counter() - began > 0.4 * way.seconds:
            break
        for name, these in arms.items():
            took[name].append(_tracked(way, checkpoint, sequences, 32, alphas=these))
    pairs = list(zip(took["eleven"], took["one"], strict=True))
    what = way.name(f"combined network over {count} sequences")
    one = statistics.median(seconds for _, seconds in pairs)
    yield result(f"{what}: one alpha", count * frames / one, "frames/s")
    ratio = statistics.median(eleven / one for eleven, one in pairs)
    yield result(f"{what}: eleven alphas / one", ratio, "times", way.bar("<= 4"))


PARTS = {
    "kmeans": (kmeans, 0.10),
    "colorization": (colorization, 0.27),
    "siamfc": (siamfc, 0.22),
    "tracking": (tracking, 0.26),
    "alphas": (alphas, 0.15),
}
"""Each with its share of the time."""


def device_line(threads: int, device: str) -> str:
    """What the figures are of; an `InputError` where there is no such device."""
    kind = choose_device(ComputeSettings(device=device)).type
    name = torch.cuda.get_device_name() if kind == "cuda" else "CPU"
    return f"device: {name}; torch {torch.__version__}; {threads} CPUs"
