"""All that the scripts of a page read of a run: a mapping that becomes JSON, once."""

from __future__ import annotations

from typing import Any

from chromatrack.evaluation.measures import Measure
from chromatrack.evaluation.scores import unit_key
from chromatrack.files import read_json
from chromatrack.reporting.manifest import Manifest
from chromatrack.reporting.page import plots
from chromatrack.reporting.page.sequences import sequence_table
from chromatrack.reporting.page.trackers import experiment_list, tracker_list
from chromatrack.reporting.per_target import read_scored
from chromatrack.reporting.scores import Reader, experiments_of, mean_over_seeds


def run_data(manifest: Manifest, said: dict[str, Any], read: Reader) -> dict[str, Any]:
    """What plots and viewers of a run show; parts that the run has not are left out.

    Args:
        said: what `chromatrack statistics` found; may be empty.

    Raises:
        InputError: a listed file is missing or does not hold what its writer puts there.
    """
    data: dict[str, Any] = {"heading": manifest.heading, "trackers": [], "experiments": []}
    if manifest.rows:
        data |= _scores(manifest, said, read)
    data["learning"] = plots.learning(manifest, data["trackers"])
    if manifest.label_analysis is not None:
        data["centroids"] = plots.centroids(read_json(manifest.label_analysis))
    return data


def _scores(manifest: Manifest, said: dict[str, Any], read: Reader) -> dict[str, Any]:
    means = mean_over_seeds(manifest.rows, read)
    first = read(manifest.rows[0].evaluation)
    # Target by target, where the benchmark tells it.
    scored = read_scored(manifest.rows, read) if unit_key(first["unit"]) in first else None
    names = experiments_of(means)
    ranked = next(iter(first["measures"].values()))
    measure = scored.measure if scored else Measure.from_declared(ranked)
    data = {
        "benchmark": first["benchmark"],
        "measure": measure.declared(),
        "trackers": tracker_list(manifest, means, said),
        "experiments": experiment_list(manifest, names, said),
        "curves": plots.curves(means, first, scored),
        "published": plots.published_gain(first["benchmark"], names),
        "attributes": plots.attributes(means, first["benchmark"]),
    }
    if scored is not None:
        data["sequences"] = sequence_table(scored, means)
    return data
