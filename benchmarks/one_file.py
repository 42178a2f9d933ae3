"""What a further benchmark costs: one new file and one line of configuration.

    python -m benchmarks.one_file

Into a scratch copy of the project it puts a made-up benchmark, with a layout and a measure of its
own, and lays one line over the small run (config/small.yaml). The run's trackers are run on it, and
its table is looked for on the page. Prints the files touched; the last line is JSON. Some minutes
of two cores, most of them for the networks of the small run.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("src", "workflow", "config", "profiles", "envs", "Snakefile", "config.yaml")
CONFIGURATION = "benchmarks: {otb: {}, ponds: {}}\n"
NEW_FILE = "src/chromatrack/evaluation/sets/ponds.py"

PONDS = '''"""Ponds, a made-up benchmark: frames as POND/k.png, boxes in one table of all."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from chromatrack.data.frames import list_frames
from chromatrack.data.otb import read_boxes
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Scores
from chromatrack.evaluation.measures import Measure
from chromatrack.metrics.boxes import iou_ltwh


@dataclass(frozen=True, kw_only=True)
class Ponds(Benchmark):
    """Scored by the share of the second half of the frames in which a box meets its target."""

    def sequences(self, selection):
        table = selection.root / "ponds.csv"
        if not table.is_file():
            raise InputError(f"{table}: expected rows of pond, left, top, right, bottom")
        rows = [line.split(";") for line in table.read_text().splitlines()]
        found = []
        for name in sorted({row[0] for row in rows}):
            corners = np.array([[float(v) for v in row[1:]] for row in rows if row[0] == name])
            boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
            frames = tuple(list_frames(selection.root / name))
            found.append(Sequence(name, frames, boxes).first(selection.max_frames))
        return found

    def score(self, selection, results, *, protocol, subset=False):
        met, frames = {}, 0
        for sequence in self.sequences(selection):
            half = len(sequence) // 2
            boxes = read_boxes(results / f"{sequence.name}.txt")[half:]
            share = float(np.mean(iou_ltwh(boxes, sequence.boxes_ltwh[half:]) > 0))
            met[sequence.name] = {"met_late": share, "frames": len(boxes)}
            frames += len(boxes)
        mean = float(np.mean([one["met_late"] for one in met.values()]))
        return Scores(values={"met_late": mean}, per_unit=met, frames=frames)


def write(root, examples):
    rows = []
    for example in examples:
        folder = Path(root) / example.name
        folder.mkdir(parents=True)
        for number, frame in enumerate(example.frames):
            cv2.imwrite(str(folder / f"{number}.png"), frame[..., ::-1])
        for left, top, width, height in example.boxes_ltwh.tolist():
            rows.append(f"{example.name};{left};{top};{left + width};{top + height}")
    (Path(root) / "ponds.csv").write_text("\\n".join(rows) + "\\n")


BENCHMARK = Ponds(
    name="ponds",
    title="Ponds",
    measures=(Measure("met_late", "met late"),),
    headline=("met_late",),
    write=write,
)
'''


def copied(folder: Path) -> dict[str, bytes]:
    """The project in a scratch folder; returns its files."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for name in COPIED for path in [folder / name, *(folder / name).rglob("*")])
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }


def run(folder: Path) -> None:
    target = "results/otb2015_summary.csv"
    files = ["config/small.yaml", "ponds.yaml"]
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", *files]
    path = os.pathsep.join([str(folder / "src"), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [*command, "--", target],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
        check=True,
    )


def table_of(page: str) -> list[list[str]]:
    """Cells of the benchmark's table on the page; empty where it has none."""
    section = re.search(r'<section id="ponds-ope">(.*?)</section>', page, re.S)
    if section is None:
        return []
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", section[1], re.S)
    return [
        [
            html.unescape(cell.strip())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in rows
    ]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="one-file-") as name:
        folder = Path(name)
        before = copied(folder)
        (folder / NEW_FILE).write_text(PONDS)
        (folder / "ponds.yaml").write_text(CONFIGURATION)
        run(folder)
        after = contents(folder)
        page = (folder / "results/tiny/report/index.html").read_text(encoding="utf-8")
    touched = sorted(path for path in after if before.get(path) != after[path])
    table = table_of(page)
    for row in table:
        print("  ".join(f"{cell:<22}" for cell in row))
    trackers = [row[0] for row in table[1:]]
    print("\nfiles touched:", ", ".join(touched))
    print("configuration:", CONFIGURATION.strip())
    lines = CONFIGURATION.count("\n")
    shown = len(trackers) >= 6 and all(float(row[1]) >= 0 for row in table[1:])
    print(json.dumps({
        "name": "files and lines of configuration of a further benchmark",
        "value": [len(touched), lines], "unit": "files, lines", "target": [1, 1],
        "trackers": trackers, "holds": [len(touched), lines] == [1, 1] and shown,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
