"""What can be told of each experiment of a run: intervals, tests, choices of alpha, a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import InputError
from chromatrack.files import made_by, write_json
from chromatrack.metrics import statistics
from chromatrack.metrics.statistics import Comparison
from chromatrack.reporting.manifest import BASELINE, UNTRAINED, Manifest, Plan
from chromatrack.reporting.per_target import Key, PerTarget, Scored, read_scored
from chromatrack.reporting.sentences import headline, sentence

LEVEL = 0.05
FOLDS = 10

Alpha = float | str


def run_statistics(
    manifest: Manifest,
    output: Path,
    *,
    margin: float = statistics.MARGIN,
    draws: int = 10_000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare the trackers of the summary's benchmark with the baseline, target by target.

    Args:
        output: statistics.json to write.
        margin: difference that counts, in units of the measure.
        draws: of the bootstrap.
        seed: of everything that is drawn.

    Returns:
        What the file holds (docs/statistics.md): about the benchmark and the measure; `baseline`;
        `rows`, one per experiment and alpha; `experiments`; `headline`.

    Raises:
        InputError: trackers were scored on different targets, or a seed has no baseline.
    """
    settings = {"margin": margin, "draws": draws, "seed": seed}
    empty = {"rows": [], "experiments": {}, "headline": "", "baseline": None}
    said = {**settings, **empty, "made_by": made_by("statistics", settings=settings)}
    if manifest.rows:
        scored = read_scored(manifest.rows)
        validation = read_scored(manifest.validation) if manifest.validation else None
        said |= _Run(scored, validation, manifest, settings).all()
    write_json(output, said)
    return said


class _Run:
    """The trackers of a run on one benchmark, and how they are compared."""

    def __init__(
        self,
        scored: Scored,
        validation: Scored | None,
        manifest: Manifest,
        settings: Mapping[str, Any],
    ):
        self.scored, self.validation, self.manifest = scored, validation, manifest
        self.margin = settings["margin"]
        self.drawn = {"draws": settings["draws"], "seed": settings["seed"]}
        self.baseline = scored.trackers.get((BASELINE, None, None))
        self.turned = scored.measure.better == "lower"

    def all(self) -> dict[str, Any]:
        about = self.scored.about
        experiments = self._experiments()
        seeds = self.baseline.seeds if self.baseline else ()
        said = {
            "benchmark": about["benchmark"],
            "title": self.manifest.heading,
            "measure": self.scored.measure.declared(),
            "turned": self.turned,
            "unit": about["unit"],
            "targets": len(self.scored.targets),
            "seeds": list(seeds),
            "level": LEVEL,
            "margin": self.margin,
            "chosen_on": self.validation and self.validation.about["title"],
            "baseline": self.baseline and self._estimate(self.baseline.values),
            "rows": [self._row(key, one) for key, one in self.scored.trackers.items()],
            "experiments": experiments,
        }
        for name, one in experiments.items():
            one["sentence"] = sentence(name, one, said)
        return {**said, "headline": headline(said)}

    def _estimate(self, values: np.ndarray) -> dict[str, Any]:
        """The mean as it was measured: only differences have their sign turned."""
        values = -values if self.turned else values
        return _rounded(asdict(statistics.estimate(values, level=1 - LEVEL, **self.drawn)))

    def _compare(self, first: np.ndarray, second: np.ndarray) -> Comparison:
        return statistics.compare(first, second, margin=self.margin, level=1 - LEVEL, **self.drawn)

    def _beside(self, one: PerTarget) -> np.ndarray | None:
        """(targets, seeds) of the baseline of the same seeds; of its mean for a tracker of none."""
        if self.baseline is None:
            return None
        if one.seeds == (None,):
            return self.baseline.values.mean(axis=1, keepdims=True)
        missing = [seed for seed in one.seeds if seed not in self.baseline.seeds]
        if missing:
            raise InputError(f"rows: expected a {BASELINE!r} of seed {missing[0]}, found none")
        return self.baseline.of(one.seeds)

    def _row(self, key: Key, one: PerTarget) -> dict[str, Any]:
        experiment, alpha, name = key
        usual = BASELINE if experiment == BASELINE else f"exp{experiment}-alpha{alpha}"
        beside = None if experiment == BASELINE else self._beside(one)
        said = {
            "experiment": experiment,
            "alpha": alpha,
            "tracker": name or usual,
            "seeds": [seed for seed in one.seeds if seed is not None],
            "value": self._estimate(one.values),
            "difference": None,
            "p": None,
        }
        if beside is not None:
            compared = self._compare(one.values, beside)
            said |= _rounded({"difference": asdict(compared.difference), "p": compared.p})
        return said

    # Experiments

    def _experiments(self) -> dict[str, dict[str, Any]]:
        if self.baseline is None:
            return {}
        names = dict.fromkeys(
            experiment
            for experiment, _, _ in self.scored.trackers
            if experiment not in (BASELINE, *UNTRAINED)
        )
        looks = {name: _Look(self, name, self._plan(name)) for name in names}
        said = {name: look.said() for name, look in looks.items()}
        _correct([one["comparison"] for one in said.values()])
        for name, one in said.items():
            held = {
                control: _rounded(self._against(look, looks[name]))
                for control, look in looks.items()
                if name in self._plan(control).controls
            }
            _correct(list(held.values()))
            for entry in (one["comparison"], *held.values()):
                entry["verdict"] = statistics.verdict(
                    entry["difference"]["low"], entry["difference"]["high"], entry["holm_p"],
                    entry["p_margin"], margin=self.margin, level=LEVEL,
                )  # fmt: skip
            one |= {
                "controls": list(self._plan(name).controls),
                "claim": self._plan(name).claim and not self._plan(name).controls,
                "against": held,
                "verdict": one["comparison"]["verdict"],
            }
        return said

    def _plan(self, name: str) -> Plan:
        return self.manifest.plans.get(name, Plan())

    def _against(self, control: _Look, look: _Look) -> dict[str, Any]:
        """An experiment against one of its controls, each at its own alpha."""
        seeds = [seed for seed in look.seeds if seed in control.seeds]
        pair = (look.at_choice(seeds), control.at_choice(seeds)) if seeds else (
            look.at_choice(look.seeds).mean(axis=1), control.at_choice(control.seeds).mean(axis=1)
        )  # fmt: skip
        compared = self._compare(*pair)
        return {
            "difference": asdict(compared.difference),
            "p": compared.p,
            "p_margin": compared.p_margin,
            "smallest_difference": compared.smallest_difference,
        }


class _Look:
    """One experiment: its alphas side by side, and the one that its verdict is about."""

    def __init__(self, run: _Run, name: str, plan: Plan):
        self.run, self.name, self.plan = run, name, plan
        found = {alpha: one for (e, alpha, _), one in run.scored.trackers.items() if e == name}
        self.alphas: list[Alpha] = list(found)
        first = found[self.alphas[0]]
        self.seeds = [s for s in first.seeds if all(s in one.seeds for one in found.values())]
        if not self.seeds:
            raise InputError(f"rows: experiment {name!r}: its alphas have no seed in common")
        # (targets, alphas, seeds)
        self.values = np.stack([found[alpha].of(self.seeds) for alpha in self.alphas], axis=1)
        self.beside = run._beside(PerTarget(tuple(self.seeds), first.of(self.seeds)))
        self.found = found
        self.columns = self._columns()

    def _columns(self) -> dict[str, np.ndarray | None]:
        """Way of choosing -> number of the alpha of each target; None where it cannot be had."""
        scores, targets = self.values.mean(axis=2), len(self.values)
        everywhere = lambda column: np.full(targets, column)  # noqa: E731
        planned = self.plan.alpha in self.alphas and self.plan.alpha is not None
        validated = self._validated()
        several = len(self.alphas) > 1
        return {
            "beforehand": everywhere(self.alphas.index(self.plan.alpha)) if planned else None,
            "only one": None if several else everywhere(0),
            "validation": None if validated is None else everywhere(validated),
            "crossed": statistics.crossed(scores, folds=FOLDS, seed=self.run.drawn["seed"]),
            "test": everywhere(statistics.best(scores)),
        }

    def _validated(self) -> int | None:
        """The alpha with the best mean on the set that alphas are chosen on."""
        if self.run.validation is None:
            return None
        known = self.run.validation.trackers
        own = [known.get((self.name, alpha, None)) for alpha in self.alphas]
        if any(one is None for one in own):
            return None
        return statistics.best(np.stack([one.values.mean(axis=1) for one in own], axis=1))

    @property
    def way(self) -> str:
        """How the alpha of the verdict is chosen: the first of the ways that can be had."""
        return next(way for way, columns in self.columns.items() if columns is not None)

    def chosen(self, way: str) -> np.ndarray:
        """(targets, seeds) at the alphas of a way."""
        return self.values[np.arange(len(self.values)), self.columns[way]]

    def at_choice(self, seeds: Sequence[int | None]) -> np.ndarray:
        """(targets, seeds) at the alpha of the verdict."""
        return self.chosen(self.way)[:, [self.seeds.index(seed) for seed in seeds]]

    def alpha(self, way: str) -> Alpha | None:
        """The alpha of a way; None where it differs from target to target."""
        columns = set(self.columns[way].tolist())
        return self.alphas[columns.pop()] if len(columns) == 1 else None

    def said(self) -> dict[str, Any]:
        compared = self.run._compare(self.chosen(self.way), self.beside)
        differences = self.values.mean(axis=2) - self.beside.mean(axis=1)[:, None]
        ways = {way: self._way(way) for way in ("test", "validation", "crossed")}
        gave = ways["test"]["mean"] - ways["crossed"]["mean"]
        several = len(self.alphas) > 1
        return _rounded({
            "kind": self.run.manifest.experiments.get(self.name, ""),
            "chosen": {"way": self.way, "alpha": self.alpha(self.way)},
            "comparison": _told(compared, self.run.scored.targets),
            "ways": ways,
            "choosing_on_test_gave": gave if several else None,
            "best_of_p": statistics.best_of_p(differences, **self.run.drawn) if several else None,
            "complementary": self._complementary(),
        })  # fmt: skip

    def _way(self, way: str) -> dict[str, Any] | None:
        if self.columns[way] is None:
            return None
        differences = self.chosen(way) - self.beside
        told = statistics.estimate(differences, level=1 - LEVEL, **self.run.drawn)
        return {"alpha": self.alpha(way), "mean": told.mean, "low": told.low, "high": told.high}

    def _complementary(self) -> dict[str, Any]:
        """The baseline beside the auxiliary alone; and an oracle that picks alpha per target."""
        scores = self.values.mean(axis=2)
        said: dict[str, Any] = {
            "only_baseline": None,
            "only_auxiliary": None,
            "oracle_gain": statistics.oracle_gain(scores, self.beside.mean(axis=1)),
        }
        alone, baseline = self.found.get(1.0), self.run.baseline
        pairs = [
            (baseline.overlaps[baseline.seeds.index(seed)],
             alone.overlaps[alone.seeds.index(seed)])
            for seed in (self.seeds if alone else ())
        ]  # fmt: skip
        if pairs and all(one and other for one, other in pairs):
            shares = np.mean([statistics.only_one_right(*pair) for pair in pairs], axis=0)
            said |= {"only_baseline": float(shares[0]), "only_auxiliary": float(shares[1])}
        return said


def _told(compared: Comparison, targets: Sequence[str]) -> dict[str, Any]:
    """A comparison as the tables read it."""
    index = compared.most_influential
    return {
        "difference": asdict(compared.difference),
        "p": compared.p,
        "p_margin": compared.p_margin,
        "shares": asdict(compared.shares),
        "smallest_difference": compared.smallest_difference,
        "most_influential": None
        if index is None
        else {
            "target": targets[index],
            "mean": compared.without_it,
            "low": compared.low_without,
            "high": compared.high_without,
            "p": compared.p_without,
        },
    }


def _correct(entries: list[dict[str, Any]]) -> None:
    """Add Holm's p over the comparisons to each."""
    tested = [entry for entry in entries if entry["p"] is not None]
    for entry in entries:
        entry["holm_p"] = None
    for entry, p in zip(tested, statistics.holm([one["p"] for one in tested]), strict=True):
        entry["holm_p"] = round(float(p), 6)


def _rounded(value: Any) -> Any:
    """Numbers to six digits, so that equal runs give equal files on unlike machines."""
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return round(value, 6) if isinstance(value, float) else value
