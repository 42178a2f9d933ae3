"""How a run was made: what differs from the thesis, what each rule took, how to make a table."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.reporting.manifest import Difference, Manifest
from chromatrack.reporting.tables import Line, Table, number

COLUMNS = ("s", "max_rss", "cpu_time")
"""Of Snakemake's `benchmark:` files."""


def differences(found: Sequence[Difference]) -> Table:
    """The keys of the configuration that are not the thesis's."""
    lines = tuple(Line((one.key, one.here, one.thesis)) for one in found)
    note = "Keys whose values are not those of config/thesis.yaml." if lines else (
        "No key differs from config/thesis.yaml."
    )  # fmt: skip
    return Table(("key", "here", "thesis"), lines, note, text_columns=3)


def usage(folder: Path) -> Table | None:
    """Time and memory of each rule, from the files that its jobs left in a folder.

    None where there are none: a page made without Snakemake has none.

    Raises:
        InputError: a file is not one of Snakemake's.
    """
    jobs: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for path in sorted(folder.rglob("*.tsv")):
        rule, *measured = _read(path)
        jobs[rule or path.relative_to(folder).with_suffix("").parts[0]].append(tuple(measured))
    lines = []
    for rule, found in sorted(jobs.items(), key=lambda item: -sum(job[0] for job in item[1])):
        seconds, memory, processor = zip(*found, strict=True)
        lines.append(
            Line((
                rule.replace("_", " "), str(len(found)), number(sum(seconds), 1),
                number(sum(seconds) / len(seconds), 1), number(max(seconds), 1),
                number(sum(processor), 1), number(max(memory), 0),
            ))
        )  # fmt: skip
    if not lines:
        return None
    return Table(
        ("rule", "jobs", "seconds, all", "mean", "longest", "processor seconds", "memory, MB"),
        tuple(lines),
        "Wall time of the jobs, which may have run beside each other; memory: the largest resident "
        "set of a job. A part that was made before with other files shows its last jobs. Jobs are "
        "looked at now and then: of one of a second or two, memory and processor time say little.",
    )


def _read(path: Path) -> tuple[str, float, float, float]:
    """Name of the rule, wall seconds, largest resident set in MB, processor seconds."""
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle, delimiter="\t"))
        values = [_value(rows[-1][key]) for key in COLUMNS]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (KeyError, IndexError, ValueError, TypeError):
        raise InputError(f"{path}: expected a `benchmark:` file of Snakemake") from None
    return rows[-1].get("rule_name") or "", values[0], values[1], values[2]


def _value(text: str) -> float:
    """A number; Snakemake writes NA of a job that was too short to be looked at."""
    return 0.0 if text in ("NA", "-") else float(text)


def weights(manifest: Manifest) -> Table | None:
    """Digests of what each tracker was made with; None where no tracker has weights."""
    lines = []
    for row in manifest.rows:
        made_by = (read_json(row.run).get("made_by") or {}) if row.run is not None else {}
        digest = (made_by.get("inputs") or {}).get("checkpoint")
        if digest:
            seed = "–" if row.seed is None else str(row.seed)
            lines.append(Line((row.tracker, seed, digest[:16])))
    if not lines:
        return None
    return Table(
        ("tracker", "seed", "SHA-256 of its checkpoint"), tuple(lines),
        "The first 16 digits.", text_columns=3,
    )  # fmt: skip


def commands(manifest: Manifest) -> Table | None:
    """The command that makes each table and plot of the page; None for what is of no run."""
    run = manifest.configuration.get("run")
    if run is None:
        return None
    report, snakemake = f"results/{run}/report", f"snakemake --cores 8 results/{run}"
    lines = [("Verdicts, Experiments", f"{snakemake}/report/statistics.json")]
    lines.append(("Trackers", f"{snakemake}/report/otb2015_summary.csv"))
    for one in manifest.evaluations:
        files = f"{snakemake}/evaluation/{one.benchmark}/{one.protocol}/TRACKER/scores.json"
        lines.append((f"{one.benchmark}, {one.protocol}", files))
    lines += [
        ("Tables of the thesis", f"{snakemake}/tables/table-5.3.csv"),
        ("Plots as files", f"chromatrack figures --manifest {report}/manifest.json --output DIR"),
        ("This page", f"chromatrack page --manifest {report}/manifest.json --output FILE.html"),
    ]
    return Table(
        ("part", "command"), tuple(Line(line) for line in lines),
        "With the --configfile options of the run; docs/report.md has the commands without "
        "Snakemake.", text_columns=2,
    )  # fmt: skip
