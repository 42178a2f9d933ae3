"""One HTML page that shows a run and needs no other file."""

from __future__ import annotations

import base64
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from chromatrack import __version__
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.measures import Measure
from chromatrack.fetch.tally import Fate
from chromatrack.files import read_json, write_text
from chromatrack.reporting import published, tables
from chromatrack.reporting.label_analysis import read_label_analysis
from chromatrack.reporting.manifest import Evaluated, Manifest
from chromatrack.reporting.per_target import first_measure
from chromatrack.reporting.scores import mean_over_seeds, read_evaluation
from chromatrack.reporting.tables import Table
from chromatrack.stages.report.summary import BEFORE, BESIDE

PACKAGES = (
    "torch", "torchvision", "numpy", "opencv-contrib-python-headless", "matplotlib", "pandas",
)  # fmt: skip
"""Whose versions the page names."""


def make_page(manifest: Manifest, output: str | Path) -> None:
    """Write the page; plots and pictures are inlined, labels are escaped.

    Raises:
        InputError: a listed file is missing or does not hold what its writer puts there.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chromatrack.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    analysis = read_label_analysis(manifest.label_analysis) if manifest.label_analysis else None
    headline, verdicts, others = _verdicts(manifest)
    text = environment.get_template("page.html").render(
        title=manifest.title,
        synthetic=manifest.synthetic,
        cut=manifest.cut,
        notes=manifest.notes,
        headline=headline,
        verdicts=verdicts,
        others=others,
        sections=_sections(manifest),
        analysis=analysis,
        analysis_figures=[
            (picture.caption, _data_uri(picture.png, "image/png"))
            for picture in (analysis.figures if analysis else ())
        ],
        figures=[
            (figure.title, figure.caption, _data_uri(figure.svg, "image/svg+xml"))
            for figure in manifest.figures
        ],
        pictures=[
            (picture.caption, _data_uri(picture.png, "image/png")) for picture in manifest.pictures
        ],
        config=manifest.config,
        versions=_versions(),
    )
    write_text(output, text)


def _sections(manifest: Manifest) -> list[tuple[str, str, Table]]:
    """(anchor, heading, table) of each part that the manifest has."""
    sections = []
    if manifest.summary_csv is not None and manifest.rows:
        measures = _headline(manifest)
        table = _read_summary(manifest, measures)
        sections.append(("summary", "Trackers", tables.summary(table, measures)))
    if manifest.statistics is not None:
        said = _read_keys(manifest.statistics, ("experiments", "margin"))
        if said["experiments"]:
            sections.append(("experiments", "Experiments", tables.experiments(said)))
    if manifest.rows:
        means = mean_over_seeds(manifest.rows)
        if read_evaluation(manifest.rows[0].evaluation)["benchmark"] == published.BENCHMARK:
            beside = tables.beside_the_thesis(means, manifest.experiments)
            sections.append(("thesis", "Beside the thesis", beside))
        if any(mean.attributes for mean in means):
            sections.append(("attributes", "By attribute", tables.attributes(means)))
    for evaluated in manifest.evaluations:
        sections.append(_benchmark_section(evaluated))
    if manifest.ledgers:
        fates = _fates(manifest)
        sections.append(("clips", "Clips", tables.ledger(fates)))
        if any(fate.failed for fate in fates):
            sections.append(("missing", "Missing clips", tables.missing_clips(fates)))
    if manifest.lab_statistics is not None:
        lab = _read_keys(manifest.lab_statistics, ("mean", "std", "frames"))
        if len(lab["mean"]) != 3 or len(lab["std"]) != 3:
            raise InputError(f"{manifest.lab_statistics}: expected three values of mean and std")
        sections.append(("lab", "Colour statistics", tables.lab_statistics(lab)))
    if manifest.score_statistics:
        keys = ("siamfc", "auxiliary", "pairs")
        scores = _read(manifest.score_statistics, keys)
        sections.append(("scores", "Score maps", tables.score_statistics(scores)))
    return sections


def _verdicts(manifest: Manifest) -> tuple[str, list[str], list[str]]:
    """The answer of the run, empty where nothing asks for one; and what is told of experiments:
    those that the answer is about, and the others."""
    if manifest.statistics is None:
        return "", [], []
    said = _read_keys(manifest.statistics, ("headline", "experiments"))
    told = [(one["claim"], one["sentence"]) for one in said["experiments"].values()]
    return (
        said["headline"],
        [text for claim, text in told if claim],
        [text for claim, text in told if not claim],
    )


def _headline(manifest: Manifest) -> dict[str, Measure]:
    """The measures of the summary table: the one that is compared, and the others."""
    path = manifest.rows[0].evaluation
    first = read_evaluation(path)
    compared = first_measure(first, path)
    found = {compared.key: compared}
    for key in first["headline"]:
        told = first["measures"][key]
        declared = {part: value for part, value in told.items() if part != "value"}
        found[key] = Measure.from_declared(declared)
    return found


def _benchmark_section(evaluated: Evaluated) -> tuple[str, str, Table]:
    benchmark = sets.get(evaluated.benchmark)
    entries = {title: read_evaluation(path) for title, path in evaluated.trackers.items()}
    usual = evaluated.protocol == benchmark.protocols[0]
    heading = benchmark.title if usual else f"{benchmark.title}, {evaluated.protocol.upper()}"
    anchor = f"{evaluated.benchmark}-{evaluated.protocol}"
    return anchor, heading, tables.evaluations(entries, benchmark)


def _read_summary(manifest: Manifest, measures: Mapping[str, Measure]) -> pd.DataFrame:
    try:
        # What looks like a number or like "nan" in a name stays the text that it is.
        text = dict.fromkeys((*BEFORE, "weights", "configuration"), str)
        first = next(iter(measures))
        numbers = (*measures, f"{first}_low", f"{first}_high", *BESIDE)
        table = pd.read_csv(
            manifest.summary_csv,
            dtype=text,
            keep_default_na=False,
            na_values={column: [""] for column in numbers},
        )
    except OSError as error:
        raise InputError(f"{manifest.summary_csv}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{manifest.summary_csv}: not a summary table ({error})") from None
    wanted = (*BEFORE, *numbers)
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise InputError(f"{manifest.summary_csv}: expected a column {missing[0]!r}, found none")
    return table


def _read(paths: Mapping[str, Path], keys: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return {name: _read_keys(path, keys) for name, path in paths.items()}


def _read_keys(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    value = read_json(path)
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise InputError(f"{path}: expected the key {key!r}, found none")
    return value


def _fates(manifest: Manifest) -> list[Fate]:
    fates: list[Fate] = []
    for path in manifest.ledgers:
        try:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise InputError(f"{path}: not a ledger ({error})") from None
        for column in ("label", "status", "permanent"):
            if column not in table.columns:
                raise InputError(f"{path}: expected a column {column!r}, found none")
        rows = zip(table["label"], table["status"], table["permanent"] == "True", strict=True)
        fates += [Fate(label, status, bool(permanent)) for label, status, permanent in rows]
    return fates


def _data_uri(path: Path, kind: str) -> str:
    """A file as an address that holds it; a browser runs no script of an SVG shown this way."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _versions() -> list[tuple[str, str]]:
    found = [("chromatrack", __version__), ("Python", platform.python_version())]
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
