"""One step of colorization: the similarity in its three forms, the whole step on a GPU.

    python -m benchmarks.colorization_step
    python -m benchmarks.colorization_step --single-clip    (real videos: CHROMATRACK_REAL_DATA)

The similarity alone, forwards and backwards, is measured at the size of training: 8 samples of
3 + 1 frames of 256x256, hence 32x32 cells and embeddings of 64 channels. Each form is a process of
its own, as memory is the peak of a process over what it held before the first step. The forms:

    plain   affinity and copy_labels: the matrix written out, and the log of the mixture
    fused   copied_labels: PyTorch's fused attention, and the log of the mixture
    loss    label_loss, what training does: fused, and log space where the mixture underflows

With `--single-clip` instead: one real clip memorised (thesis 5.3.3) with k = 8, nll, ResNet-18 and
490 steps.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import finish, result, sources
from chromatrack.labels.samples import LabelSamples
from chromatrack.losses import label_loss
from chromatrack.models.build import build_colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.models.similarity import affinity, copy_labels, predict_labels
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels import label_video

SAMPLES, FRAMES, SIDE, EMBEDDING, COLOURS = 8, 4, 256, 64, 8
FORMS = ("plain", "fused", "loss")
STEPS_OF_THESIS = 140_000


def loss_of(form: str, embeddings: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The nll of the last frame by one of the forms."""
    if form == "loss":
        return label_loss(embeddings, labels, colours=COLOURS)
    if form == "fused":
        predicted, truth = predict_labels(embeddings, labels, colours=COLOURS)
    else:
        one_hot = F.one_hot(labels[:, :-1], COLOURS).permute(0, 1, 4, 2, 3)
        predicted = copy_labels(affinity(embeddings[:, :-1], embeddings[:, -1]), one_hot)
        truth = labels[:, -1]
    return F.nll_loss(predicted.clamp_min(1e-30).log(), truth)


def random_batch(device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings (B, T, E, h, w) and labels (B, T, h, w)."""
    cells = SIDE // 8
    torch.manual_seed(0)
    embeddings = torch.randn(SAMPLES, FRAMES, EMBEDDING, cells, cells, device=device)
    labels = torch.randint(COLOURS, (SAMPLES, FRAMES, cells, cells), device=device)
    return embeddings.requires_grad_(), labels


def measure(form: str, device: str, steps: int = 5) -> tuple[float, float]:
    """Peak memory over what there was, in MB, and median seconds of a step."""
    embeddings, labels = random_batch(device)
    gpu = device == "cuda"
    wait = torch.cuda.synchronize if gpu else lambda: None
    # What the libraries allocate once is not memory of the step.
    loss_of(form, embeddings[:1, :, :, :8, :8], labels[:1, :, :8, :8]).backward()
    before = torch.cuda.memory_allocated() if gpu else 1024 * _peak_rss()
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(steps):
        embeddings.grad = None
        wait()
        began = time.perf_counter()
        loss_of(form, embeddings, labels).backward()
        wait()
        seconds.append(time.perf_counter() - began)
    peak = torch.cuda.max_memory_allocated() if gpu else 1024 * _peak_rss()
    return (peak - before) / 1e6, statistics.median(seconds)


def _peak_rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux


def similarity(device: str) -> list[dict]:
    """Memory and time of the three forms, each in a process of its own."""
    found = {}
    for form in FORMS:
        call = [sys.executable, "-m", "benchmarks.colorization_step", "--form", form, device]
        found[form] = json.loads(subprocess.check_output(call, text=True).splitlines()[-1])
    where, results = f"similarity on the {device}", []
    for form, (megabytes, seconds) in found.items():
        results.append(result(f"{where}, {form}: peak memory", megabytes, "MB"))
        results.append(result(f"{where}, {form}: step", 1000 * seconds, "ms"))
    plain, plain_s = found["plain"]
    for form in FORMS[1:]:
        memory, seconds = found[form]
        results.append(result(f"{where}, {form}: memory of plain", memory / plain, "share", "<= 1"))
        results.append(result(f"{where}, {form}: time of plain", seconds / plain_s, "share"))
    return results


def whole_step() -> list[dict]:
    """Iterations per second on a GPU at 32 frames in bfloat16, and their share of its peak."""
    model = build_colorizer(trunk="resnet18").cuda()
    model.trunk.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    frames = torch.randn(SAMPLES, FRAMES, 1, SIDE, SIDE, device="cuda")
    labels = torch.randint(COLOURS, (SAMPLES, FRAMES, SIDE // 8, SIDE // 8), device="cuda")

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.bfloat16):
            embeddings = model(frames)
        label_loss(embeddings, labels, colours=COLOURS).backward()
        optimizer.step()

    with FlopCounterMode(display=False) as counter:
        step()
    rate = 1 / _seconds_on_gpu(step, 30)
    square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    peak = 2 * 8192**3 / _seconds_on_gpu(lambda: square @ square, 30)
    return [
        result("whole step: work", counter.get_total_flops() / 1e12, "TFLOP"),
        result("whole step, bf16, 32 frames", rate, "iterations/s"),
        result("measured bf16 peak (8192^3 product)", peak / 1e12, "TFLOP/s"),
        result("whole step: share of peak", rate * counter.get_total_flops() / peak, "share"),
        result("whole step: memory", torch.cuda.max_memory_allocated() / 1e9, "GB"),
        result("140,000 iterations", STEPS_OF_THESIS / rate / 3600, "h", "<= 1"),
    ]


def _seconds_on_gpu(work, times: int) -> float:
    for _ in range(5):
        work()
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(times):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / times


def single_clip(video: Path, *, steps: int, batch: int, device: str) -> list[dict]:
    """Memorise the samples of one clip; its samples do not overlap, as in the thesis."""
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder) / "labels.h5"
        label_video(video, shard, settings=LabelSettings(colours=COLOURS))
        samples = LabelSamples(
            [shard], frames=FRAMES, batch_size=batch, colours=COLOURS, sampling="sequential"
        )
        everything = [samples.sample(index) for index in range(len(samples))]
    scaling = InputScaling()
    inputs = torch.stack([scaling.normalized_luma(luma) for luma, _ in everything]).to(device)
    labels = torch.tensor(np.stack([label for _, label in everything])).long().to(device)
    torch.manual_seed(0)
    model = build_colorizer(trunk="resnet18").to(device)
    model.trunk.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses, began = [], time.perf_counter()
    for step in range(steps):
        chosen = torch.randperm(len(inputs))[:batch]
        loss = label_loss(model(inputs[chosen]), labels[chosen], colours=COLOURS)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 10 == 0:
            spent = time.perf_counter() - began
            print(f"step {step}: loss {losses[-1]:.3f}, {spent:.0f} s", file=sys.stderr)
    right, loss = _recall(model.eval(), inputs, labels)
    name = f"single clip {video.stem}, {len(inputs)} samples, {steps} steps of {batch}"
    return [
        result(
            f"{name}: loss of the last 20 steps", statistics.mean(losses[-20:]), "nats", "<= 0.4"
        ),
        result(f"{name}: loss of all samples, eval mode", loss, "nats"),
        result(f"{name}: positions right, eval mode", right, "share", ">= 0.923"),
        result(f"{name}: time", (time.perf_counter() - began) / steps, "s/step"),
    ]


@torch.inference_mode()
def _recall(model, inputs: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Share of the target's positions that get their colour, and the loss, over all samples."""
    right, loss = [], []
    for frames, truth in zip(inputs.split(1), labels.split(1), strict=True):
        embeddings = model(frames)
        predicted, wanted = predict_labels(embeddings, truth, colours=COLOURS)
        right.append((predicted.argmax(1) == wanted).float().mean().item())
        loss.append(label_loss(embeddings, truth, colours=COLOURS).item())
    return statistics.mean(right), statistics.mean(loss)


def main() -> None:
    gpu = torch.cuda.is_available()
    device = "cuda" if gpu else "cpu"
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", nargs=2, metavar=("FORM", "DEVICE"), help=argparse.SUPPRESS)
    parser.add_argument("--single-clip", action="store_true")
    parser.add_argument("--video", type=Path, help="the clip; without it, the first real one")
    parser.add_argument("--steps", type=int, default=490)
    parser.add_argument("--batch", type=int, default=8 if gpu else 2, help="samples per step")
    options = parser.parse_args()
    if options.form:
        print(json.dumps(measure(*options.form)))
    elif options.single_clip:
        video = options.video or sources()[0]
        finish(single_clip(video, steps=options.steps, batch=options.batch, device=device))
    else:
        results = similarity("cpu")
        if gpu:
            results += similarity("cuda") + whole_step()
        else:
            print("no GPU: the whole step in bf16 is not measured")
        finish(results)


if __name__ == "__main__":
    main()
