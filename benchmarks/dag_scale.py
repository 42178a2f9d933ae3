"""Planning the labels of Kinetics-700: 544,886 clips in 1,090 shards, on one core.

    python -m benchmarks.dag_scale

Generates a list of that many clips, splits it with the workflow's own checkpoint, and asks
Snakemake for its plan (`snakemake -n`) of the labels of everything: at first; after a label setting
was edited, all jobs of the first plan having run; and after 1,000 rows were added at the end of the
list. Times are wall seconds, memory is the peak of the process with the start of Snakemake. The
jobs are really run by Snakemake, with a stand-in for `chromatrack` that writes empty files: a plan
depends on what Snakemake has recorded of them, and not on what is in them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import finish, result

CLIPS = 544_886
ADDED = 1_000
SHARD = 500
STAND_IN = """#!/bin/sh
case "$1" in fetch) wanted=--ledger ;; *) wanted=--output ;; esac
while [ $# -gt 1 ]; do
    if [ "$1" = "$wanted" ]; then : > "$2"; fi
    shift
done
"""
ROOT = Path(__file__).resolve().parent.parent


def write_list(path: Path, count: int) -> None:
    lines = ["label,youtube_id,time_start,time_end,split\n"]
    for index in range(count):
        start = index % 290
        lines.append(f"class {index % 700},v{index:09d}x,{start},{start + 10},train\n")
    path.write_text("".join(lines))


def snakemake(
    folder: Path, *arguments: str, path: str = os.environ["PATH"], cores: int = 1
) -> tuple[float, float, str]:
    """Run Snakemake in `folder`; return wall seconds, peak MB and what it said."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
    environment = os.environ | {"PATH": path}
    began = time.monotonic()
    with open(folder / "said.txt", "w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        said.seek(0)
        text = said.read()
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"snakemake {' '.join(arguments)} failed:\n{text[-3000:]}")
    return seconds, usage.ru_maxrss / 1024, text


def planned(text: str) -> dict[str, int]:
    """Jobs per rule of a plan."""
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE)}


def prepare(folder: Path) -> list[str]:
    """A run over the generated list: the Snakefile of this project, data sets that exist but are
    empty; returns the arguments that all calls share."""
    for name in ("Snakefile", "workflow", "config", "envs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    for path in ("got10k/train", "otb", "vot", "davis/JPEGImages"):
        (folder / path).mkdir(parents=True)
    (folder / "got10k/train/list.txt").write_text("")
    (folder / "vot/list.txt").write_text("")
    (folder / "scale.yaml").write_text(
        "run: scale\n"
        "data: {title: scale, demo: false, kinetics_list: list.csv, got10k: got10k}\n"
        "benchmarks: {otb: otb, vot: vot, davis: davis}\n"
        f"clips: {{shard_size: {SHARD}}}\n"
    )
    return ["--configfile", "scale.yaml", "--"]


def main() -> None:
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        common = prepare(folder)
        write_list(folder / "list.csv", CLIPS)
        target = "results/scale/labels/statistics.json"
        seconds, _, _ = snakemake(folder, *common, "results/scale/clips/shards/index.txt")
        results.append(result("splitting the list, the checkpoint itself", seconds, "s"))

        seconds, memory, text = snakemake(folder, "-n", "-q", "rules", *common, target)
        print("plan of everything:", planned(text))
        shards = planned(text)["labels"]
        results.append(result("plan of everything", seconds, "s", "<= 5"))
        results.append(result("plan of everything, memory", memory, "MB", "<= 250"))
        results.append(result("plan of everything, shards", shards, "jobs"))

        make_all(folder, common, target)
        edited = ["--config", "labels={colours: 16}"]
        seconds, memory, text = snakemake(folder, "-n", "-q", "rules", *edited, *common, target)
        print("plan after an edit of labels.colours:", planned(text))
        results.append(result("plan after an edit", seconds, "s", "<= 6"))
        results.append(result("plan after an edit, memory", memory, "MB"))

        write_list(folder / "list.csv", CLIPS + ADDED)
        seconds, _, _ = snakemake(folder, *common, "results/scale/clips/shards/index.txt")
        seconds, memory, text = snakemake(folder, "-n", "-q", "rules", *common, target)
        jobs = planned(text)
        print(f"plan after {ADDED} more rows:", jobs)
        results.append(result("plan after more rows", seconds, "s", "<= 6"))
        results.append(result("plan after more rows, memory", memory, "MB"))
        touched = (CLIPS + ADDED - 1) // SHARD - CLIPS // SHARD + 1
        again = result("shards that more rows re-run", jobs["labels"], "jobs", f"<= {touched}")
        results.append(again)
    finish(results)


def make_all(folder: Path, common: list[str], target: str) -> None:
    """Let Snakemake make everything, with a stand-in for chromatrack that writes empty files."""
    stand_in = folder / "bin" / "chromatrack"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"
    snakemake(folder, "-q", *common, target, path=path, cores=os.cpu_count())
    _, _, text = snakemake(folder, "-n", "-q", "rules", *common, target)
    if planned(text):
        sys.exit(f"expected nothing to do once all is made, got {planned(text)}")


if __name__ == "__main__":
    main()
