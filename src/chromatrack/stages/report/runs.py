"""`chromatrack report`: a page of finished runs, wherever they lie, or of folders of results."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.files import read_json, write_json
from chromatrack.reporting.joining import alike, joined, moved
from chromatrack.reporting.manifest import OWN, Manifest, Row, read_manifest
from chromatrack.stages.evaluation.compare import compare
from chromatrack.stages.evaluation.statistics import compare_results
from chromatrack.stages.report.page import make_page
from chromatrack.stages.report.statistics import run_statistics
from chromatrack.stages.report.strips import Results, box_strips, write_strips
from chromatrack.stages.report.summary import summarize

MANIFEST = Path("report", "manifest.json")
VERDICTS = {
    "helps": "better",
    "does not help": "not better",
    "cannot be told": "which is better cannot be told",
}
"""Of trackers that are no experiment."""


def report_runs(runs: Sequence[Path], output: Path) -> list[str]:
    """Write a page of runs: those that differ in their seeds alone as one, others one by one.

    Args:
        runs: folders such as results/demo, or their manifests; wherever they were copied to.

    Returns:
        What the page has, a sentence for each run.

    Raises:
        InputError: a run is not there or not finished, or two runs contradict each other.
    """
    folders = [path.parents[1] if path.is_file() else path for path in runs]
    twice = [path for path, n in Counter(f.resolve() for f in folders).items() if n > 1]
    if twice:
        raise InputError(f"{twice[0]}: the run is given twice")
    manifests = [open_run(folder) for folder in folders]
    shown, told = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for group in alike(manifests):
            names = [str(folders[number]) for number in group]
            if len(group) == 1:
                shown.append(manifests[group[0]])
                told.append(f"{names[0]}: {shown[-1].heading}")
                continue
            one = joined([manifests[number] for number in group], names, _same_scores)
            shown.append(_counted_anew(one, Path(scratch) / str(len(shown))))
            told.append(f"{', '.join(names)}: joined, {one.heading}")
        make_page(_told_apart(shown, told), output)
    return told


def open_run(folder: Path) -> Manifest:
    """The manifest of a run, with its paths where the run lies now.

    Raises:
        InputError: there is no run, it is not finished, or it was made by another version.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise InputError(f"{folder}: expected the folder of a run, such as results/demo")
    if not path.is_file():
        raise InputError(f"{path}: no such file; the run is not finished, or is none")
    manifest = read_manifest(path)
    run = (yaml.safe_load(manifest.config or "") or {}).get("run")
    old = Path("results", str(run))

    def place(given: Path) -> Path:
        return folder / given.relative_to(old) if given.is_relative_to(old) else given

    return moved(manifest, place)


def _same_scores(first: Path, second: Path) -> bool:
    """Whether two scores.json are about the same results."""
    one, other = read_json(first), read_json(second)
    return all(one.get(key) == other.get(key) for key in ("measures", "targets", "frames"))


def _counted_anew(manifest: Manifest, folder: Path) -> Manifest:
    """Statistics and table over all seeds, never averaged from those of the parts."""
    if not manifest.rows:
        return manifest
    folder.mkdir()
    rule = read_json(manifest.statistics) if manifest.statistics else {}
    options = {key: rule[key] for key in ("margin", "draws", "seed") if key in rule}
    said = run_statistics(manifest, folder / "statistics.json", **options)
    summarize(manifest, said, folder / "summary.csv")
    return replace(
        manifest, statistics=folder / "statistics.json", summary_csv=folder / "summary.csv"
    )


def _told_apart(manifests: list[Manifest], told: list[str]) -> list[Manifest]:
    """Titles that occur twice with what the run is."""
    count = Counter(one.title for one in manifests)
    return [
        replace(one, title=f"{one.title} ({text.partition(': ')[0]})")
        if count[one.title] > 1
        else one
        for one, text in zip(manifests, told, strict=True)
    ]


def report_results(
    benchmark: Benchmark,
    selection: Selection,
    results: Sequence[Path],
    output: Path,
    *,
    names: Sequence[str] | None = None,
    subset: bool = False,
) -> list[str]:
    """Write a page of folders of results, each compared with the first of them.

    Returns:
        The comparisons, a sentence each.

    Raises:
        InputError: results are missing or do not fit the annotations.
    """
    scores, errors = compare(benchmark, selection, results, names=names, subset=subset)
    if errors:
        name, error = next(iter(errors.items()))
        raise InputError(f"{name}: {error}")
    folders = dict(zip(scores, results, strict=True))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = []
        for number, (name, one) in enumerate(scores.items()):
            path = folder / f"{number}.json"
            write_json(path, one)
            rows.append(Row(name, OWN, None, None, path))
        title = f"{benchmark.title}: {', '.join(scores)}"
        manifest = Manifest(title=title, cut=_cut(selection), rows=tuple(rows))
        said = run_statistics(manifest, folder / "statistics.json")
        summarize(manifest, said, folder / "summary.csv")
        told = _comparisons(benchmark, selection, results, list(scores), subset)
        write_json(folder / "statistics.json", said | {"comparisons": told})
        strips = None
        if benchmark.gives == "boxes" and all("overlaps" in one for one in scores.values()):
            strips = folder / "strips.json"
            _strips(benchmark, selection, folders, scores, strips, subset)
        whole = replace(
            manifest,
            statistics=folder / "statistics.json",
            summary_csv=folder / "summary.csv",
            strips=strips,
        )
        make_page(whole, output)
    return told


def _cut(selection: Selection) -> str | None:
    frames = selection.max_frames
    return f"first {frames} frames of each sequence" if frames else None


def _comparisons(
    benchmark: Benchmark,
    selection: Selection,
    results: Sequence[Path],
    names: list[str],
    subset: bool,
) -> list[str]:
    """What `chromatrack compare` says, in words."""
    if len(results) < 2:
        return []
    table, _ = compare_results(benchmark, selection, results, names=names, subset=subset)
    measure, unit = table["measure"], table["unit"]
    sentences = []
    for name, row in table["comparisons"].items():
        difference = row["difference"]
        low, high = difference["low"], difference["high"]
        interval = "" if low is None else f" [{low:+.3f}, {high:+.3f}]"
        holm = "" if row["holm_p"] is None else f", p = {row['holm_p']:.3f} by Holm"
        sentences.append(
            f"{name} beside {table['baseline']}: {measure['title']} {difference['mean']:+.3f}"
            f"{interval}{holm} over {row['targets']} {unit}s: {VERDICTS[row['verdict']]}."
        )
    return sentences


def _strips(
    benchmark: Benchmark,
    selection: Selection,
    folders: Mapping[str, Path],
    scores: Mapping[str, Mapping[str, Any]],
    output: Path,
    subset: bool,
) -> None:
    """Boxes and overlaps of each target; pictures where the frames are there."""
    try:
        targets = benchmark.sequences(selection)
    except InputError:  # annotations alone
        truth = benchmark.truth(selection, subset=subset)
        cut = selection.max_frames
        targets = [Target(name, (), boxes[:cut]) for name, boxes in truth.items()]
    scored = set(next(iter(scores.values()))["overlaps"])
    found = box_strips(
        [target for target in targets if target.name in scored],
        {name: Results(folders[name], scores[name]) for name in scores},
        baseline=next(iter(scores)),
    )
    write_strips(
        output, benchmark=benchmark.name, seed=None, trackers=list(scores), sequences=found,
        masks=[],
    )  # fmt: skip
