"""Runs of a few targets whose scores are laid down, for what statistics say of them."""

import json

import numpy as np

from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Scores, report
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.verdicts import run_statistics

BASE = np.linspace(0.3, 0.6, 10)
RIPPLE = 0.004 * np.array([1, -1] * 5)
GAIN = 0.05 + RIPPLE
"""Of each of ten targets: p = 2 / 1024."""
LOSS = RIPPLE - 0.05
UNCLEAR = 0.05 * np.array([1, -1] * 5)
LEAST_P = 2 / 1024


class Run:
    """A manifest that grows tracker by tracker, and what is told of it."""

    def __init__(self, folder, *, benchmark="otb", key=None, targets=None):
        self.folder, self.benchmark = folder, sets.get(benchmark)
        self.key = key or self.benchmark.measures[0].key
        self.targets = targets
        self.value = {"title": "World", "rows": [], "validation": [], "plans": {}}

    def scores(self, values, *, benchmark=None, key=None, targets=None, **more):
        one, key = benchmark or self.benchmark, key or self.key
        names = targets or self.targets or [f"T{i:02}" for i in range(len(values))]
        whole = dict.fromkeys([measure.key for measure in one.measures], 0.25)
        whole[key] = float(np.mean(values)) if None not in values else None
        per_unit = {n: {key: v, "frames": 3} for n, v in zip(names, values, strict=True)}
        made = Scores(values=whole, per_unit=per_unit, frames=3 * len(values), more=more)
        return report(one, made, protocol=one.protocols[0], tracker="t")

    def add(self, experiment, alpha, values, *, seed=0, part="rows", **options):
        """A tracker with these values of the targets; returns the path of its scores."""
        told = self.scores(list(values), **options)
        path = self.folder / f"{part}-{len(self.value[part])}.json"
        path.write_text(json.dumps(told))
        name = f"{experiment}-{alpha}-{seed}"
        self.value[part].append({"tracker": name, "experiment": experiment, "alpha": alpha,
                                 "seed": seed, "evaluation": str(path)})  # fmt: skip
        return path

    def validate(self, experiment, alpha, values, *, seed=0):
        options = {"benchmark": sets.get("got10k"), "key": "average_overlap"}
        self.add(experiment, alpha, values, seed=seed, part="validation", **options)

    def plan(self, experiment, **plan):
        self.value["plans"][experiment] = plan

    @property
    def manifest(self):
        path = self.folder / "manifest.json"
        path.write_text(json.dumps(self.value))
        return read_manifest(path)

    @property
    def output(self):
        return self.folder / "statistics.json"

    def told(self, **options):
        run_statistics(self.manifest, self.output, **{"draws": 500, **options})
        return json.loads(self.output.read_text())

    def experiment(self, name="2"):
        return self.told()["experiments"][name]


def with_baseline(folder, **options):
    run = Run(folder, **options)
    run.add("baseline", None, BASE)
    return run


def four_answers(run):
    """Two targets on which two alphas win in turn."""
    run.add("baseline", None, [0.4, 0.4])
    run.add("2", 0.1, [0.5, 0.8])
    run.add("2", 0.3, [0.9, 0.2])
