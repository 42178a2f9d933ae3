"""One experiment's alphas: three ways to choose among them, and what is told of the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from chromatrack.errors import InputError
from chromatrack.metrics import statistics
from chromatrack.metrics.statistics import Comparison, Estimate
from chromatrack.reporting.per_target import PerTarget
from chromatrack.settings.experiments import BASELINE

FOLDS = 10

Alpha = float | str


@dataclass(frozen=True)
class Rule:
    """How trackers of a run are compared.

    Attributes:
        margin: difference that counts, in units of the measure.
        draws: of the bootstrap.
        seed: of everything that is drawn.
    """

    margin: float
    draws: int
    seed: int

    @property
    def drawn(self) -> dict[str, int]:
        return {"draws": self.draws, "seed": self.seed}

    def estimate(self, values: np.ndarray) -> Estimate:
        return statistics.estimate(values, **self.drawn)

    def compare(self, first: np.ndarray, second: np.ndarray) -> Comparison:
        return statistics.compare(first, second, margin=self.margin, **self.drawn)


def beside(baseline: PerTarget, seeds: Sequence[int | None]) -> np.ndarray:
    """(targets, seeds) of the baseline of these seeds; its mean for a tracker of none.

    Raises:
        InputError: there is no baseline of a seed.
    """
    if list(seeds) == [None]:
        return baseline.values.mean(axis=1, keepdims=True)
    missing = [seed for seed in seeds if seed not in baseline.seeds]
    if missing:
        raise InputError(f"rows: expected a {BASELINE!r} of seed {missing[0]}, found none")
    return baseline.of(seeds)


class Alphas:
    """The alphas of one experiment side by side, and the one that its verdict is about.

    Args:
        name: of the experiment, for messages.
        found: its trackers by their alpha.
        baseline: what they are compared with.
        rule: how.
        planned: the alpha that was laid down beforehand, if any.
        validation: the same trackers on the set that alphas are chosen on.
    """

    def __init__(
        self,
        name: str,
        found: Mapping[Alpha, PerTarget],
        baseline: PerTarget,
        *,
        rule: Rule,
        planned: Alpha | None = None,
        validation: Mapping[Alpha, PerTarget] | None = None,
    ):
        if planned is not None and planned not in found:
            raise InputError(f"plans: {name}: alpha {planned}: the experiment was not run with it")
        self.rule, self.planned, self.validation = rule, planned, validation or {}
        self.found, self.baseline = found, baseline
        self.alphas: list[Alpha] = list(found)
        first = found[self.alphas[0]]
        self.seeds = [s for s in first.seeds if all(s in one.seeds for one in found.values())]
        if not self.seeds:
            raise InputError(f"rows: experiment {name!r}: its alphas have no seed in common")
        # (targets, alphas, seeds)
        self.values = np.stack([found[alpha].of(self.seeds) for alpha in self.alphas], axis=1)
        self.beside = beside(baseline, self.seeds)
        self.columns = self._columns()

    def _columns(self) -> dict[str, np.ndarray | None]:
        """Way of choosing -> number of the alpha of each target; None where it cannot be had."""
        scores, targets = self.values.mean(axis=2), len(self.values)

        def everywhere(column: int) -> np.ndarray:
            return np.full(targets, column)

        planned = self.planned is not None
        validated = self._validated()
        several = len(self.alphas) > 1
        return {
            "beforehand": everywhere(self.alphas.index(self.planned)) if planned else None,
            "only one": None if several else everywhere(0),
            "validation": None if validated is None else everywhere(validated),
            "crossed": statistics.crossed(scores, folds=FOLDS, seed=self.rule.seed),
            "test": everywhere(statistics.best(scores)),
        }

    def _validated(self) -> int | None:
        """The alpha with the best mean on the set that alphas are chosen on."""
        own = [self.validation.get(alpha) for alpha in self.alphas]
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

    def said(self, targets: Sequence[str]) -> dict[str, Any]:
        """Its part of statistics.json, as far as it is about the baseline alone."""
        compared = self.rule.compare(self.chosen(self.way), self.beside)
        differences = self.values.mean(axis=2) - self.beside.mean(axis=1)[:, None]
        if self.way == "crossed":
            drawn = {"folds": FOLDS, **self.rule.drawn}
            compared = replace(
                compared,
                p=statistics.crossed_p(differences, **drawn),
                p_margin=statistics.crossed_p(differences - self.rule.margin, **drawn),
            )
        ways = {way: self._way(way) for way in ("test", "validation", "crossed")}
        gave = ways["test"]["mean"] - ways["crossed"]["mean"]
        several = len(self.alphas) > 1
        return rounded({
            "chosen": {"way": self.way, "alpha": self.alpha(self.way)},
            "comparison": _as_json(compared, targets),
            "ways": ways,
            "choosing_on_test_gave": gave if several else None,
            "best_of_p": statistics.best_of_p(differences, **self.rule.drawn) if several else None,
            "complementary": self._complementary(),
        })  # fmt: skip

    def _way(self, way: str) -> dict[str, Any] | None:
        if self.columns[way] is None:
            return None
        differences = self.chosen(way) - self.beside
        told = self.rule.estimate(differences)
        return {"alpha": self.alpha(way), "mean": told.mean, "low": told.low, "high": told.high}

    def _complementary(self) -> dict[str, Any]:
        """The baseline beside the auxiliary alone; and an oracle that picks alpha per target."""
        scores = self.values.mean(axis=2)
        said: dict[str, Any] = {
            "only_baseline": None,
            "only_auxiliary": None,
            "oracle_gain": statistics.oracle_gain(scores, self.beside.mean(axis=1)),
        }
        alone, baseline = self.found.get(1.0), self.baseline
        pairs = [
            (baseline.overlaps[baseline.seeds.index(seed)],
             alone.overlaps[alone.seeds.index(seed)])
            for seed in (self.seeds if alone else ())
        ]  # fmt: skip
        if pairs and all(one and other for one, other in pairs):
            shares = np.mean([statistics.only_one_right(*pair) for pair in pairs], axis=0)
            said |= {"only_baseline": float(shares[0]), "only_auxiliary": float(shares[1])}
        return said


def _as_json(compared: Comparison, targets: Sequence[str]) -> dict[str, Any]:
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


def rounded(value: Any) -> Any:
    """Numbers to six digits, so that equal runs give equal files on unlike machines."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return round(value, 6) if isinstance(value, float) else value
