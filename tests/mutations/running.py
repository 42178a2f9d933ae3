"""Mutations of a reader's files in a process of their own: a crash, a hang, a bomb are seen."""

import json
import os
import random
import resource
import select
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chromatrack.errors import ChromatrackError

PATIENCE = float(os.environ.get("CHROMATRACK_MUTATION_SECONDS", "10"))
"""Seconds of CPU that reading a small file may take; three times as many on a clock."""
MEMORY = 4 << 30
"""Bytes of addresses that a process may take beyond those it starts with."""


@dataclass
class Case:
    """A reader with a small input that is right.

    Attributes:
        folder: that holds the input.
        read: reads it; asserts what right data are.
        mutators: kind of damage by suffix of the file; `other` kinds are those of "".
        files: those that are damaged; names of further files only lie there.
        loses: a file may also be missing.
    """

    folder: Path
    read: Callable[[], object]
    files: list[Path]
    mutators: tuple
    loses: bool = True
    kept: dict = field(default_factory=dict)

    def __post_init__(self):
        self.kept = {path: path.read_bytes() for path in self.files}
        self.read()


def damage(case, seed):
    """Damage one file; returns it."""
    chance = random.Random(seed)
    path = chance.choice(case.files)
    content = case.kept[path]
    if case.loses and chance.random() < 0.02:
        path.unlink()
        return path
    for _ in range(chance.choice((1, 1, 1, 2))):
        if content:
            content = chance.choice(case.mutators)(content, chance)
    path.write_bytes(content)
    return path


def outcome(case, seed):
    """What reading gives: "data", "one sentence" or "FAULT", and what was said."""
    path = damage(case, seed)
    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            case.read()
    except ChromatrackError as error:
        kind, said = _judged(str(error), path, case.folder)
    except Exception:
        kind, said = "FAULT", traceback.format_exc(limit=-4)
    else:
        kind, said = "data", ""
    if time.process_time() - began > PATIENCE:
        kind, said = "FAULT", f"took {time.process_time() - began:.0f} s"
    path.write_bytes(case.kept[path])
    return kind, said if kind == "FAULT" else ""


def _judged(said, path, folder):
    """A sentence names the file that was damaged, or a folder that it lies in."""
    named = [path.name, *path.parents[: len(path.relative_to(folder).parts)]]
    if not any(str(one) in said for one in named):
        return "FAULT", f"no file is named: {said}"
    if "\n" in said or len(said) > 1000:
        return "FAULT", f"no sentence: {said[:2000]!r}"
    return "one sentence", said


def run(case, seeds):
    """Counts of the outcomes, and (seed, what was wrong) of the faults."""
    counts, faults, seeds = Counter(), [], list(seeds)
    while seeds:
        done = _in_process(case, seeds, counts, faults)
        seeds = seeds[done:]
    return counts, faults


def _in_process(case, seeds, counts, faults):
    """Seeds that a child gets through; one that ends it counts as a fault."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        _work(case, seeds, theirs)
    os.close(theirs)
    done = 0
    with os.fdopen(ours, "rb", buffering=0) as lines:
        for seed in seeds:
            ready = select.select([lines], [], [], 3 * PATIENCE)[0]
            line = lines.readline() if ready else b""
            if not line:
                os.kill(child, signal.SIGKILL)
                why = "ended the process" if ready else f"was not done after {3 * PATIENCE:g} s"
                counts["FAULT"] += 1
                faults.append((seed, why))
                done += 1
                break
            kind, said = json.loads(line)
            counts[kind] += 1
            done += 1
            if kind == "FAULT":
                faults.append((seed, said))
    os.waitpid(child, 0)
    for path, content in case.kept.items():
        path.write_bytes(content)
    return done


def _work(case, seeds, pipe):
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        for seed in seeds:
            line = json.dumps(outcome(case, seed)).encode() + b"\n"
            while line:
                line = line[os.write(pipe, line) :]
    finally:
        os._exit(0)
