"""The small run, killed at random moments again and again, beside one that nobody disturbed.

    python -m tests.kill [--kills 50] [--seed 1] [--whole FOLDER] [TARGET ...]

A kill is a SIGKILL, by chance to all processes of the run, to snakemake alone, to one job, or to
one process that a job has started (one that loads batches, FFmpeg). It comes some seconds after a
call began, or after up to two more of its jobs have ended, so that kills get round to every stage.
Then the same call is made again; a run that is done before all kills were used is compared, and
another one begins. Every file, without the times in it, has to be that of the undisturbed run, byte
for byte. Only processes that bear the mark of this one in their environment are killed.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "config.yaml", "config", "workflow", "profiles", "envs")
TARGET = "results/otb2015_summary.csv"
TIMES = re.compile(
    r"/logs/|/times/|/tensorboard/|/speed\.json$|/report/index\.html$|\.lock$|/locks/"
)
"""Files that are about times, or empty, and the page, which shows speeds in its own format."""
STAMPS = {
    "/clips/": rb'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|(?<="version":")\d+:\d+',
    "/evaluation/": rb'"(seconds|frames_per_second)": [^,\n]+|"runs": "[0-9a-f]{64}"',
    "/report/": rb'"(seconds|frames_per_second|fps)": ?[^,\n}]+|"[0-9a-f]{64}"',
}
"""Times inside of other files, by their folder: when a clip was fetched and how old its video was,
how long a tracker took, and digests of files with such times."""
OVER = "compute: {workers: 1}\n"
"""So that there are processes that load batches."""
KINDS = ("all", "snakemake", "job", "job", "process", "process")
CALLS = 40
"""Calls that may fail without a kill before it gives up: none should."""
PATIENCE = 120
"""Seconds that jobs get to end before a kill comes all the same."""
SECONDS = 3600
"""The longest call."""
MARK = f"CHROMATRACK_KILLED_BY={os.getpid()}"


class Run:
    """The workflow in a folder of its own."""

    def __init__(self, folder: Path, config: str, targets: list[str], cores: int):
        folder.mkdir(parents=True)
        for name in PARTS:
            (folder / name).symlink_to(ROOT / name)
        (folder / "over.yaml").write_text(OVER)
        self.folder = folder
        self.command = [
            sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", config,
            "over.yaml", "--", *targets,
        ]  # fmt: skip

    def start(self) -> subprocess.Popen:
        with open(self.folder / "said", "ab") as said:
            return subprocess.Popen(
                self.command, cwd=self.folder, stdout=said, stderr=said, start_new_session=True,
                env={**os.environ, **dict([MARK.split("=")])},
            )  # fmt: skip

    def finish(self) -> int:
        """Call it and wait; the exit status."""
        process = self.start()
        try:
            return process.wait(timeout=SECONDS)
        finally:
            end(process)

    def ended(self) -> int:
        """Jobs that have ended, in all calls."""
        return (self.folder / "said").read_text(errors="replace").count(" finished  ")

    def last_words(self) -> str:
        return "\n".join((self.folder / "said").read_text(errors="replace").splitlines()[-40:])


def below(pid: int) -> list[int]:
    """The processes that descend from one, itself first."""
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, path.read_text().split())
            except OSError:
                continue  # it has ended
    return found


def stages(pids: list[int]) -> list[int]:
    """Those among them that are a call of `chromatrack`."""
    found = []
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(words) > 2 and words[1].endswith(b"/chromatrack"):
            found.append(pid)
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            if MARK.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue  # it has ended by itself


def end(process: subprocess.Popen) -> None:
    """Kill a run and all that it started."""
    kill(below(process.pid) if process.poll() is None else [])
    process.wait(timeout=60)


def strike(process: subprocess.Popen, kind: str, chance: random.Random) -> str | None:
    """Kill something of a run; what it was, or None where there was no such process."""
    everything = below(process.pid)
    jobs = stages(everything)
    started = [pid for job in jobs for pid in below(job)[1:]]
    if kind == "all":
        kill(everything)
        return f"all {len(everything)} processes"
    if kind == "snakemake":  # its jobs go on for a moment
        kill([process.pid])
        time.sleep(chance.uniform(0, 10))
        kill(everything[1:])
        return "snakemake, and its jobs up to 10 s later"
    found = jobs if kind == "job" else started
    if not found:
        return None
    pid = chance.choice(found)
    words = Path(f"/proc/{pid}/cmdline")
    try:
        said = words.read_bytes().replace(b"\0", b" ").decode(errors="replace").split()
        kill([pid])
    except OSError:
        return None
    return f"a {kind}: {' '.join(said[1:3])[:60]}"


def over(process: subprocess.Popen, run: Run, jobs: int, moment: float) -> bool:
    """Wait until so many more jobs have ended, and a moment; whether the run ended first."""
    wanted, latest = run.ended() + jobs, time.monotonic() + PATIENCE
    while run.ended() < wanted and time.monotonic() < latest and process.poll() is None:
        time.sleep(0.2)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        return False
    return True


def disturb(run: Run, kills: int, pause: float, chance: random.Random, told: int) -> int:
    """Call a run until it is done, killing at random moments; how many kills were used."""
    used = failed = 0
    while True:
        process = run.start()
        struck = False
        try:
            while used < kills:
                jobs, moment = chance.choice((0, 1, 2)), chance.uniform(0.5, 2 * pause)
                kind, begin = chance.choice(KINDS), time.monotonic()
                if over(process, run, jobs, moment):
                    break
                what = strike(process, kind, chance) or strike(process, "all", chance)
                used, struck = used + 1, True
                after = time.monotonic() - begin
                print(f"kill {told + used}, {after:.1f} s after the last: {what}", flush=True)
                if process.poll() is not None or what.startswith(("all", "snakemake")):
                    break
            code = process.wait(timeout=SECONDS)
        finally:
            end(process)
        if code == 0:
            return used
        failed += not struck
        if failed > CALLS or (used == kills and failed > 3):
            raise SystemExit(f"{run.folder}: fails without a kill\n{run.last_words()}")


def results_of(folder: Path) -> dict[str, bytes]:
    """Contents of all results, without their times."""
    found = {}
    for path in sorted((folder / "results").rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not TIMES.search(name):
            found[name] = path.read_bytes()
            for place, stamps in STAMPS.items():
                if place in name and path.suffix in (".json", ".jsonl", ".csv"):
                    found[name] = re.sub(stamps, b"", found[name])
    return found


def differences(expected: dict[str, bytes], other: dict[str, bytes], *, whole: bool) -> list[str]:
    """What is too many or different; missing, too, unless a part was made to compare with more."""
    missing = set(expected) - set(other) if whole else ()
    found = [f"missing: {name}" for name in sorted(missing)]
    found += [f"left over: {name}" for name in sorted(set(other) - set(expected))]
    both = sorted(set(expected) & set(other))
    print(f"{len(both)} files compared", flush=True)
    return found + [f"different: {name}" for name in both if expected[name] != other[name]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=[TARGET])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--config", default="config/small.yaml")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--pause", type=float, help="mean seconds between two kills")
    parser.add_argument("--whole", type=Path, help="folder of an undisturbed run")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and with it, what it started
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        made = (options.config, options.targets, options.cores)
        place = options.whole or Path(scratch) / "whole"
        begin = time.monotonic()
        if not place.exists():
            undisturbed = Run(place, *made)
            if undisturbed.finish():
                raise SystemExit(f"{place}: the undisturbed run fails\n{undisturbed.last_words()}")
            print(f"undisturbed: {time.monotonic() - begin:.0f} s", flush=True)
        pause = options.pause or max(2.0, (time.monotonic() - begin) / max(1, options.kills) / 4)
        used, runs, wrong = 0, 0, []
        while used < options.kills or not runs:
            run = Run(Path(scratch) / f"killed{runs}", *made)
            used += disturb(run, options.kills - used, pause, chance, used)
            runs += 1
            expected = results_of(place)
            found = differences(expected, results_of(run.folder), whole=options.targets == [TARGET])
            wrong += found
            print(f"run {runs} is done: {len(found)} differences", *found, sep="\n  ", flush=True)
            shutil.rmtree(run.folder)
    print(f"{used} kills in {runs} runs, {len(wrong)} differences")
    return min(1, len(wrong))


if __name__ == "__main__":
    sys.exit(main())
