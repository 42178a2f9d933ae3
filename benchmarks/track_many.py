"""Twenty targets in one 1080p video: one run of `chromatrack track` beside twenty runs of it.

    python -m benchmarks.track_many
    python -m benchmarks.track_many --precision bf16     (a CPU with instructions for it)

CPU seconds of whole commands on one thread, start and decoding included, as a person would call
them; arms take turns. Of the twenty runs a few are made and stand for all. SiamFC at full width,
with the weights of siamfc-pytorch where they are, else random ones: they cost the same. Beside
the bar stands what is left of the gain in a long video, where only decoding is shared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks.common import REAL_DATA, finish, make_clip, over_rounds, result, sources
from chromatrack.models.build import build_siamfc
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch

TARGETS = 20
WIDTH, HEIGHT, SIDE = 1920, 1080, 120


def boxes() -> list[str]:
    """Boxes on a grid over the frame, as `--box` takes them."""
    places = [(180 + 360 * (i % 5), 130 + 250 * (i // 5)) for i in range(TARGETS)]
    return [f"{x},{y},{SIDE},{SIDE}" for x, y in places]


def cpu_seconds(
    video: Path, checkpoint: Path, given: list[str], last: int, folder: Path, settings: dict
) -> float:
    """What one command costs, in seconds of CPU time."""
    call = [sys.executable, "-m", "chromatrack.cli.main", "track", str(video)]
    call += ["--checkpoint", str(checkpoint), "--output", str(folder / "boxes.csv")]
    call += ["--settings", json.dumps(settings), "--to", str(last)]
    call += [*(part for box in given for part in ("--box", box))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        call, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(call)}: failed")
    return usage.ru_utime + usage.ru_stime


def weights(folder: Path) -> Path:
    """A checkpoint of SiamFC at full width."""
    published, checkpoint = REAL_DATA / "siamfc_reference" / "weights.pth", folder / "siamfc.pt"
    if not published.is_file():
        published = folder / "random.pth"
        torch.save(build_siamfc().state_dict(), published)
    import_siamfc_pytorch(published, checkpoint)
    return checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=30, help="of the video")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="32", choices=["32", "bf16"])
    parser.add_argument("--singles", type=int, default=3, help="single runs of a round")
    options = parser.parse_args()
    precision = int(options.precision) if options.precision == "32" else options.precision
    ratios, long_ratios = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video, checkpoint = folder / "1080p.mp4", weights(folder)
        make_clip(sources()[0], video, width=WIDTH, height=HEIGHT, frames=options.frames)
        last = options.frames - 1

        def cost(given: list[str], last: int) -> float:
            settings = {"precision": precision}
            return cpu_seconds(video, checkpoint, given, last, folder, settings)

        for number in range(options.rounds):
            shift = number * options.singles
            singles = [boxes()[(shift + one) % TARGETS] for one in range(options.singles)]
            arms = {"many": lambda: cost(boxes(), last), "start": lambda: cost(boxes(), 1)}
            arms |= {box: lambda box=box: cost([box], last) for box in singles}
            arms |= {"one": lambda box=singles[0]: cost([box], 1)}
            order = list(arms) if number % 2 == 0 else list(reversed(arms))
            took = {arm: arms[arm]() for arm in order}
            single = statistics.mean(took[box] for box in singles)
            ratios.append(took["many"] / (TARGETS * single))
            further = TARGETS * (single - took["one"])
            long_ratios.append((took["many"] - took["start"]) / further)
            print(
                f"round {number + 1}: together {took['many']:.1f} s, one alone {single:.1f} s, "
                f"ratio {ratios[-1]:.3f}, of further frames {long_ratios[-1]:.3f}",
                flush=True,
            )
    finish(
        [
            result(
                f"{TARGETS} targets together / {TARGETS} runs, {options.frames} frames of 1080p, "
                f"{options.precision}",
                *over_rounds(ratios, "of the CPU seconds"),
                "<= 0.6",
            ),
            result(
                "the same of every further frame", *over_rounds(long_ratios, "of the CPU seconds")
            ),
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
