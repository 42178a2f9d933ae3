"""What the benchmarks share: where the real files are, clips of a given size, the last line."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterable
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

REAL_DATA = Path(os.environ.get("CHROMATRACK_REAL_DATA", "../shared/data"))


def sources() -> list[Path]:
    """The real videos, or exit with one sentence where there are none."""
    folder = REAL_DATA / "kinetics" / "source"
    videos = sorted(folder.iterdir()) if folder.is_dir() else []
    if not videos:
        sys.exit(f"{folder}: expected real videos; set CHROMATRACK_REAL_DATA")
    return videos


def make_clip(source: Path, target: Path, *, width: int, height: int, frames: int = 250) -> None:
    """The first `frames` frames of a video (from its start again if short), as H.264 at 25 fps."""
    import av  # not on the bare machines of benchmarks/gpu.py

    size = {"width": width, "height": height, "format": "yuv420p", "threads": 1}
    with av.open(str(source)) as container:
        shown = [f.reformat(**size) for f in islice(container.decode(video=0), frames)]
    with av.open(str(target), "w") as container:
        options = {"preset": "veryfast", "crf": "18"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, frame in enumerate(islice(cycle(shown), frames)):
            frame.pts, frame.time_base = index, Fraction(1, 25)
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def over_rounds(values: Iterable[float], unit: str) -> tuple[float, str]:
    """The median of several rounds, and the unit with their range."""
    values = list(values)
    return statistics.median(values), f"{unit} ({min(values):.2f} to {max(values):.2f})"


def finish(results: list[dict]) -> None:
    """Print the results, one line each, and all of them as JSON on the last line.

    Args:
        results: name, value, unit, target (text such as "<= 2.0"; None if there is none), holds.
    """
    for result in results:
        show(result)
    print(json.dumps(results))


def show(result: dict) -> None:
    """Print one result as a line."""
    verdict = {True: "holds", False: "DOES NOT HOLD", None: "no bar"}[result["holds"]]
    target = f"  target {result['target']}" if result["target"] else ""
    line = f"{result['name']}: {result['value']:g} {result['unit']}{target}  {verdict}"
    print(line, flush=True)


def result(name: str, value: float, unit: str, target: str | None = None) -> dict:
    """One result; `target` is "<= number" or ">= number"."""
    holds, value = None, float(value)  # numpy's own comparisons are no JSON
    if target:
        sign, bound = target.split()
        holds = value <= float(bound) if sign == "<=" else value >= float(bound)
    return {"name": name, "value": round(value, 4), "unit": unit, "target": target, "holds": holds}
