"""What can be told of each experiment of a run: intervals, tests, choices of alpha, a verdict."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.configuration import build
from chromatrack.files import made_by, write_json
from chromatrack.metrics import statistics
from chromatrack.reporting.manifest import Manifest, Plan
from chromatrack.reporting.per_target import Key, PerTarget, Scored, read_scored
from chromatrack.reporting.sentences import (
    beside_controls,
    controls_in_short,
    headline,
    sentence,
    verdict,
)
from chromatrack.settings import StatisticsSettings
from chromatrack.settings.experiments import BASELINE, UNTRAINED
from chromatrack.stages.report.alphas import Alpha, Alphas, Rule, beside, rounded


def run_statistics(
    manifest: Manifest,
    output: Path,
    *,
    margin: float = StatisticsSettings.margin,
    draws: int = StatisticsSettings.draws,
    seed: int = StatisticsSettings.seed,
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
        said |= _Run(scored, validation, manifest, Rule(**settings)).all()
    write_json(output, said)
    return said


def rule_of(manifest: Manifest) -> StatisticsSettings:
    """How the configuration of a run compares its trackers; the defaults where it does not say."""
    told = manifest.configuration.get("statistics")
    return build(StatisticsSettings, told or {}, "configuration.statistics")


class _Run:
    """The trackers of a run on one benchmark, and how they are compared."""

    def __init__(
        self,
        scored: Scored,
        validation: Scored | None,
        manifest: Manifest,
        rule: Rule,
    ):
        self.scored, self.validation, self.manifest = scored, validation, manifest
        self.rule = rule
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
            "level": statistics.LEVEL,
            "margin": self.rule.margin,
            "chosen_on": self._chosen_on(),
            "baseline": self.baseline and self._estimate(self.baseline.values),
            "rows": [self._row(key, one) for key, one in self.scored.trackers.items()],
            "experiments": experiments,
        }
        for name, one in experiments.items():
            one["sentence"] = sentence(name, one, said)
            one["verdict_sentence"] = verdict(name, one, said)
            one["controls_in_short"] = controls_in_short(one)
            one["beside_controls"] = beside_controls(one, said)
        return {**said, "headline": headline(said)}

    def _chosen_on(self) -> str | None:
        if self.validation is None:
            return None
        made_up = "synthetic " if self.manifest.synthetic else ""
        return f"{made_up}{self.validation.about['title']}"

    def _estimate(self, values: np.ndarray) -> dict[str, Any]:
        """The mean as it was measured: only differences have their sign turned."""
        return rounded(asdict(self.rule.estimate(-values if self.turned else values)))

    def _row(self, key: Key, one: PerTarget) -> dict[str, Any]:
        experiment, alpha, name = key
        usual = BASELINE if experiment == BASELINE else f"exp{experiment}-alpha{alpha}"
        said = {
            "experiment": experiment,
            "alpha": alpha,
            "tracker": name or usual,
            "seeds": [seed for seed in one.seeds if seed is not None],
            "value": self._estimate(one.values),
            "difference": None,
            "p": None,
        }
        if self.baseline is not None and experiment != BASELINE:
            compared = self.rule.compare(one.values, beside(self.baseline, one.seeds))
            said |= rounded({"difference": asdict(compared.difference), "p": compared.p})
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
        looks = {name: self._alphas(name, self.baseline) for name in names}
        said = {
            name: {
                "kind": self.manifest.experiments.get(name, ""),
                **look.said(self.scored.targets),
            }
            for name, look in looks.items()
        }
        for claims in (True, False):  # what a control shows takes nothing from what is asked
            statistics.correct(
                [one["comparison"] for name, one in said.items() if self._claims(name) == claims]
            )
        for name, one in said.items():
            held = {
                control: rounded(self._against(look, looks[name]))
                for control, look in looks.items()
                if name in self._plan(control).controls
            }
            statistics.correct(held.values())
            statistics.judge((one["comparison"], *held.values()), margin=self.rule.margin)
            one |= {
                "controls": list(self._plan(name).controls),
                "claim": self._claims(name),
                "against": held,
                "verdict": one["comparison"]["verdict"],
            }
        return said

    def _alphas(self, name: str, baseline: PerTarget) -> Alphas:
        def found(scored: Scored | None) -> dict[Alpha, PerTarget]:
            trackers = scored.trackers if scored else {}
            return {alpha: one for (own, alpha, _), one in trackers.items() if own == name}

        return Alphas(
            name,
            found(self.scored),
            baseline,
            rule=self.rule,
            planned=self._plan(name).alpha,
            validation=found(self.validation),
        )

    def _claims(self, name: str) -> bool:
        plan = self._plan(name)
        return plan.claim and not plan.controls

    def _plan(self, name: str) -> Plan:
        return self.manifest.plans.get(name, Plan())

    def _against(self, control: Alphas, look: Alphas) -> dict[str, Any]:
        """An experiment against one of its controls, each at its own alpha."""
        seeds = [seed for seed in look.seeds if seed in control.seeds]
        pair = (look.at_choice(seeds), control.at_choice(seeds)) if seeds else (
            look.at_choice(look.seeds).mean(axis=1), control.at_choice(control.seeds).mean(axis=1)
        )  # fmt: skip
        compared = self.rule.compare(*pair)
        return {
            "difference": asdict(compared.difference),
            "p": compared.p,
            "p_margin": compared.p_margin,
            "smallest_difference": compared.smallest_difference,
        }
