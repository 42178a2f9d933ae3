"""The trackers of a page: one list, that every plot, table and viewer refers to by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chromatrack.reporting.manifest import BASELINE_LABEL, Manifest
from chromatrack.reporting.per_target import Key, key_of
from chromatrack.reporting.scores import Mean, alpha_text
from chromatrack.settings.experiments import BASELINE, CLASSICAL, OWN, UNTRAINED


def key_of_mean(mean: Mean) -> Key:
    """What the seeds of a mean share."""
    return mean.experiment, mean.alpha, mean.tracker


def tracker_list(
    manifest: Manifest, means: Sequence[Mean], said: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One entry per experiment and alpha, or tracker of none, in the order of tables.

    Args:
        said: what `chromatrack statistics` found; may be empty. `comparisons`, of folders of
            results: what `chromatrack compare` writes; the tracker that the others are compared
            with takes the part of the baseline.

    Returns:
        name, experiment, alpha, kind ("baseline", "experiment", "classical" or "own"), chosen
        (whether its alpha is the one that its experiment is told by; its best where that differs
        from target to target), row (its name among the
        results, of the seed that was given first), values by measure, and value and difference
        with intervals.
    """
    rows: dict[Key, str] = {}
    for row in manifest.rows:
        rows.setdefault(key_of(row), row.tracker)
    baseline = said.get("comparisons", {}).get("baseline")
    told = {_key_of_said(entry): entry for entry in said.get("rows", ())}
    chosen = _best_alphas(means) | {
        name: one["chosen"]["alpha"]
        for name, one in said.get("experiments", {}).items()
        if one["chosen"]["alpha"] is not None  # else it differs from target to target
    }
    found = []
    for mean in means:
        key = key_of_mean(mean)
        entry = told.get(key, {})
        kind = mean.experiment if mean.experiment in (BASELINE, *UNTRAINED) else "experiment"
        if mean.tracker is not None and mean.tracker == baseline:
            kind = BASELINE
        found.append({
            "name": tracker_name(key),
            "experiment": mean.experiment,
            "alpha": mean.alpha,
            "kind": kind,
            "chosen": kind != "experiment" or chosen.get(mean.experiment) == mean.alpha,
            "row": rows[key],
            "seeds": mean.seeds,
            "values": dict(mean.values),
            "value": entry.get("value"),
            "difference": entry.get("difference"),
            "p": entry.get("p"),
        })  # fmt: skip
    return found


def tracker_name(key: Key) -> str:
    """As people call it: "SiamFC (baseline)", "exp 2, α = 0.3", "KCF"."""
    experiment, alpha, name = key
    if experiment == BASELINE:
        return BASELINE_LABEL
    if experiment in (CLASSICAL, OWN):
        return name or experiment
    return f"exp {experiment}, α = {alpha_text(alpha)}"


def experiment_list(
    manifest: Manifest, names: Iterable[str], said: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The experiments: name, what each is, whether the answer is about it, and its verdict."""
    found = []
    for name in names:
        one = said.get("experiments", {}).get(name, {})
        plan = manifest.plans.get(name)
        claim = one.get("claim", plan is None or (plan.claim and not plan.controls))
        found.append({
            "name": name,
            "about": manifest.experiments.get(name, ""),
            "claim": claim,
            "verdict": one.get("verdict"),
        })  # fmt: skip
    return found


def _key_of_said(entry: Mapping[str, Any]) -> Key:
    name = entry["tracker"] if entry["experiment"] in UNTRAINED else None
    return entry["experiment"], entry["alpha"], name


def _best_alphas(means: Iterable[Mean]) -> dict[str, Any]:
    """Where nothing was laid down: the alpha that scores best."""
    best: dict[str, Mean] = {}
    for mean in means:
        if mean.alpha is not None and (
            mean.experiment not in best or mean.score > best[mean.experiment].score
        ):
            best[mean.experiment] = mean
    return {name: mean.alpha for name, mean in best.items()}
