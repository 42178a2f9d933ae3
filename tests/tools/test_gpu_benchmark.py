"""`benchmarks.gpu` runs to its end where there is no GPU, so that it will where there is one."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def benchmark(*options):
    call = [sys.executable, "-m", "benchmarks.gpu", *options]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=900)


def test_every_part_measures_on_a_cpu():
    done = benchmark("--device", "cpu", "--short", "--seconds", "900")
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("device: CPU; torch ")
    assert "failed" not in done.stdout and "was not done" not in done.stdout
    results = json.loads(last)
    assert {tuple(one) for one in results} == {("name", "value", "unit", "target", "holds")}
    units = {one["unit"] for one in results}
    assert units == {
        "clips/s",
        "iterations/s",
        "h",
        "%",
        "pairs/s",
        "min",
        "frames/s",
        "s",
        "times",
        "ms",
    }
    assert all(one["value"] > 0 for one in results if one["unit"] != "%")


def test_a_part_that_fails_is_one_sentence_and_no_other_part_is_lost():
    done = benchmark(
        "--device", "cpu", "--short", "--seconds", "300", "--width", "nan",
        "--parts", "tracking", "kmeans",
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[1].startswith("tracking: failed (") and "Traceback" not in done.stdout
    assert done.returncode == 0
    assert {one["unit"] for one in json.loads(lines[-1])} == {"clips/s"}


def test_a_part_that_takes_too_long_is_ended():
    options = ("--device", "cpu", "--short", "--parts", "siamfc", "--seconds", "0.2")
    done = benchmark(*options)
    assert done.stdout.splitlines()[1:] == ["siamfc: was not done after 0 s", "[]"]
