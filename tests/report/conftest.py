"""What tests of the page share: a run that was never made, and a browser that lets nothing out."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.made_up_run import write_run
from benchmarks.made_up_viewer import add_viewer
from chromatrack.files import read_json
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.page import make_page
from chromatrack.stages.report.statistics import run_statistics
from chromatrack.stages.report.summary import summarize

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = (1280, 800), (375, 700)
DRAWN = """() => [...document.querySelectorAll(".plot")].every(
    (plot) => Number(plot.dataset.traces) > 0 && plot.querySelector(".main-svg"))"""


@dataclass(frozen=True)
class MadeUp:
    """A page and what it was made of."""

    page: Path
    manifest: dict
    strips: dict
    maps: dict
    similarity: list


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


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> MadeUp:
    """A page of a small run."""
    return made_up(tmp_path_factory.mktemp("made-up"))


@pytest.fixture(scope="module")
def browser():
    """Chromium; tests are skipped where there is none."""
    named = os.environ.get("CHROMATRACK_CHROMIUM")
    executable = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUMS)} (set CHROMATRACK_CHROMIUM)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright to drive one")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Opens a page by its path; in the end, no page said, asked for or threw anything."""
    contexts, complaints = [], []

    def open_page(path: Path, size=WIDE, scheme="light", offline=True, everything=False):
        address = path.as_uri()
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
            offline=offline, accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(60_000)

        def decide(route):
            if route.request.url.split("#")[0] == address:
                return route.continue_()
            complaints.append(f"asks for {route.request.url}")
            return route.abort()

        context.route("**/*", decide)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"throws {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        context.on("page", lambda other: complaints.append(f"opens {other.url}"))
        context.on("request", lambda request: complaints.append(f"requests {request.url}")
                   if not request.url.startswith(("data:", "blob:", address)) else None)  # fmt: skip
        page.goto(address)
        page.wait_for_selector(".plot .main-svg")
        if everything:
            draw_all(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def draw_all(page) -> None:
    """Every plot, whether it was scrolled to or not."""
    page.evaluate("drawAll()")
    page.wait_for_function(DRAWN)
