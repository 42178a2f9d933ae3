"""What Snakemake's main process costs while jobs run: as installed, and as this workflow mends it.

    python -m benchmarks.scheduler

Jobs that do nothing for half a second, with inputs that are looked at each time a job is chosen;
CPU seconds of the main process alone. The arms take turns
(src/chromatrack/cluster/under_snakemake.py).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import finish, result

SNAKEFILE = """
{mended}
rule all:
    input: expand("out/{{n}}", n=range({jobs}))
rule job:
    input: expand("in/{{m}}", m=range(20))
    output: "out/{{n}}"
    shell: "sleep 0.5; touch {{output}}"
"""
MENDED = "from chromatrack.cluster.under_snakemake import one_timer\nassert one_timer()\n"


def cpu_seconds(mended: bool, jobs: int) -> float:
    """Of the main process of one run, its jobs left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = SNAKEFILE.format(mended=MENDED if mended else "", jobs=jobs)
        (folder / "Snakefile").write_text(text, encoding="utf-8")
        (folder / "in").mkdir()
        for number in range(20):
            (folder / "in" / str(number)).touch()
        call = [sys.executable, "-m", "snakemake", "--cores", "4", "--quiet", "all"]
        with subprocess.Popen(
            call, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            # Still a zombie: its own time, without that of the jobs it has waited for.
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        if process.returncode:
            sys.exit("snakemake failed")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ratios = []
    for number in range(options.rounds):
        order = (False, True) if number % 2 == 0 else (True, False)
        took = {mended: cpu_seconds(mended, options.jobs) for mended in order}
        ratios.append(took[True] / took[False])
        print(
            f"round {number + 1}: as installed {took[False]:.1f} s, mended {took[True]:.1f} s, "
            f"ratio {ratios[-1]:.2f}",
            flush=True,
        )
    print(f"range {min(ratios):.2f} to {max(ratios):.2f}")
    name = f"main process of {options.jobs} jobs, mended / as installed"
    finish([result(name, statistics.median(ratios), "of the CPU seconds", "<= 0.6")])


if __name__ == "__main__":
    main()
