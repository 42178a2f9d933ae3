"""Pages that tests look at: of runs that were never made."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from benchmarks.made_up_run import write_run
from benchmarks.made_up_viewer import add_viewer
from chromatrack.files import read_json
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.page import make_page
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics

WIDE, NARROW = (1280, 800), (375, 700)
DRAWN = """() => [...document.querySelectorAll(".plot")].every(
    (plot) => Number(plot.dataset.traces) > 0 && plot.querySelector(".main-svg"))"""


@dataclass(frozen=True)
class MadeUp:
    """A page and what it was made of."""

    page: Path
    manifest: dict = field(repr=False)
    strips: dict = field(repr=False)
    maps: dict = field(repr=False)
    similarity: list = field(repr=False)


def made_up(folder: Path, *, title: str = "Made-up run", **names) -> MadeUp:
    """The page of a small run that has every part."""
    options = {
        "experiments": ("1", "2", "3"), "alphas": (0.0, 0.3, 0.6), "seeds": (0, 1), "frames": 40,
        "targets": tuple(f"Target{number}" for number in range(9)),
    }  # fmt: skip
    path = write_run(folder, title=title, **(options | names))
    add_viewer(path)
    read = read_manifest(path)
    said = run_statistics(read, folder / "statistics.json", draws=500)
    summarize(read, said, folder / "summary.csv")
    told = json.loads(path.read_text())
    masks = [row for row in told["rows"] if row["seed"] in (None, 0)][:3]
    told |= {
        "statistics": str(folder / "statistics.json"), "summary_csv": str(folder / "summary.csv"),
        "evaluations": [{"benchmark": "otb", "protocol": "ope", "trackers": {
            row["tracker"]: row["evaluation"] for row in masks
        }}],
        "label_analysis": write_analysis(folder, title),
        "pictures": [{"caption": f"A picture of {title}", "png": str(folder / "picture.png")}],
        "notes": [f"A note on {title}."], "config": f"run: made-up # {title}\n",
        "differences": [{"key": "seeds", "here": "2", "thesis": "1"}], "cut": "first 40 frames",
    }  # fmt: skip
    Image.linear_gradient("L").save(folder / "picture.png")
    path.write_text(json.dumps(told))
    make_page(read_manifest(path), folder / "index.html")
    parts = (read_json(told[kind]) for kind in ("strips", "maps", "similarity"))
    return MadeUp(folder / "index.html", told, *parts)


def write_analysis(folder: Path, clip: str) -> str:
    """An analysis of labels, as `chromatrack analyze-labels` writes it; its path."""
    columns = ("smallest_distance", "mean_distance", "inertia", "flips_pixels", "flips_cells",
               "std_l", "mean_b")  # fmt: skip
    lines = [f"{mode},4," + ",".join(["1.5"] * len(columns)) for mode in ("none", "per_channel")]
    head = "equalization,colours," + ",".join(columns)
    (folder / "consistency.csv").write_text("\n".join([head, *lines, ""]))
    index = {
        "clips": 2, "frames": 20, "left_out": 0, "still_percent": {"value": 60.0},
        "still_levels": 2, "size": 64, "cells": 8, "consistency": "consistency.csv",
        "times_none": [], "figures": [],
        "centroids": [
            {"clip": clip, "mode": mode, "colours": 4, "colors": ["#aa3322", "#3322aa"] * 2,
             "points": [[100 + shift, 120], [140, 90 - shift], [128, 128], [90, 160]]}
            for shift, mode in enumerate(("none", "per_channel"))
        ],
    }  # fmt: skip
    path = folder / "analysis.json"
    path.write_text(json.dumps(index))
    return str(path)


def draw_all(page) -> None:
    """Every plot, whether it was scrolled to or not."""
    page.evaluate("drawAll()")
    page.wait_for_function(DRAWN)


def without_scripts(text):
    """The page as the reader gets it before a script ran; the scripts with their attributes."""
    found = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    return re.sub(r"<script[^>]*>.*?</script>", "", text, flags=re.DOTALL), found
