"""What an edit of each key of the configuration plans, against the table of docs/reruns.md.

    python -m benchmarks.key_walk                 # every key
    python -m benchmarks.key_walk --keys siamfc.  # those that begin so

A finished small run (config/small.yaml; its stages are stand-ins that write empty files), one edit,
one dry run of Snakemake. A rule that starts again for a reason of its own and is not in the table,
or is in it and does not start, is a surprise; so are other numbers of jobs where the table has
them, and a key without a row. What follows by its inputs is not listed. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import types
import typing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from chromatrack.configuration import merge, read_yaml
from chromatrack.errors import InputError
from chromatrack.settings import Settings, from_mapping
from chromatrack.stages.tools.why import plan

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "reruns.md"
TARGET = "results/otb2015_summary.csv"
MINUTES = 15

STAND_IN = """#!/usr/bin/env python3
import pathlib, sys
words = sys.argv[1:]
def value(name):
    return pathlib.Path(words[words.index(name) + 1])
def make(path, text="{}"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
stage = words[0]
if stage == "fetch":
    make(value("--ledger"))
elif stage in ("shards", "crop-lists"):
    kind, suffix = ("shard", "csv") if stage == "shards" else ("crops", "txt")
    for n in range(2):
        make(value("--output") / f"{kind}-{n:04d}.{suffix}")
    make(value("--output") / "index.txt", f"{kind}-0000.{suffix}\\n{kind}-0001.{suffix}\\n")
elif stage == "world":
    name = value("--part").name + ".json" if "--part" in words else "manifest.json"
    make(value("--output") / name)
elif stage == "figures":
    make(value("--output") / "figures.json")
elif "--together" in words:
    make(value("--together"))
else:
    make(value("--output"))
    for name in ("metrics.csv", "choice.json", "validation.json", "consistency.csv", "clips.csv"):
        make(value("--output").parent / name)
"""

# Where no other value follows from the type of a key; a tuple: what else has to change with it.
EDITS: dict[str, Any] = {
    "run": None,  # another run has other files: everything
    "data.demo": None,
    "data.kinetics_list": None,
    "data.got10k": None,
    "data.title": "Another title",
    "data.tracking_train": [{"layout": "got10k", "root": "results/tiny/world/got10k/val"}],
    "alphas": [0.0, 0.3, 0.9],
    "seeds": [0, 1],
    "trunks": ["resnet34"],
    "baselines": ["kcf", "klt"],
    "trackers": {"mine": "tracker:Mine"},
    "benchmarks": {"dtb70": {}},
    "experiments": {"6": {"trunk": "alexnet", "weights": "random"}},
    "experiments.2.trunk": "alexnet",
    "experiments.2.weights": "random",
    "experiments.2.train": False,
    # A ResNet has cells that see no padding up to layer 2.
    "experiments.2.border": ({"experiments": {"2": {"layer": "layer2"}}}, "cropped"),
    # A probe is what is trained, alone.
    "experiments.2.probe": ({"experiments": {"2": {"train": False}}}, True),
    "experiments.2.auxiliary_at_test": "random",
    "experiments.2.input": "channel_mean",
    "experiments.2.alphas": [0.3, 0.9],
    "experiments.2.seeds": ({"seeds": [0, 1]}, [0]),
    "experiments.2.alpha": 0.3,
    "experiments.2.controls": ["1"],
    "benchmarks.otb.root": "other",
    "benchmarks.otb.names": "otb2013",
    "benchmarks.otb.attributes": "results/tiny/world/vot",
    "benchmarks.otb.edition": None,
    "benchmarks.otb.protocols": ["ope", "sre"],
    "benchmarks.otb.max_frames": 10,
    "benchmarks.otb.trackers": "baselines",
    "benchmarks.vot.edition": "vot2016",
    "clips.source.kind": None,  # of a demo, the world is the source
    # Colours need another cache of labels.
    "colorization.directions": ({"colorization": {"temperature": 0.07}}, True),
    "colorization.temperature": 1.0,
    "colorization.input": ({"labels": {"chroma": True}}, "lab"),
    "colorization.channel_dropout": (
        {"labels": {"chroma": True}, "colorization": {"input": "lab"}}, 0.1,
    ),
    "colorization.local_window": 5,
    "colorization.drop_at": 12,
    "single_video.clip": "x",
    "single_video.drop_at": 9,
    "single_video.colours": [8],
    "single_video.losses": ["nll"],
    "single_video.show_at": [0],
    "analysis.chosen": ["x"],
    "analysis.equalizations": ["none"],
    "analysis.colours": [8],
    "labels.size": 512,
    "labels.label_size": 64,
    "siamfc.search_size": 255,
    "siamfc.shift": 4,
    "siamfc.checkpoint": "config.yaml",
    "siamfc.select": "best_ao",
    "tracker.scales": 5,
    "tracker.scale_step": 1.05,
    # Searched for nothing, these are only shown.
    "tune.trials": 4,
    "tune.seed": ({"tune": {"trials": 4}}, 1),
    "tune.max_frames": ({"tune": {"trials": 4}}, 50),
    "tune.result": "config.yaml",
    "propagation.methods": ["soft"],
    "propagation.top_k": 7,
    "propagation.radius": 4,
    "compute.device": "cpu",
}  # fmt: skip
BASE_FILE = "base.yaml"
BASE = {"benchmarks": {"otb": {}, "vot": {}, "got10k": {"trackers": "baselines"}, "davis": {}}}
"""Laid over the small run: the benchmarks of a demo, so that an edit of one leaves the others."""
DICTS = {"experiments": "2", "benchmarks": "otb"}
"""Mappings whose keys are names: the entry that is walked."""
MORE = ("benchmarks.vot.edition",)


def walked_keys(kind: type = Settings, before: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Dotted name, type and default of every key."""
    hints = typing.get_type_hints(kind)
    for one in fields(kind):
        name, hint = before + one.name, hints[one.name]
        default = one.default
        if default is MISSING and one.default_factory is not MISSING:
            default = one.default_factory()
        if is_dataclass(hint):
            yield from walked_keys(hint, f"{name}.")
            continue
        yield name, hint, default
        if name in DICTS:
            yield from walked_keys(typing.get_args(hint)[1], f"{name}.{DICTS[name]}.")


def nested(name: str, value: Any) -> dict[str, Any]:
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def other(hint: Any, value: Any) -> Any:
    """Another value of that type."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        if typing.get_origin(kinds[0]) is not typing.Literal:
            return other(kinds[0], value if value is not None else kinds[0]())
        hint = kinds[0]
    if typing.get_origin(hint) is typing.Literal:
        return next(choice for choice in typing.get_args(hint) if choice != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 2 if value % 2 == 0 else value + 1
    if isinstance(value, float):
        return value * 0.5 or 0.25
    return f"{value}x"


def edit_of(name: str, hint: Any, base: dict[str, Any], default: Any) -> dict[str, Any] | None:
    """What is laid over the small run to change one key; None for a key that is not walked."""
    if name in EDITS:
        given = EDITS[name]
        if given is None:
            return None
        before, value = given if isinstance(given, tuple) else ({}, given)
        return merge(before, nested(name, value))
    value: Any = base
    for part in name.split("."):
        value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
    return nested(name, other(hint, default if value is MISSING else value))


def expected() -> dict[str, dict[str, int | None]]:
    """Key -> rules of the table, each with its number of jobs where that is said (`track:2`)."""
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 and cells[0].startswith("`"):
            rules = {}
            for word in cells[1].replace("`", "").replace(",", " ").split():
                rule, _, jobs = word.partition(":")
                if rule != "nothing":
                    rules[rule] = int(jobs) if jobs else None
            for key in cells[0].replace("`", "").split(","):
                rows[key.strip()] = rules
    return rows


def finished_run(folder: Path) -> None:
    """The small run in a folder, made by stand-ins."""
    for name in ("Snakefile", "config.yaml", "workflow", "config", "profiles", "envs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / BASE_FILE).write_text(yaml.safe_dump(BASE))
    program = folder / "bin" / "chromatrack"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "snakemake", "--cores", "4", *configured()]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    (folder / "other" / "Cat").mkdir(parents=True)
    (folder / "other" / "Cat" / "groundtruth_rect.txt").write_text("1,1,1,1\n")
    (folder / "tracker.py").write_text("class Mine: ...\n")
    for place in ("otb", "vot", "got10k/val"):
        (folder / "results/tiny/world" / place).mkdir(parents=True, exist_ok=True)
    (folder / "results/tiny/world/got10k/val/list.txt").write_text("a\n")


def configured(*files: str) -> list[str]:
    return ["--configfile", "config/small.yaml", BASE_FILE, *files, "--", TARGET]


Found = dict[str, int] | str
"""Rules that start for a reason of their own, with their jobs; or why the edit was refused."""


def walk(folder: Path, names: list[tuple[str, dict[str, Any]]], threads: int) -> dict[str, Found]:
    """Key -> what its edit starts."""

    def one(numbered: tuple[int, tuple[str, dict[str, Any]]]) -> tuple[str, Found]:
        number, (name, edit) = numbered
        file = folder / f"edit-{number}.yaml"
        file.write_text(yaml.safe_dump(edit))
        try:
            planned = plan(configured(file.name), folder=folder)
        except InputError as error:
            return name, str(error)
        started = {rule: one.jobs for rule, one in planned.items() if one.starts}
        # The report shows all of the run and follows whatever starts: it is told alone.
        for rule in ("statistics", "manifest", "pictures", "similarity", "score_maps", "strips"):
            if set(started) != {rule}:
                started.pop(rule, None)
        return name, started

    with ThreadPoolExecutor(threads) as pool:
        return dict(pool.map(one, enumerate(names)))


def chosen(prefixes: list[str] | None) -> list[tuple[str, dict[str, Any]]]:
    """The keys to walk, each with its edit."""
    base = merge(read_yaml(ROOT / "config.yaml"), read_yaml(ROOT / "config/small.yaml"))
    base = merge(base, BASE)
    walked = []
    for name, hint, default in [*walked_keys(), *((name, str, None) for name in MORE)]:
        if prefixes and not any(name.startswith(prefix) for prefix in prefixes):
            continue
        edit = edit_of(name, hint, base, default)
        if edit is not None:
            from_mapping(merge(base, edit))  # an edit that is refused would walk nothing
            walked.append((name, edit))
    return walked


def surprises(found: dict[str, Found], table: dict[str, dict[str, int | None]]) -> list[str]:
    """Sentences on what is not as the table says."""
    told = []
    for name, rules in found.items():
        right = table.get(name)
        if isinstance(rules, str):
            told.append(f"{name}: refused: {rules}")
        elif right is None:
            told.append(f"{name}: no row in {TABLE.name}; starts {shown(rules)}")
        else:
            more = {rule: jobs for rule, jobs in rules.items() if rule not in right}
            less = {rule: jobs for rule, jobs in right.items() if rule not in rules}
            jobs = {r: n for r, n in rules.items() if right.get(r) is not None and n != right[r]}
            for what, odd in (("too many", more), ("too few", less), ("other jobs", jobs)):
                if odd:
                    told.append(f"{name}: {what}: {shown(odd)}")
    return told


def shown(rules: dict[str, int | None]) -> str:
    return ", ".join(f"{rule}:{jobs}" for rule, jobs in sorted(rules.items())) or "nothing"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", nargs="+", metavar="PREFIX", help="walk these alone")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="key-walk-"))
    try:
        finished_run(folder)
        again = plan(configured(), folder=folder)
        if again:
            raise SystemExit(f"the finished run plans again: {', '.join(again)}")
        found = walk(folder, chosen(options.keys), options.threads)
    finally:
        shutil.rmtree(folder)
    for name, rules in found.items():
        print(f"{name:<40} {rules if isinstance(rules, str) else shown(rules)}")
    odd = surprises(found, expected())
    print("\n".join(["", *odd]) if odd else "")
    minutes = (time.monotonic() - began) / 60
    print(json.dumps({
        "name": "surprises of the key walk", "value": len(odd), "unit": "keys", "target": 0,
        "keys": len(found), "minutes": round(minutes, 1), "holds": not odd and minutes <= MINUTES,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
