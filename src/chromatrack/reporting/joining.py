"""Manifests of several runs: moved to where their files are, and joined where only seeds differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.reporting.manifest import Evaluated, Manifest, Row
from chromatrack.reporting.per_target import key_of
from chromatrack.reporting.scores import alpha_text


def moved(manifest: Manifest, place: Callable[[Path], Path]) -> Manifest:
    """The same manifest with each of its paths where `place` says."""

    def told(value: Any) -> Any:
        if isinstance(value, Path):
            return place(value)
        if isinstance(value, tuple):
            return tuple(told(item) for item in value)
        if isinstance(value, Mapping):
            return {key: told(item) for key, item in value.items()}
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            return replace(value, **{name: told(getattr(value, name)) for name in names})
        return value

    return told(manifest)


def alike(manifests: Iterable[Manifest]) -> list[list[int]]:
    """Numbers of manifests that are of one experiment: same data, same experiments."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(manifests):
        benchmarks = sorted((e.benchmark, e.protocol) for e in one.evaluations)
        key = repr((one.title, one.synthetic, one.cut, sorted(one.experiments.items()),
                    sorted((name, plan) for name, plan in one.plans.items()), benchmarks,
                    bool(one.rows)))  # fmt: skip
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def joined(
    manifests: Sequence[Manifest], names: Sequence[str], same: Callable[[Path, Path], bool]
) -> Manifest:
    """One manifest of several that are alike; statistics, table and pictures are the first one's.

    Args:
        names: of the runs, for messages.
        same: whether two scores.json say the same, for a tracker that several runs have.

    Raises:
        InputError: two runs have the same tracker and seed with other results.
    """
    first = manifests[0]
    differing = [
        name
        for name, one in zip(names[1:], manifests[1:], strict=True)
        if _without_seeds(one) != _without_seeds(first)
    ]
    told = f"Joined from the runs {', '.join(names)}, seed by seed."
    if differing:
        told += (
            f" The configuration of {', '.join(differing)} is not that of {names[0]}, which is "
            "shown, also beside the seeds."
        )
    return replace(
        first,
        notes=(told, *first.notes),
        rows=_rows(manifests, names, lambda one: one.rows, same),
        validation=_rows(manifests, names, lambda one: one.validation, same),
        evaluations=tuple(_evaluations(manifests)),
        curves={key: path for one in reversed(manifests) for key, path in one.curves.items()},
        score_statistics={
            key: path for one in reversed(manifests) for key, path in one.score_statistics.items()
        },
    )


def _without_seeds(manifest: Manifest) -> list[str]:
    """Lines of the configuration but for the name of the run and its seeds."""
    lines, inside = [], False
    for line in (manifest.config or "").splitlines():
        inside = line.startswith("seeds:") or (inside and line.startswith(("-", " ")))
        if not inside and not line.startswith("run:"):
            lines.append(line)
    return lines


def _rows(
    manifests: Sequence[Manifest],
    names: Sequence[str],
    of: Callable[[Manifest], tuple[Row, ...]],
    same: Callable[[Path, Path], bool],
) -> tuple[Row, ...]:
    found: dict[tuple, tuple[Row, str]] = {}
    for one, name in zip(manifests, names, strict=True):
        for row in of(one):
            key = (*key_of(row), row.seed)
            known = found.setdefault(key, (row, name))
            if known[1] != name and not same(known[0].evaluation, row.evaluation):
                raise InputError(
                    f"{known[1]} and {name}: {row.tracker} (experiment {row.experiment}, alpha "
                    f"{alpha_text(row.alpha)}, seed {row.seed}) is in both, with other results"
                )
    return tuple(row for row, _ in found.values())


def _evaluations(manifests: Sequence[Manifest]) -> Iterable[Evaluated]:
    for wanted in manifests[0].evaluations:
        trackers: dict[str, Path] = {}
        for one in (own for manifest in manifests for own in manifest.evaluations):
            if (one.benchmark, one.protocol) == (wanted.benchmark, wanted.protocol):
                trackers = {**one.trackers, **trackers}
        order = dict.fromkeys(
            title
            for manifest in manifests
            for one in manifest.evaluations
            if (one.benchmark, one.protocol) == (wanted.benchmark, wanted.protocol)
            for title in one.trackers
        )
        yield replace(wanted, trackers={title: trackers[title] for title in order})
