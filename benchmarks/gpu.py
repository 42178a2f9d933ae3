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
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))  # of a bare checkout, where nothing is installed

MINUTES = 25
START = 15
"""Seconds in which a part has imported and made what it needs."""
SHORT_WIDTH = 0.1


def run_part(name: str, options: argparse.Namespace, seconds: float) -> list[dict]:
    """The results of a part; where it does not end well, one sentence says why."""
    with tempfile.TemporaryDirectory() as folder:
        found, log = Path(folder) / "results", Path(folder) / "log"
        found.touch()
        call = [sys.executable, "-m", "benchmarks.gpu", "--device", options.device, "--part", name]
        call += ["--folder", folder, "--seconds", f"{seconds}", "--width", f"{options.width}"]
        call += ["--short"] * options.short
        hidden = {"CUDA_VISIBLE_DEVICES": ""} if options.device == "cpu" else {}
        with log.open("w") as errors:
            try:
                code = subprocess.run(
                    call, cwd=ROOT, stderr=errors, timeout=seconds, env=os.environ | hidden
                ).returncode
                last = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
                fault = f"failed ({last or f'exit code {code}'})" if code else ""
            except subprocess.TimeoutExpired:
                fault = f"was not done after {seconds:.0f} s"
        if fault:
            print(f"{name}: {fault}", flush=True)
        return [json.loads(line) for line in found.read_text().splitlines()]


def measure(options: argparse.Namespace) -> None:
    """One part, in this process."""
    from benchmarks.common import show
    from benchmarks.gpu_parts import PARTS, Way
    from chromatrack.settings import ComputeSettings

    threads = cpus()
    way = Way(
        folder=options.folder,
        seconds=max(1, options.seconds - START),
        width=options.width,
        short=options.short,
        compute=ComputeSettings(
            device=options.device, threads=threads, tracking="batched",
            workers=0 if options.short else max(0, min(threads - 1, 15)),
        ),
    )  # fmt: skip
    with (options.folder / "results").open("a") as found:
        for one in PARTS[options.part][0](way):
            show(one)
            print(json.dumps(one), file=found, flush=True)


def cpus() -> int:
    return len(os.sched_getaffinity(0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--short", action="store_true", help="narrow networks and a few steps")
    parser.add_argument("--seconds", type=float, help=f"in all; {60 * MINUTES}, or 110 if short")
    parser.add_argument(
        "--width", type=float, help=f"of all networks; 1, or {SHORT_WIDTH} if short"
    )
    parser.add_argument("--parts", nargs="+", metavar="PART", help="some of them")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.width = options.width or (SHORT_WIDTH if options.short else 1.0)
    if options.part:
        return measure(options)
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        from benchmarks.gpu_parts import PARTS, device_line
    except ImportError as error:
        sys.exit(f"benchmarks.gpu: {error}; docs/gpu.md says what to install")
    parts = options.parts or list(PARTS)
    for name in parts:
        if name not in PARTS:
            parser.error(f"--parts: expected some of {', '.join(PARTS)}, got {name}")
    line = device_line(cpus())
    print(line, flush=True)
    if options.device == "cuda" and "device: CPU" in line:
        sys.exit("benchmarks.gpu: torch sees no GPU; --device cpu --short tries it on a CPU")
    seconds = options.seconds or (110 if options.short else 60 * MINUTES)
    results = []
    for name in parts:
        results += run_part(name, options, seconds * PARTS[name][1])
    print(json.dumps(results))


if __name__ == "__main__":
    main()
