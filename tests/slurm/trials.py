"""What goes wrong on a cluster, tried on the Slurm that `tests/slurm/run` brings up.

A training of SiamFC that takes minutes is submitted as the profile has it, again and again: each
trial prints a line, and fails where the promise is not kept.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "config.yaml", "config", "workflow", "profiles", "envs")
MODEL = "results/tiny/siamfc/seed0/last.pt"
QUICK = [
    "--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2",
    "--latency-wait", "5",
]  # fmt: skip
LIMIT = 900
"""Seconds of a call, at most."""


class Folder:
    """The workflow in a folder, with the crops that the training needs."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in PARTS:
            (folder / name).symlink_to(ROOT / name)
        self.steps_of(12)

    def steps_of(self, count: int) -> None:
        """Of the training; each leaves a state to continue from."""
        (self.folder / "over.yaml").write_text(
            f"siamfc: {{pairs_per_epoch: {8 * count}, epochs: 1, checkpoint_every: 1}}\n"
        )

    def command(self, *options: str, target: str = MODEL) -> list[str]:
        return [
            sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", *QUICK, *options,
            "--configfile", "config/small.yaml", "over.yaml", "--", target,
        ]  # fmt: skip

    def call(self, *options: str, target: str = MODEL) -> tuple[int, str]:
        done = subprocess.run(
            self.command(*options, target=target), cwd=self.folder, text=True, timeout=LIMIT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.returncode, done.stdout

    @contextmanager
    def calling(self, *options: str):
        """A call that goes on meanwhile."""
        with open(self.folder / "said", "wb") as said:
            process = subprocess.Popen(
                self.command(*options), cwd=self.folder, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=60)

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def anew(self) -> None:
        """Without the training and what it left; the crops stay."""
        shutil.rmtree(self.folder / "results/tiny/siamfc", ignore_errors=True)

    def state(self) -> Path:
        return self.folder / "results/tiny/siamfc/seed0/work/last.pt"

    def steps(self) -> int:
        """That the training which is at work has done."""
        table = self.folder / "results/tiny/siamfc/seed0/work/metrics.csv"
        try:
            return max(0, len(table.read_text().splitlines()) - 1)
        except FileNotFoundError:
            return 0

    def continues(self, done) -> int:
        """The step that the training is at; it must not be at an earlier one until `done`."""
        begin = lowest = self.steps()
        while not done(begin):
            lowest = min(lowest, self.steps() or begin)
            time.sleep(0.1)
        check("a training continues", begin > 0 and lowest >= begin - 1, self.said())
        return begin


def queue(here: Folder, what: str = "%A") -> list[str]:
    """Of the jobs that were submitted in a folder and have not ended."""
    done = subprocess.run(
        ["squeue", "--noheader", f"--format={what}|%Z"], capture_output=True, text=True, timeout=60
    )
    lines = [line.split("|") for line in done.stdout.splitlines()]
    return [told for told, place in lines if place == str(here.folder)]


def until(answer, what: str, seconds: int = 300):
    """Wait for something to be so, and return it."""
    last = time.monotonic() + seconds
    while not (found := answer()):
        if time.monotonic() > last:
            raise SystemExit(f"FAILED: waited {seconds} s for {what}")
        time.sleep(0.5)
    return found


def check(what: str, held: bool, said: str = "") -> None:
    if not held:
        raise SystemExit(f"FAILED: {what}\n{said[-4000:]}")


def refused(here: Folder) -> str:
    before = queue(here)
    code, said = here.call("--set-resources", "siamfc:mem_mb=9000000")
    sentence = [line for line in said.splitlines() if line.startswith("slurm: no partition")]
    check("what no partition gives is said", code == 1 and len(sentence) == 1, said)
    check("nothing is submitted", queue(here) == before and "has been submitted" not in said, said)
    return sentence[0]


def gpu_and_memory(here: Folder) -> str:
    """Too little memory at first; the stand-in GPU is asked for."""
    here.anew()
    with here.calling("--set-resources", "siamfc:mem_mb=700*attempt") as process:
        job = until(lambda: queue(here), "a job")[0]
        shown = subprocess.run(
            ["scontrol", "show", "job", job], capture_output=True, text=True, timeout=60
        ).stdout
        code = process.wait(timeout=LIMIT)
    said = here.said()
    check("a GPU is asked for", "gres/gpu=1" in shown or "gres:gpu:1" in shown, shown)
    tries = said.count("has been submitted")
    check(
        "an over-memory job finishes",
        code == 0 and "exceeded memory limit" in said and tries > 1,
        said,
    )
    check("its output is there", (here.folder / MODEL).exists())
    return f"killed for memory {tries - 1} times of {tries}, then done; it had the stand-in GPU"


def over_time(here: Folder) -> str:
    """A minute, then two: on a busy machine the first may end before the training has begun."""
    here.anew()
    here.steps_of(4000)
    with here.calling("--set-resources", "siamfc:runtime=attempt") as process:
        for tries in (2, 3):
            until(lambda tries=tries: here.said().count("has been submitted") == tries, "a retry")
            if here.steps():
                break
        last = time.monotonic() + 300
        at = here.continues(lambda begin: here.steps() > begin or time.monotonic() > last)
        check("it goes on", here.steps() > at, here.said())
        subprocess.run(["scancel", *queue(here)], timeout=60, check=True)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=LIMIT)
    return f"ended by Slurm, submitted again with more time, and went on at step {at}"


def preempted(here: Folder) -> str:
    """An urgent job takes all cores; the training is queued again and continues."""
    here.anew()
    here.steps_of(60)
    with here.calling() as process:
        until(here.steps, "a step of the training")
        subprocess.run(
            ["sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 3"],
            timeout=60, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        job = queue(here)[0]
        at = here.continues(lambda begin: process.poll() is not None)
    said = here.said()
    shown = subprocess.run(
        ["scontrol", "show", "job", job], capture_output=True, text=True, timeout=60
    ).stdout
    check("a preempted job ends well", process.returncode == 0, said)
    check("Slurm queued it again", "Restarts=1" in shown, shown + said)
    check("it was submitted once", said.count("has been submitted") == 1, said)
    return f"gave way to an urgent job at step {at}, was queued again by Slurm, and went on there"


def interrupted(here: Folder) -> str:
    here.anew()
    with here.calling() as process:
        until(lambda: "R" in queue(here, "%t"), "a job that runs")
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=LIMIT)
        until(lambda: not queue(here), "an empty queue", 60)
    check("Ctrl-C ends the call", code != 0, here.said())
    return "its job is gone from the queue"


def killed(here: Folder) -> str:
    """SIGKILL to snakemake; the next call waits for its job and keeps what that made."""
    here.anew()
    with here.calling() as process:
        until(lambda: here.state().exists(), "a state of the training")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
    job = queue(here)
    check("the job goes on", len(job) == 1, str(job))
    code, said = here.call()
    check("the next call waits for it", code == 0 and "waiting for 1 jobs" in said, said)
    check("and submits nothing", "has been submitted" not in said and not queue(here), said)
    check("what it made is kept", (here.folder / MODEL).exists(), said)
    return "the next call waited for its job, submitted nothing, and kept the network"


def two_processes(here: Folder) -> str:
    """srun starts both processes of a training."""
    settings = '{"width": 0.05, "epochs": 1, "pairs_per_epoch": 16, "keep_every": 0}'
    compute = '{"device": "cpu", "devices": 2}'
    crops = sorted((here.folder / "results/tiny/crops").glob("*.h5"))
    output = here.folder / "srun/last.pt"
    words = [
        "srun", "--ntasks=2", "--output=srun.log", "chromatrack", "train-siamfc", "--crops",
        *map(str, crops), "--seed=0", f"--output={output}", f"--settings={settings}",
        f"--compute={compute}",
    ]  # fmt: skip
    done = subprocess.run(words, cwd=here.folder, timeout=LIMIT, text=True, stderr=subprocess.PIPE)
    log = here.folder / "srun.log"
    said = done.stderr + (log.read_text() if log.exists() else "")
    check("two processes of srun train together", done.returncode == 0 and output.exists(), said)
    return "one training in two processes that srun started"


def whole(here: Folder) -> str:
    begin = time.monotonic()
    code, said = here.call(target="results/otb2015_summary.csv")
    check("the small run goes through", code == 0, said)
    jobs = said.count("has been submitted")
    return f"{jobs} jobs submitted, the others here; {time.monotonic() - begin:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--whole", action="store_true", help="the small run before the others")
    parser.add_argument("--only", nargs="+", default=[], help="names of trials")
    options = parser.parse_args()
    trials = [refused, gpu_and_memory, over_time, preempted, interrupted, killed, two_processes]
    with tempfile.TemporaryDirectory() as scratch:
        if options.whole:
            (folder := Path(scratch) / "whole").mkdir()
            print(f"whole: {whole(Folder(folder))}", flush=True)
        (folder := Path(scratch) / "one").mkdir()
        here = Folder(folder)
        local = ["--executor", "local", "--cores", "2"]
        for name in ("lists/index.txt", "crops-0000.h5"):
            code, said = here.call(*local, target=f"results/tiny/crops/{name}")
            check("crops are made", code == 0, said)
        for trial in trials:
            if options.only and trial.__name__ not in options.only:
                continue
            begin = time.monotonic()
            told = trial(here)
            print(f"{trial.__name__}: {told} ({time.monotonic() - begin:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
