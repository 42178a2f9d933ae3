"""The figures that want a GPU, in 25 minutes on a bare machine; docs/gpu.md says what they are.

    python -m benchmarks.gpu
    python -m benchmarks.gpu --device cpu --short      (a minute: whether it would run)

Each part is a process of its own with a budget of seconds: one that fails, hangs or breaks the
device takes no other with it, and what it had measured counts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))  # of a bare checkout, where nothing is installed

SECONDS, SHORT_SECONDS = 1500, 110
START = 15
"""Seconds in which a part has made what it needs."""
SHORT_WIDTH = 0.1


def run_part(name: str, options: argparse.Namespace, seconds: float) -> list[dict]:
    """The results of a part; where it does not end well, one sentence says why."""
    with tempfile.TemporaryDirectory(prefix="chromatrack-gpu-") as place:
        folder = Path(place)
        found, log = folder / "results", folder / "log"
        found.touch()
        # Forked, so that no part imports torch again; nothing has touched the GPU yet.
        process = get_context("fork").Process(target=measure, args=(name, options, folder, seconds))
        process.start()
        process.join(timeout=seconds)
        if process.is_alive():
            process.kill()
            process.join()
            print(f"{name}: was not done after {seconds:.0f} s", flush=True)
        elif process.exitcode:
            said = log.read_text(errors="replace").strip().splitlines()
            last = said[-1] if said else f"exit code {process.exitcode}"
            print(f"{name}: failed ({last})", flush=True)
        return [json.loads(line) for line in found.read_text().splitlines()]


def measure(name: str, options: argparse.Namespace, folder: Path, seconds: float) -> None:
    """One part, in this process."""
    from benchmarks.common import show
    from benchmarks.gpu_parts import PARTS, Way, device_line
    from chromatrack.settings import ComputeSettings

    with (folder / "log").open("w") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    threads = len(os.sched_getaffinity(0))
    if name == "device":
        print(device_line(threads, options.device), flush=True)
        (folder / "results").write_text(json.dumps({"device": options.device}))
        return
    way = Way(
        folder=folder,
        seconds=max(1, seconds - START),
        width=options.width,
        short=options.short,
        compute=ComputeSettings(
            device=options.device, threads=threads, tracking="batched",
            workers=0 if options.short else max(0, min(threads - 1, 15)),
        ),
    )  # fmt: skip
    with (folder / "results").open("a") as found:
        for one in PARTS[name][0](way):
            show(one)
            print(json.dumps(one), file=found, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--short", action="store_true", help="narrow networks and a few steps")
    parser.add_argument(
        "--seconds", type=float, help=f"in all; {SECONDS}, {SHORT_SECONDS} if short"
    )
    parser.add_argument("--width", type=float, help=f"of all networks; 1, {SHORT_WIDTH} if short")
    parser.add_argument("--parts", nargs="+", metavar="PART", help="some of them")
    options = parser.parse_args()
    if options.seconds is not None and not 0 < options.seconds < float("inf"):
        parser.error(f"--seconds: expected more than 0, got {options.seconds:g}")
    options.width = options.width or (SHORT_WIDTH if options.short else 1.0)
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        from benchmarks.gpu_parts import PARTS
    except ImportError as error:
        sys.exit(f"benchmarks.gpu: {error}; docs/gpu.md says what to install")
    parts = options.parts or list(PARTS)
    for name in parts:
        if name not in PARTS:
            parser.error(f"--parts: expected some of {', '.join(PARTS)}, got {name}")
    run_all(parts, options, {name: PARTS[name][1] for name in parts})


def run_all(parts: list[str], options: argparse.Namespace, shares: dict[str, float]) -> None:
    """Print the device, the lines of each part, and all results as JSON on the last line.

    A part has its share of the seconds that are left: what one does not need, the next ones have.
    """
    if not run_part("device", options, 60):
        sys.exit("benchmarks.gpu: --device cpu --short tries it without a GPU")
    left = options.seconds or (SHORT_SECONDS if options.short else SECONDS)
    results = []
    for number, name in enumerate(parts):
        began = time.monotonic()
        share = shares[name] / sum(shares[other] for other in parts[number:])
        results += run_part(name, options, left * share)
        left -= time.monotonic() - began
    print(json.dumps(results))


if __name__ == "__main__":
    main()
