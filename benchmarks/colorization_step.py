"""One step of colorization: the similarity in its three forms, the whole step on a GPU.

    python -m benchmarks.colorization_step
    python -m benchmarks.colorization_step --single-clip DIR    (real files; half an hour)

The similarity alone, forwards and backwards, is measured at the size of training: 8 samples of
3 + 1 frames of 256x256, hence 32x32 cells and embeddings of 64 channels. Each form is a process of
its own, as memory is the peak of a process over what it held before the first step. The forms:

    plain   affinity and copy_labels: the matrix written out, and the log of the mixture
    fused   copied_labels: PyTorch's fused attention, and the log of the mixture
    loss    label_loss, what training does: fused, and log space where the mixture underflows

With `--single-clip` instead: one real clip (CHROMATRACK_REAL_DATA) memorised, as in thesis 5.3.3,
by config/single_clip.yaml: k = 8, nll, ResNet-18, 490 steps.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import finish, result, sources
from chromatrack.files import read_json
from chromatrack.losses import label_loss
from chromatrack.models.build import build_colorizer
from chromatrack.models.similarity import affinity, copy_labels, predict_labels
from chromatrack.settings import ComputeSettings, load_config
from chromatrack.stages.colorization.single_video import memorize_clip

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


def single_clip(video: Path, output: Path) -> list[dict]:
    """Memorise one clip (thesis 5.3.3), by the stage of the workflow."""
    settings = load_config([Path("config/thesis.yaml"), Path("config/single_clip.yaml")])
    memorize_clip(
        video, output, labels=settings.labels, colorization=settings.colorization,
        settings=settings.single_video, seed=0, compute=ComputeSettings(threads=1),
    )  # fmt: skip
    (run,) = read_json(output)["runs"]
    losses = pd.read_csv(output.parent / run["metrics"])["loss"]
    steps = settings.single_video.steps
    name = f"single clip {video.stem}, k = {run['colours']}, {run['loss']}, {steps} steps"
    return [
        result(f"{name}: loss of the last 20 steps", float(losses[-20:].mean()), "nats", "<= 0.4"),
        result(f"{name}: positions right", run["accuracy"], "share", ">= 0.923"),
        result(f"{name}: positions right, as used afterwards", run["accuracy_in_use"], "share"),
        result(f"{name}: wrong per image", run["wrong_per_image"], f"of {run['positions']}"),
        result(f"{name}: images", run["images"], "images"),
    ]


def main() -> None:
    gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", nargs=2, metavar=("FORM", "DEVICE"), help=argparse.SUPPRESS)
    parser.add_argument("--single-clip", type=Path, metavar="DIR", help="memorise a clip there")
    parser.add_argument("--video", type=Path, help="the clip; without it, the first real one")
    options = parser.parse_args()
    if options.form:
        print(json.dumps(measure(*options.form)))
    elif options.single_clip:
        video = options.video or sources()[0]
        finish(single_clip(video, options.single_clip / "index.json"))
    else:
        results = similarity("cpu")
        if gpu:
            results += similarity("cuda") + whole_step()
        else:
            print("no GPU: the whole step in bf16 is not measured")
        finish(results)


if __name__ == "__main__":
    main()
