"""The page of the report: its bytes, the time to make it, and the time to its first drawing.

    python -m benchmarks.report_size [--run results/demo] [--keep DIR]

Of a finished run, where there is one, and of a run that was never made: 5 experiments x 11 alphas x
3 seeds x 100 targets of 590 frames, its strips as full as docs/report.md lets them be.

The first drawing is counted in Chromium from the start of navigation until the frame in which the
plot of the gain stands; median of 5 starts. The page itself tells it, in its title: a debugger
that listened, as playwright's does, would make plotly.js collect stack traces for half a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common import finish, result
from benchmarks.made_up_run import write_run
from benchmarks.made_up_viewer import add_viewer
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
STARTS = 5
PATIENCE = 60
"""Seconds that a page gets to draw."""
PROBE = """<script>
(() => {
  const look = () => {
    const drawn = document.querySelector(".plot[data-plot=gain] .main-svg");
    // The task after a frame: what was drawn is painted.
    requestAnimationFrame(drawn ? () => setTimeout(tell) : look);
  };
  const tell = () => { document.title = `drawn ${performance.now()}`; };
  look();
})();
</script>
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", metavar="DIR", type=Path, default=Path("results/demo"))
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the pages here")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        manifest = options.run / "report" / "manifest.json"
        if manifest.is_file():
            results += measure("run", manifest, folder / "run.html", megabytes=15, seconds=1.5)
        else:
            print(f"{manifest}: no such file, so only the made-up run is measured")
        manifest = made_up(Path(scratch))
        results += measure("made up", manifest, folder / "made_up.html", megabytes=40, seconds=3)
    print(f"load of the machine in the last minute: {os.getloadavg()[0]:.1f}")
    finish(results)


def measure(
    name: str, manifest: Path, page: Path, *, megabytes: float, seconds: float
) -> list[dict]:
    """Make a page and open it; `megabytes` and `seconds` are the bars."""
    command = [sys.executable, "-m", "chromatrack.cli.main", "page"]
    began = time.monotonic()
    subprocess.run([*command, "--manifest", str(manifest), "--output", str(page)], check=True)
    took = time.monotonic() - began
    size = page.stat().st_size / 1e6
    drawn = first_drawing(page)
    drawing = f"{name}: first drawing"
    return [
        result(f"{name}: page", size, "MB", f"<= {megabytes}"),
        result(f"{name}: making it", took, "s", "<= 20"),
        *([] if drawn is None else [result(drawing, drawn, "s", f"<= {seconds}")]),
    ]


def made_up(folder: Path) -> Path:
    """The manifest of a run of 166 trackers with all that its page shows."""
    path = write_run(folder)
    add_viewer(path, shown=10, size=(240, 320), texture=14)
    manifest = read_manifest(path)
    said = run_statistics(manifest, folder / "statistics.json")
    summarize(manifest, said, folder / "summary.csv")
    files = {"statistics": "statistics.json", "summary_csv": "summary.csv"}
    told = json.loads(path.read_text()) | {key: str(folder / name) for key, name in files.items()}
    path.write_text(json.dumps(told))
    return path


def first_drawing(page: Path) -> float | None:
    """Seconds, the median of some starts of a browser; None where there is none."""
    named = os.environ.get("CHROMATRACK_CHROMIUM")
    browser = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if browser is None:
        print(f"no browser ({', '.join(CHROMIUMS)}), so no first drawing")
        return None
    with tempfile.TemporaryDirectory() as scratch:
        probed = Path(scratch) / "page.html"
        head, rest = page.read_text(encoding="utf-8").split("</head>", 1)
        probed.write_text(f"{head}{PROBE}</head>{rest}", encoding="utf-8")
        starts = [_drawn(browser, probed, Path(scratch) / str(i)) for i in range(STARTS)]
    print(f"{page.name}: drawn after", ", ".join(f"{one:.2f}" for one in starts), "s")
    return statistics.median(starts)


def _drawn(browser: str, page: Path, profile: Path) -> float:
    """Seconds until the page says that it has drawn, in a browser of its own."""
    with _started(browser, page, profile) as process:
        port = profile / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.1)
            for tab in _tabs(port):
                if tab["title"].startswith("drawn "):
                    return float(tab["title"].split()[1]) / 1000
    sys.exit(f"{page}: the plot of the gain was not drawn within {PATIENCE} s")


@contextmanager
def _started(browser: str, page: Path, profile: Path):
    command = [
        browser, "--headless", "--no-sandbox", "--window-size=1280,800",
        f"--user-data-dir={profile}", "--remote-debugging-port=0", page.as_uri(),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _tabs(port: Path) -> list[dict]:
    """What is open, as the browser lists it; nothing before it is there."""
    try:
        number = port.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{number}/json/list", timeout=20) as answer:
            return json.load(answer)
    except (OSError, IndexError, ValueError):
        return []


if __name__ == "__main__":
    main()
