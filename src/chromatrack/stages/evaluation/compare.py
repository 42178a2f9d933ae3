"""Folders of results against a baseline: intervals, tests and verdicts, without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import InputError, some
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.evaluation.measures import Measure
from chromatrack.evaluation.scores import own_measures, per_unit
from chromatrack.files import made_by, write_json
from chromatrack.metrics import statistics
from chromatrack.settings import StatisticsSettings
from chromatrack.stages.evaluation.several import evaluate_several, folder_names


def compare_results(
    benchmark: Benchmark,
    selection: Selection,
    results: Sequence[Path],
    output: Path | None = None,
    *,
    names: Sequence[str] | None = None,
    baseline: str | None = None,
    measure: str | None = None,
    margin: float = StatisticsSettings.margin,
    draws: int = StatisticsSettings.draws,
    seed: int = StatisticsSettings.seed,
    **options: Any,
) -> tuple[dict[str, Any], dict[str, InputError]]:
    """Score folders of results and compare each with the baseline, target by target.

    Args:
        output: JSON file to write; None only returns what it holds.
        names: of the trackers, one per folder; None takes the names of the folders.
        baseline: name of one of them; None: the first.
        measure: key; None: the first of the benchmark's that its targets have by themselves.
        margin: difference that counts, in units of the measure.
        draws: of the bootstrap.
        options: of `evaluate`.

    Returns:
        benchmark, title, protocol, unit, measure, baseline, level, margin, draws, seed and
        `comparisons`: tracker -> `metrics.statistics.as_plain` of tracker minus baseline, with
        targets (that both have), mean and baseline_mean, holm_p and verdict. Where less of a
        measure is better, differences have their sign turned (`turned`): positive is better.
        And tracker -> what is wrong with its results, where something is.

    Raises:
        InputError: nothing can be compared, or the baseline or the measure is not there.
    """
    names = list(names) if names is not None else folder_names(results)
    if len(results) < 2:
        raise InputError(f"expected two or more folders of results, got {len(results)}")
    baseline = baseline if baseline is not None else names[0]
    if baseline not in names:
        raise InputError(f"baseline {baseline!r}: expected one of {', '.join(names)}")
    evaluations, errors = evaluate_several(benchmark, selection, results, names=names, **options)
    if baseline in errors:
        raise InputError(f"baseline {baseline}: {errors[baseline]}")
    settings = {"margin": margin, "draws": draws, "seed": seed}
    table, incomparable = compare_scores(evaluations, baseline, measure, **settings)
    errors |= incomparable
    if not table["comparisons"]:
        raise next(iter(errors.values()))
    if output is not None:
        write_json(output, table)
    return table, errors


def compare_scores(
    evaluations: Mapping[str, Mapping[str, Any]],
    baseline: str,
    measure: str | None = None,
    **settings: Any,
) -> tuple[dict[str, Any], dict[str, InputError]]:
    """Compare trackers that are scored with one of them; see `compare_results`.

    Args:
        evaluations: tracker -> what `evaluate` returned.
        settings: margin, draws and seed.
    """
    chosen = compared_measure(evaluations[baseline], measure)
    own = _values(baseline, evaluations[baseline], chosen)
    comparisons, errors = {}, {}
    for name, scores in evaluations.items():
        if name == baseline:
            continue
        try:
            values = _values(name, scores, chosen)
            comparisons[name] = _paired(name, values, baseline, own, chosen, **settings)
        except InputError as error:  # one tracker does not stop the table of the others
            errors[name] = error
    statistics.correct(comparisons.values())
    statistics.judge(comparisons.values(), margin=settings["margin"])
    return _table(evaluations, baseline, chosen, comparisons, settings), errors


def _table(
    evaluations: Mapping[str, Mapping[str, Any]],
    baseline: str,
    measure: Measure,
    comparisons: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """What the file holds; made_by names what was scored of each tracker."""
    one = evaluations[baseline]
    made = made_by(
        "statistics",
        settings={**one["made_by"]["settings"], "measure": measure.key, **settings},
    )
    made["inputs"] = {
        name: evaluations[name]["made_by"]["inputs"] for name in (baseline, *comparisons)
    }
    return {
        **{key: one[key] for key in ("benchmark", "title", "protocol", "unit")},
        **({"convention": one["convention"]} if "convention" in one else {}),
        "measure": measure.declared(),
        "turned": measure.better == "lower",
        "baseline": baseline,
        "level": statistics.LEVEL,
        **settings,
        "comparisons": comparisons,
        "made_by": made,
    }


def compared_measure(scores: Mapping[str, Any], key: str | None) -> Measure:
    """The measure asked for, or the first that the targets have by themselves."""
    benchmark, unit = scores["benchmark"], scores["unit"]
    known = {measure.key: measure for measure in own_measures(scores)}
    if not known:
        raise InputError(f"{benchmark}: has no measure per {unit}")
    if key is not None and key not in known:
        raise InputError(
            f"{benchmark}: measure {key!r}: expected one that each {unit} has, "
            f"one of {', '.join(known)}"
        )
    return known[key] if key is not None else next(iter(known.values()))


def _values(name: str, scores: Mapping[str, Any], measure: Measure) -> dict[str, float]:
    """Target -> its value, as measured."""
    found = {target: entry.get(measure.key) for target, entry in per_unit(scores).items()}
    missing = [key for key, value in found.items() if value is None or not np.isfinite(value)]
    if missing:
        raise InputError(f"{name}: {some(missing)}: expected a value of {measure.key}, got none")
    return found


def _paired(
    name: str,
    first: Mapping[str, float],
    baseline: str,
    second: Mapping[str, float],
    measure: Measure,
    **options: Any,
) -> dict[str, Any]:
    """One tracker minus the baseline over the targets that both have; positive is better."""
    targets = [target for target in second if target in first]
    if not targets:
        raise InputError(f"{name}: expected results of a target that {baseline} has, too")
    sign = -1.0 if measure.better == "lower" else 1.0
    pair = [np.array([values[target] for target in targets]) for values in (first, second)]
    compared = statistics.compare(*(sign * one for one in pair), **options)
    mean, baseline_mean = (round(float(one.mean()), 6) for one in pair)
    return {
        "targets": len(targets),
        "mean": mean,
        "baseline_mean": baseline_mean,
        **statistics.as_plain(compared, targets),
    }
