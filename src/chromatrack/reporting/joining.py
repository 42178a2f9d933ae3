"""Runs that differ in their seeds alone, as one: what is joined, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chromatrack.configuration import flat, shown
from chromatrack.errors import InputError, some
from chromatrack.evaluation.scores import per_unit
from chromatrack.files import read_json
from chromatrack.reporting.manifest import Evaluated, Manifest, Row
from chromatrack.reporting.per_target import SCORED_BY, annotations_of, key_of
from chromatrack.reporting.scores import Reader, alpha_text, read_evaluation
from chromatrack.settings.experiments import UNTRAINED

OWN_KEYS = ("run", "seeds")
"""Of the configuration, at any depth: what runs that are joined may differ in unsaid."""
OF_THE_MACHINE = ("made_by", "frames_per_second")
"""Of scores.json: what another machine or version says otherwise of the same results."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run as it was found.

    Attributes:
        name: for people; no other run of the page has it.
        manifest: with paths to where its files lie.
    """

    name: str
    manifest: Manifest


def alike(runs: Iterable[Run], read: Reader = read_evaluation) -> list[list[Run]]:
    """Runs that are of the same data and of the same trackers but for their seeds, together.

    The same data: title, what was cut, benchmark and protocol of the summary. The same trackers:
    experiments with their plans, and the alphas of each; those without a seed do not count.

    Raises:
        InputError: two runs that are alike were scored on different targets.
    """
    groups: dict[Any, list[Run]] = {}
    for number, run in enumerate(runs):
        rows = run.manifest.rows
        groups.setdefault(_kind(run.manifest, read) if rows else number, []).append(run)
    for first, *others in groups.values():
        for other in others:
            _check_targets(first, other, read)
    return list(groups.values())


def _kind(manifest: Manifest, read: Reader) -> tuple:
    scores = read(manifest.rows[0].evaluation)
    return (
        manifest.heading,
        scores.get("benchmark"),
        scores.get("protocol"),
        frozenset(key_of(row) for row in manifest.rows if row.experiment not in UNTRAINED),
        tuple(sorted(manifest.experiments.items())),
        tuple(sorted(manifest.plans.items())),
    )


def _check_targets(first: Run, other: Run, read: Reader) -> None:
    """The same targets, of as many frames, with the same true boxes."""
    scores = [read(run.manifest.rows[0].evaluation) for run in (first, other)]
    here, there = map(_frames, scores)
    for key in SCORED_BY:
        values = [one.get(key) for one in scores]
        if values[0] != values[1]:
            raise InputError(
                f"{first.name} and {other.name}: expected scores of one {key} of runs with the "
                f"title {first.manifest.title!r}, got {values[0]!r} and {values[1]!r}; --apart "
                "shows them one below the other"
            )
    differing = [name for name in {**here, **there} if here.get(name, ()) != there.get(name, ())]
    truth = {annotations_of(one) for one in scores} - {None}
    if differing or len(truth) > 1:
        what = f"other frames of {some(differing)}" if differing else "other annotations"
        raise InputError(
            f"{first.name} and {other.name}: expected the same targets of runs with the title "
            f"{first.manifest.title!r}, got {what}; --apart shows them one below the other"
        )


def _frames(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Target -> its frames, where they are told."""
    return {name: one.get("frames") for name, one in per_unit(scores).items()}


def joined(runs: Sequence[Run]) -> Manifest:
    """One manifest of runs that are alike; what is not per seed is the first one's.

    Its statistics and its table are none: they are to be counted over all seeds.

    Raises:
        InputError: two runs have the same tracker and seed with other results.
    """
    first = runs[0].manifest
    return replace(
        first,
        notes=(*_said(runs), *_notes(runs)),
        rows=_rows(runs, lambda one: one.rows),
        validation=_rows(runs, lambda one: one.validation),
        evaluations=_evaluations(runs),
        curves=_union(run.manifest.curves for run in runs),
        tuned=_union(run.manifest.tuned for run in runs),
        score_statistics=_union(run.manifest.score_statistics for run in runs),
        statistics=None,
        summary_csv=None,
    )


def _said(runs: Sequence[Run]) -> list[str]:
    """Sentences for the page: which runs, whose parts, and where their configurations differ."""
    seeds = [sorted({row.seed for row in run.manifest.rows} - {None}) for run in runs]
    of = [
        f"{run.name} (seed{'s' * (len(own) > 1)} {', '.join(map(str, own))})"
        for run, own in zip(runs, seeds, strict=True)
    ]
    found = [
        f"Joined from {len(runs)} runs: {'; '.join(of)}. Frames, pictures, clips, times and the "
        f"configuration are those of {runs[0].name}."
    ]
    differing = _differing(runs)
    if differing:
        names = [run.name for run in runs]
        told = "; ".join(
            f"{key} ({', '.join(map(': '.join, zip(names, values, strict=True)))})"
            for key, values in differing.items()
        )
        found.append(f"The configurations differ in more than seeds: {told}.")
    return found


def _differing(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Dotted key -> its value in each run, where they differ."""
    told = [dict(flat(run.manifest.configuration)) for run in runs]
    keys = [key for key in _union(told) if key.split(".")[-1] not in OWN_KEYS]
    values = {key: [shown(one.get(key)) for one in told] for key in keys}
    return {key: own for key, own in values.items() if len(set(own)) > 1}


def _notes(runs: Sequence[Run]) -> list[str]:
    """Those of the first run, and what the others have beside them."""
    first = runs[0].manifest.notes
    others = [
        f"{run.name}: {note}"
        for run in runs[1:]
        for note in run.manifest.notes
        if note not in first
    ]
    return [*first, *others]


def _rows(runs: Sequence[Run], of: Callable[[Manifest], tuple[Row, ...]]) -> tuple[Row, ...]:
    """All of them, once each; one without a seed that differs gets the name of its run."""
    found: dict[tuple, list[Row]] = {}
    rows: list[Row] = []
    for run in runs:
        earlier = {key: list(own) for key, own in found.items()}
        for row in of(run.manifest):
            key = (*key_of(row), row.seed)
            known = earlier.get(key, [])
            if any(_same(other, row) for other in known):
                continue
            found.setdefault(key, []).append(row)
            rows.append(_beside(known[0], row, run) if known else row)
    return tuple(rows)


def _beside(first: Row, second: Row, run: Run) -> Row:
    """The second of two that differ, with the name of its run where it has no seed."""
    if second.experiment in UNTRAINED:
        return replace(second, tracker=f"{second.tracker} ({run.name})")
    raise InputError(
        f"{first.evaluation} and {second.evaluation}: expected one result of {second.tracker} "
        f"(experiment {second.experiment}, alpha {alpha_text(second.alpha)}, seed {second.seed}), "
        "got two that differ; --apart shows the runs one below the other"
    )


def _same(first: Row, second: Row) -> bool:
    """Whether both were scored alike, by networks of the same weights."""
    weights = [_weights(row.run) for row in (first, second)]
    return _content(first.evaluation) == _content(second.evaluation) and (
        None in weights or weights[0] == weights[1]
    )


def _content(path: Path) -> dict[str, Any]:
    """What scores say of results."""
    return {key: value for key, value in read_json(path).items() if key not in OF_THE_MACHINE}


def _weights(run: Path | None) -> str | None:
    """Digest of the checkpoint; None where there is none."""
    said = read_json(run) if run is not None else None
    try:
        return said and said["made_by"]["inputs"].get("checkpoint")
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{run}: expected made_by as the tracking stage writes it") from None


def _evaluations(runs: Sequence[Run]) -> tuple[Evaluated, ...]:
    """Benchmarks of all runs; of two trackers with one title, the second gets its run's name."""
    found: dict[tuple[str, str], Evaluated] = {}
    for run in runs:
        for one in run.manifest.evaluations:
            key = one.benchmark, one.protocol
            known = found.setdefault(key, replace(one, trackers={}, untrained={}))
            titles = {
                title: f"{title} ({run.name})"
                if title in known.trackers and _content(known.trackers[title]) != _content(path)
                else title
                for title, path in one.trackers.items()
            }
            own = {titles[title]: path for title, path in one.trackers.items()}
            pairs = {titles[title]: titles[twin] for title, twin in one.untrained.items()}
            found[key] = replace(
                known,
                trackers=_union([known.trackers, own]),
                untrained=_union([known.untrained, pairs]),
            )
    return tuple(found.values())


def _union(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All keys, in order; the first value of each."""
    whole: dict[str, Any] = {}
    for part in parts:
        whole |= {key: value for key, value in part.items() if key not in whole}
    return whole
