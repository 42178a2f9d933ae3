"""`chromatrack report RUN ...`: a page of finished runs, wherever they lie."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import check_writable, read_json, whole_file
from chromatrack.reporting.joining import Run, alike, joined
from chromatrack.reporting.manifest import Manifest
from chromatrack.reporting.moved import open_run, run_folder
from chromatrack.reporting.scores import read_evaluation
from chromatrack.stages.report.page import make_page
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import rule_of, run_statistics

COUNTED = ("statistics.json", "summary.csv")
"""What is counted anew where runs are joined, and kept beside the page."""


def report_runs(
    runs: Sequence[Path], output: Path, *, apart: bool = False, replace_page: bool = False
) -> list[str]:
    """Write a page of runs: those that differ in their seeds alone as one, others one by one.

    Statistics and table of what is joined, and of a run that has none, are counted and written
    beside the page.

    Args:
        runs: folders such as results/demo, or their manifests; wherever they were copied to.
        apart: join none.
        replace_page: also where `output` is the page of a run itself.

    Returns:
        What was written, a sentence each.

    Raises:
        InputError: a run is not there or not finished, or two runs contradict each other.
    """
    check_output(output, replace_page)
    places = [run_folder(path) or path for path in runs]
    twice = [path for path, n in Counter(place.resolve() for place in places).items() if n > 1]
    if twice:
        raise InputError(f"{twice[0]}: the run is given twice")
    opened = [
        Run(name, open_run(path)) for name, path in zip(short_names(places), runs, strict=True)
    ]
    groups = [[run] for run in opened] if apart else alike(opened, cache(read_evaluation))
    with tempfile.TemporaryDirectory() as scratch:
        shown, counted = [], []
        for number, group in enumerate(_told_apart(groups), start=1):
            manifest = joined(group) if group[1:] else group[0].manifest
            if manifest.rows and manifest.statistics is None:
                folder = Path(scratch) / str(number)
                manifest = _counted(manifest, folder, _rule(group[0].manifest))
                counted.append((number if len(groups) > 1 else None, folder))
            shown.append(manifest)
        make_page(shown, output)
        written = [keep_beside(output, folder, number) for number, folder in counted]
    told = [
        f"{', '.join(run.name for run in group)}: {manifest.heading}"
        for group, manifest in zip(groups, shown, strict=True)
    ]
    said = [
        note
        for group, manifest in zip(groups, shown, strict=True)
        if group[1:]
        for note in manifest.notes
        if note not in group[0].manifest.notes
    ]
    return [*told, *said, *(f"counted anew: {path}" for paths in written for path in paths)]


def check_output(output: Path, replace_page: bool) -> None:
    """Refuse a folder, and the page of a run where that is not asked for."""
    check_writable(output)
    if output.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{output}: expected a name that ends in .html, .htm")
    beside = output.parent / "manifest.json"
    if output.exists() and beside.is_file() and not replace_page:
        raise InputError(
            f"{output}: lies beside the manifest of a run; expected another file, or --replace"
        )


def short_names(folders: Sequence[Path]) -> list[str]:
    """The last part of each path, or as many as tell them all apart."""
    parts = [folder.resolve().parts for folder in folders]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(one[-count:]) for one in parts]
        if len(set(names)) == len(names):
            break
    return names


def _told_apart(groups: Sequence[Sequence[Run]]) -> list[list[Run]]:
    """A title that occurs twice on the page gets the names of its runs."""
    count = Counter(group[0].manifest.title for group in groups)

    def named(run: Run, group: Sequence[Run]) -> Run:
        names = ", ".join(one.name for one in group)
        title = f"{run.manifest.title}: {names}"
        return Run(run.name, replace(run.manifest, title=title))

    return [
        [named(run, group) if count[run.manifest.title] > 1 else run for run in group]
        for group in groups
    ]


def _rule(manifest: Manifest) -> dict[str, float]:
    """How a run compared its trackers."""
    if manifest.statistics is None:
        return asdict(rule_of(manifest))
    said = read_json(manifest.statistics)
    keys = ("margin", "draws", "seed")
    if not isinstance(said, dict) or not all(isinstance(said.get(k), int | float) for k in keys):
        raise InputError(
            f"{manifest.statistics}: expected margin, draws and seed as `chromatrack statistics` "
            "writes them"
        )
    return {key: said[key] for key in keys}


def _counted(manifest: Manifest, folder: Path, rule: dict[str, float]) -> Manifest:
    """With statistics and table over all its seeds, never averaged from those of the parts."""
    folder.mkdir()
    statistics, summary = (folder / name for name in COUNTED)
    said = run_statistics(manifest, statistics, **rule)
    summarize(manifest, said, summary)
    return replace(manifest, statistics=statistics, summary_csv=summary)


def keep_beside(output: Path, folder: Path, number: int | None = None) -> list[Path]:
    """Copy what was counted beside the page: report-statistics.json, report-summary.csv.

    Args:
        number: of the run on the page, where there are several.
    """
    written = []
    for name in COUNTED:
        told = name if number is None else f"{number}-{name}"
        path = output.with_name(f"{output.stem}-{told}")
        with whole_file(path) as part:
            shutil.copyfile(folder / name, part)
        written.append(path)
    return written
