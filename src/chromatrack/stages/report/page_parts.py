"""The parts of the page that a run has: sentences, tables, pictures, and data for its scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from chromatrack import published
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import read_json
from chromatrack.reporting.label_analysis import read_label_analysis
from chromatrack.reporting.manifest import Evaluated, Manifest
from chromatrack.reporting.page import benchmarks, clips, made, thesis
from chromatrack.reporting.page.comparisons import comparisons
from chromatrack.reporting.page.contrasts import contrasts
from chromatrack.reporting.page.data import run_data
from chromatrack.reporting.page.experiments import experiments
from chromatrack.reporting.page.pictures import shown
from chromatrack.reporting.page.tuned import tuned
from chromatrack.reporting.scores import Reader, mean_over_seeds, read_evaluation
from chromatrack.reporting.sentences import beside
from chromatrack.reporting.tables import Table
from chromatrack.stages.report.ledgers import clip_tables
from chromatrack.stages.report.page_files import (
    headline_measures,
    read_keys,
    read_statistics,
    read_summary,
)

Part = tuple[str, str, Table]
"""Anchor, heading, table."""
Verdict = tuple[str, str, list[str]]
"""A sentence, what it is beside its controls in short, and a sentence for each of them."""
EXPERIMENT = "Video colorization as a second backbone beside the SiamFC tracker"
RESULTS = "Results of trackers, scored alike"
"""What a page is about."""


def page_run(manifest: Manifest) -> dict[str, Any]:
    """What the template shows of a run; `data` is what its scripts read.

    Raises:
        InputError: a listed file is missing or does not hold what its writer puts there.
    """
    said = read_statistics(manifest.statistics) if manifest.statistics else {}
    told = [(one["claim"], _verdict(one)) for one in said.get("experiments", {}).values()]
    compared = said.get("comparisons", {})
    read = cache(read_evaluation)  # several parts show the same scores
    data = run_data(manifest, said, read)
    analysis = read_label_analysis(manifest.label_analysis) if manifest.label_analysis else None
    masks = [one for one in manifest.evaluations if sets.get(one.benchmark).gives == "masks"]
    kept = _kept(manifest)
    run = {
        "title": manifest.title,
        "heading": manifest.heading,
        "about": RESULTS if compared else EXPERIMENT,
        "synthetic": manifest.synthetic,
        "cut": manifest.cut,
        "headline": said.get("headline", ""),
        "verdicts": [*(one for claim, one in told if claim), *_beside(compared)],
        "others": [one for claim, one in told if not claim],
        "gain": _gain_caption(data),
        "curves": [{**one, "caption": _curve_caption(one)} for one in data.get("curves", ())],
        "attributes": _attributes_caption(data),
        "sequences": _sequences_note(data) if data.get("sequences") else "",
        "tables_before": _summary(manifest, said, read),
        "tables_after": [
            _benchmark(one, manifest, read) for one in manifest.evaluations if one not in masks
        ] + _thesis(manifest, said, read),
        "tables_masks": [_benchmark(one, manifest, read) for one in masks] + _score_maps(manifest),
        "contrasts": contrasts(masks, read),
        "learning": [f"Learning curves: {one['group']}" for one in data["learning"]],
        "pictures": [shown(p.caption, p.png) for p in manifest.pictures],
        "analysis": analysis,
        "analysis_figures": [
            shown(p.caption, p.png) for p in (analysis.figures if analysis else ())
        ],
        "centroids": bool(data.get("centroids")),
        "notes": manifest.notes,
        "made": _made(manifest),
        "config": manifest.config,
        "data": {"main": data, **kept},
    }  # fmt: skip
    run["network"] = any(
        run[key] for key in ("tables_masks", "contrasts", "learning", "pictures")
    ) or any(kept.get(kind) for kind in ("masks", "similarity"))
    return {**run, "contents": _contents(run)}


def _kept(manifest: Manifest) -> dict[str, Any]:
    """What the viewers read; masks apart, for theirs is another part of the page."""
    found = {}
    if manifest.strips is not None:
        found["strips"] = read_keys(manifest.strips, ("sequences",))
        found["masks"] = found["strips"].pop("masks", [])
    if manifest.maps is not None:
        found["maps"] = read_keys(manifest.maps, ("sequences",))
    if manifest.similarity is not None:
        found["similarity"] = read_json(manifest.similarity)
    return found


def _contents(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    parts = [
        *((anchor, heading) for anchor, heading, _ in run["tables_before"]),
        ("plots", "Curves") if run["curves"] or run["attributes"] else None,
        ("sequences", "Sequences") if run["sequences"] else None,
        *((anchor, heading) for anchor, heading, _ in run["tables_after"]),
        ("network", "Is the network right?") if run["network"] else None,
        ("analysis", "Colour labels") if run["analysis"] else None,
        ("made", "How was it made?"),
    ]
    return [part for part in parts if part]


# Captions


def _gain_caption(data: Mapping[str, Any]) -> str:
    """Empty where there is no gain to draw."""
    if not any(one["kind"] == "experiment" and one["difference"] for one in data["trackers"]):
        return ""
    crosses = " Crosses on dotted lines: the thesis on OTB2015, other data and training."
    return (
        "Difference to the SiamFC baseline, target by target; shaded: 95 % interval. Diamond: "
        "the α that the verdict is about." + crosses * bool(data["published"])
    )


def _curve_caption(curve: Mapping[str, Any]) -> str:
    bands = " A kept tracker has its 95 % interval over targets." if curve.get("bands") else ""
    return (
        f"{capital(curve['y'])} over {curve['x']}. The mouse on a curve tells whose it is and the "
        f"measure, in brackets.{bands}"
    )


def _attributes_caption(data: Mapping[str, Any]) -> str:
    found = data.get("attributes")
    if not found:
        return ""
    pairs = zip(found["names"], found["meanings"], strict=True)
    meant = "; ".join(f"{name} {text}" if name != text else name for name, text in pairs)
    lines = " Lines: the thesis's Table 5.7." if found["published"] else ""
    return f"{capital(data['measure']['title'])} over the targets that show it. {meant}.{lines}"


def _sequences_note(data: Mapping[str, Any]) -> str:
    title, unit = data["measure"]["title"], data["sequences"]["unit"]
    several = any(one["seeds"] > 1 for one in data["trackers"])
    means = ", means over seeds" if several else ""
    shown = " Frames and boxes are those of the first seed." if several else ""
    return (
        f"{capital(title)} of each {unit}{means}. Choose two trackers to compare; a click on a "
        f"head sorts, a click on a name opens its frames.{shown}"
    )


def capital(text: str) -> str:
    """With a capital first letter; the others as they are."""
    return text[:1].upper() + text[1:]


def _verdict(one: Mapping[str, Any]) -> Verdict:
    return one["verdict_sentence"], one["controls_in_short"], one["beside_controls"]


def _beside(compared: Mapping[str, Any]) -> list[Verdict]:
    told = compared.get("comparisons", {})
    return [(beside(name, one, compared), "", []) for name, one in told.items()]


# Tables


def _summary(manifest: Manifest, said: Mapping[str, Any], read: Reader) -> list[Part]:
    parts: list[Part] = []
    compared = said.get("comparisons", {})
    if manifest.summary_csv is not None and manifest.rows:
        measures = headline_measures(manifest, read)
        table, baseline = read_summary(manifest, measures), compared.get("baseline")
        parts.append(("summary", "Trackers", benchmarks.summary(table, measures, baseline)))
    if compared.get("comparisons"):
        parts.append(("comparisons", "Comparisons", comparisons(compared)))
    if said.get("experiments"):
        parts.append(("experiments", "Experiments", experiments(said)))
    return parts


def _thesis(manifest: Manifest, said: Mapping[str, Any], read: Reader) -> list[Part]:
    if not manifest.rows:
        return []
    first = read(manifest.rows[0].evaluation)
    if first["benchmark"] != published.BENCHMARK:
        return []
    means = mean_over_seeds(manifest.rows, read)
    parts = []
    if any(mean.tracker is None for mean in means):
        table = thesis.beside_the_thesis(means, manifest.experiments)
        parts.append(("thesis", "Beside the thesis", table))
    if any(mean.attributes for mean in means):
        told = said.get("experiments", {})
        alphas = {name: one["chosen"]["alpha"] for name, one in told.items()}
        parts.append(("attributes", "By attribute", thesis.attributes(means, alphas)))
    return parts


def _score_maps(manifest: Manifest) -> list[Part]:
    if not manifest.score_statistics:
        return []
    keys = ("siamfc", "auxiliary", "pairs", "thesis")
    found = {name: read_keys(path, keys) for name, path in manifest.score_statistics.items()}
    return [("scores", "Score maps", thesis.score_statistics(found))]


def _benchmark(evaluated: Evaluated, manifest: Manifest, read: Reader) -> Part:
    benchmark = sets.get(evaluated.benchmark)
    entries = {title: read(path) for title, path in evaluated.trackers.items()}
    usual = evaluated.protocol == benchmark.protocols[0]
    heading = benchmark.title if usual else f"{benchmark.title}, {evaluated.protocol.upper()}"
    heading += ", synthetic" if manifest.synthetic else ""
    anchor = f"{evaluated.benchmark}-{evaluated.protocol}"
    table = benchmarks.evaluations(entries, benchmark)
    here = f"Here: {manifest.extent(next(iter(entries.values())))}." if entries else ""
    return anchor, heading, replace(table, note=" ".join(filter(None, (here, table.note))))


def _made(manifest: Manifest) -> list[tuple[str, Table]]:
    parts = []
    if manifest.config is not None:
        parts.append(("What differs from the thesis", made.differences(manifest.differences)))
    parts += clip_tables(manifest.ledgers)
    if manifest.lab_statistics is not None:
        lab = read_keys(manifest.lab_statistics, ("mean", "std", "frames"))
        if len(lab["mean"]) != 3 or len(lab["std"]) != 3:
            raise InputError(f"{manifest.lab_statistics}: expected three values of mean and std")
        parts.append(("Colour statistics", clips.lab_statistics(lab)))
    weights = made.weights(manifest)
    if weights is not None:
        parts.append(("Digests of the weights", weights))
    if manifest.tuned:
        parts.append(("Settings searched", tuned(manifest.tuned)))
    used = made.usage(manifest.usage) if manifest.usage else None
    if used is not None:
        parts.append(("Time and memory", used))
    commands = made.commands(manifest)
    if commands is not None:
        parts.append(("Commands", commands))
    return parts
