"""`chromatrack report --annotations DIR --results A B C`: a page of folders of results."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError, some
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.evaluation.one_pass import OnePass
from chromatrack.evaluation.scores import per_unit
from chromatrack.files import write_json
from chromatrack.reporting.manifest import Manifest, Row
from chromatrack.reporting.sentences import beside
from chromatrack.settings import StatisticsSettings
from chromatrack.settings.experiments import OWN
from chromatrack.stages.evaluation.compare import compare_scores
from chromatrack.stages.evaluation.several import evaluate_several
from chromatrack.stages.report.page import make_page
from chromatrack.stages.report.runs import COUNTED, check_output, keep_beside
from chromatrack.stages.report.strips import Results, box_strips, write_strips
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics

RULE = asdict(StatisticsSettings())
"""How trackers are compared: as `chromatrack compare` does without options."""
NO_FRAMES = "Sequences are shown without pictures: no frames lie beside the annotations."
NAMED = 4
"""Trackers that the title names."""


@dataclass(frozen=True)
class Folders:
    """Folders of results on one benchmark.

    Attributes:
        benchmark, selection: what they are about.
        results: a folder for each tracker.
        names: of the trackers; None takes the names of the folders.
        baseline: the one that the others are compared with; None: the first.
        options: of `evaluate`: protocol, subset, convention.
    """

    benchmark: Benchmark
    selection: Selection
    results: Sequence[Path]
    names: Sequence[str] | None = None
    baseline: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def report_results(folders: Folders, output: Path, *, replace_page: bool = False) -> list[str]:
    """Write a page of folders of results; statistics and table are written beside it.

    Returns:
        The comparisons, and what was written, a sentence each.

    Raises:
        InputError: results are missing or do not fit the annotations, or are of other targets
            than those of the baseline.
    """
    check_output(output, replace_page)
    scores = _scored(folders)
    baseline = _baseline(folders, scores)
    _check_targets(scores, baseline)
    table, errors = compare_scores(scores, baseline, **RULE)
    _refuse(errors)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = []
        for number, (name, one) in enumerate(scores.items()):
            path = folder / f"{number}.json"
            write_json(path, one)
            rows.append(Row(tracker=name, experiment=OWN, seed=None, evaluation=path))
        shown = Manifest(title=_title(folders, scores), cut=_cut(folders), rows=tuple(rows))
        shown = _counted(shown, table, folder)
        strips, lack = _strips(folders, scores, baseline, folder / "strips.json")
        notes = (NO_FRAMES,) if lack is not None else ()
        make_page(replace(shown, strips=strips, notes=notes), output)
        written = keep_beside(output, folder)
    compared = [beside(name, one, table) for name, one in table["comparisons"].items()]
    said = [f"{NO_FRAMES.rstrip('.')} ({lack})."] if lack is not None else []
    return [*compared, *said, *(f"counted: {path}" for path in written)]


def _scored(folders: Folders) -> dict[str, dict[str, Any]]:
    """Tracker -> scores, of all of them."""
    scores, errors = evaluate_several(
        folders.benchmark, folders.selection, folders.results, names=folders.names,
        **folders.options,
    )  # fmt: skip
    _refuse(errors)
    return scores


def _refuse(errors: Mapping[str, InputError]) -> None:
    """A page without some of the trackers would not tell what it lacks."""
    if errors:
        raise InputError("; ".join(f"{name}: {error}" for name, error in errors.items()))


def _baseline(folders: Folders, scores: Mapping[str, Any]) -> str:
    name = folders.baseline
    if name is not None and name not in scores:
        raise InputError(f"baseline {name!r}: expected one of {', '.join(scores)}")
    return name if name is not None else next(iter(scores))


def _check_targets(scores: Mapping[str, Mapping[str, Any]], baseline: str) -> None:
    """All were scored on the same targets; they may not have been where a subset is asked for."""
    own = per_unit(scores[baseline])
    for name, one in scores.items():
        targets = per_unit(one)
        differing = [
            target for target in {**own, **targets} if (target in own) != (target in targets)
        ]
        if differing:
            raise InputError(
                f"{name}: expected results of the targets that {baseline} has, and of no others, "
                f"got a difference in {some(differing)}; --names LIST takes those that all have"
            )


def _title(folders: Folders, scores: Mapping[str, Any]) -> str:
    """Such as "OTB tb50, TRE: SRDCF, Staple"."""
    benchmark, selection = folders.benchmark, folders.selection
    names = list(scores)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    listed = f" {Path(selection.names).name}" if selection.names else ""
    protocol = next(iter(scores.values()))["protocol"]
    told = f", {protocol.upper()}" if protocol != benchmark.protocols[0] else ""
    convention = folders.options.get("convention")
    told += f", {convention} convention" if convention else ""
    return f"{benchmark.title}{listed}{told}: {', '.join(names[:NAMED])}{more}"


def _cut(folders: Folders) -> str | None:
    frames = folders.selection.max_frames
    return f"first {frames} frames of each sequence" if frames else None


def _counted(manifest: Manifest, table: Mapping[str, Any], folder: Path) -> Manifest:
    """With statistics and table: those of a run, and the differences to the baseline."""
    found, summary = (folder / name for name in COUNTED)
    said = run_statistics(manifest, found, **RULE)
    for row in said["rows"]:
        compared = table["comparisons"].get(row["tracker"])
        if compared is not None:
            row |= {"difference": compared["difference"], "p": compared["p"]}
    said["comparisons"] = table
    write_json(found, said)
    summarize(manifest, said, summary)
    return replace(manifest, statistics=found, summary_csv=summary)


def _strips(
    folders: Folders, scores: Mapping[str, Mapping[str, Any]], baseline: str, output: Path
) -> tuple[Path | None, InputError | None]:
    """Boxes and overlaps of each target, where scores tell the overlap of each frame; and what
    keeps the frames from being shown."""
    benchmark, selection = folders.benchmark, folders.selection
    told = all("overlaps" in one for one in scores.values())
    if not isinstance(benchmark, OnePass) or not told:
        return None, None
    lack = None
    try:
        whole = benchmark.sequences(replace(selection, max_frames=None))
    except InputError as error:
        lack = error
        truth = benchmark.truth(selection, subset=folders.options.get("subset", False))
        whole = [Target(name, (), boxes) for name, boxes in truth.items()]
    scored = set(per_unit(scores[baseline]))
    whole = [target for target in whole if target.name in scored]
    found = box_strips(
        whole,
        {
            name: Results(path, one)
            for (name, one), path in zip(scores.items(), folders.results, strict=True)
        },
        baseline=baseline,
        limit=selection.max_frames,
    )
    write_strips(
        output, benchmark=benchmark.name, seed=None, trackers=list(scores), sequences=found,
        masks=[],
    )  # fmt: skip
    return output, lack
