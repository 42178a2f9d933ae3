"""Every job of a finished run once more, on a disk that is full or over a quota, then continued.

    python -m tests.full_disk FOLDER CONFIG [--rules labels siamfc] [--limits 0 20000] [--mount]

FOLDER holds the workflow and a run of CONFIG that is done; it is copied. A job is called as the
workflow calls it, its outputs removed, with a limit on the size of files (RLIMIT_FSIZE; bytes), or
with --mount on a file system of that size in the place of its outputs (Linux, root). It has to end
with 1 and one sentence that names what cannot be written, and leave nothing but what it continues
from; without the limit it has to succeed.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LIMITS = (0, 1000, 20_000, 200_000, 600_000)
KEPT = re.compile(
    r"(^|/)(work|\.work-[^/]*|tensorboard|checkpoints|\.made|boxes|times|done|journal-.*)(/|$)"
    r"|\.lock$|\.mp4$|/gate\.json$|\.made$|/metrics\.csv$|/speed\.json$"
)
"""What a stage may keep for its next call, and what is whole before its last file is."""
TOLD = re.compile(r"^chromatrack [\w-]+: (.*cannot be written \(.*\)|No usable temporary .*)$")
MOUNTED = 'mount -t tmpfs -o size="$1" tmpfs "$2" && cd "$3" && sh -c "$4"; code=$?; ' + (
    'echo "LEFT $(cd "$2" && find . -type f | tr "\\n" " ")"; exit $code'
)


@dataclass(frozen=True)
class Job:
    """A call of the workflow."""

    rule: str
    outputs: tuple[str, ...]
    command: str

    @property
    def place(self) -> str:
        """The folder of the outputs."""
        return os.path.commonpath([os.path.dirname(name) for name in self.outputs])

    @property
    def reads_there(self) -> bool:
        """Whether it reads what a file system in that place would hide."""
        words = self.command.replace("=", " ").split()
        return any(w.startswith(self.place) and w not in self.outputs for w in words)


def jobs_of(folder: Path, config: str) -> list[Job]:
    """The job of each rule that writes most, as dry runs print them."""

    def size(job: Job) -> int:
        return sum(path.stat().st_size for name in job.outputs if (path := folder / name).exists())

    known: dict[str, Job] = {}
    # A forced checkpoint hides what comes after it.
    after = ["--rerun-triggers", "mtime", "--forcerun", "fetch", "labels", "crops"]
    for forced in (after, ["--forceall"]):
        found: dict[str, list[Job]] = {}
        text = subprocess.run(
            [sys.executable, "-m", "snakemake", "-n", "-p", "--quiet", "host", *forced,
             "--workflow-profile", "none", "--cores", "1", "--configfile", config, "--",
             "results/otb2015_summary.csv"],
            cwd=folder, capture_output=True, text=True, timeout=600, check=True,
        ).stdout  # fmt: skip
        for block in re.split(r"\n(?=rule |checkpoint )", text):
            command = re.search(r"^Shell command: (chromatrack .*)$", block, re.M)
            outputs = re.search(r"^ +output: (.*)$", block, re.M)
            if command and outputs and all((folder / n).exists() for n in outputs[1].split(", ")):
                call = re.sub(r"( 2>&1 \| tee \S+| > \S+ 2>&1)$", "", command[1])
                rule = re.match(r"(?:rule|checkpoint) (\w+)", block)[1]
                job = Job(rule, tuple(outputs[1].split(", ")), call)
                found.setdefault(rule, []).append(job)
        known |= {rule: max(jobs, key=size) for rule, jobs in found.items() if rule not in known}
    return list(known.values())


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def remove(folder: Path, job: Job) -> None:
    """The outputs, and what a stage would have to do nothing for."""
    paths = [folder / name for name in job.outputs]
    if job.rule != "evaluate":  # which reads them
        paths += [path.parent / name for path in paths for name in (".made", "boxes", "times")]
    if job.rule == "fetch":
        paths.append(folder / re.search(r"--clips (\S+)", job.command)[1])
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def limited(folder: Path, job: Job, limit: int) -> tuple[int, str, list[str]]:
    """Exit code, standard error and new files of a call with a limit on the size of files."""
    before = files(folder)
    done = subprocess.run(
        ["sh", "-c", job.command], cwd=folder, capture_output=True, text=True, timeout=1200,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    return done.returncode, done.stderr, sorted(files(folder) - before)


def mounted(folder: Path, job: Job, limit: int) -> tuple[int, str, list[str]]:
    """The same on a small file system in the place of the outputs.

    Files that the job writes beside its outputs, and that the finished run has, are whole.
    """
    place = folder / job.place
    known = files(place)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", MOUNTED, "sh", str(max(limit, 4096)), place, folder,
         job.command], capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    left = re.findall(r"^LEFT (.*)$", done.stdout, re.M)
    names = [os.path.normpath(name) for name in " ".join(left).split()]
    return done.returncode, done.stderr, [f"/{name}" for name in names if name not in known]


def sentence(said: str) -> list[str]:
    """The line that says what cannot be written; a bar may say its last state after it."""
    return [line for line in re.split(r"[\r\n]+", said) if TOLD.match(line)][-1:]


def faults(code: int, said: str, new: list[str]) -> list[str]:
    """What is wrong about a call that ended with something else than 0."""
    lines = said.splitlines()
    found = []
    if code != 1:
        found.append(f"exit code {code}")
    if "Traceback" in said or "Exception ignored" in said:
        found.append("traceback")
    if not sentence(said):
        found.append(f"said {lines[-1:]}")
    left = [name for name in new if not KEPT.search(name) or ".part" in name]
    return found + ([f"left {left}"] if left else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("config")
    parser.add_argument("--rules", nargs="+", default=[])
    parser.add_argument("--limits", nargs="+", type=int, default=LIMITS)
    parser.add_argument("--mount", action="store_true")
    options = parser.parse_args()
    tried = wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        shutil.copytree(
            options.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(".snakemake")
        )
        for job in jobs_of(options.folder, options.config):
            if options.rules and job.rule not in options.rules:
                continue
            if options.mount and job.reads_there:
                continue
            kept = Path(scratch) / "kept"
            shutil.copytree(folder / "results", kept, symlinks=True)
            for limit in options.limits:
                remove(folder, job)
                call = mounted if options.mount else limited
                code, said, new = call(folder, job, limit)
                found = faults(code, said, new) if code else []
                tried, wrong = tried + 1, wrong + bool(found)
                told = sentence(said) if code else []
                print(job.command.split()[1], limit, code, *told, *found, sep=" | ", flush=True)
                if code == 0:
                    break
            else:
                code, said, _ = limited(folder, job, resource.RLIM_INFINITY)
                missing = [name for name in job.outputs if not (folder / name).exists()]
                wrong += bool(code or missing)
                print(job.command.split()[1], "continued", code, missing, sep=" | ", flush=True)
            shutil.rmtree(folder / "results")
            kept.rename(folder / "results")
    print(f"{tried} calls, {wrong} faults")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
