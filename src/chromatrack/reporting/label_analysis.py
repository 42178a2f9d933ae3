"""The part of the page that shows the analysis of colour labels (thesis 5.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chromatrack import published
from chromatrack.errors import InputError, in_one_line
from chromatrack.files import read_json
from chromatrack.labels.over_clips import BOOTSTRAP_CLIPS, MEASURES
from chromatrack.reporting.manifest import Picture
from chromatrack.reporting.tables import Line, Table, number

INDEX_KEYS = (
    "clips", "frames", "left_out", "still_percent", "still_levels", "size", "cells",
    "consistency", "times_none", "figures",
)  # fmt: skip


@dataclass(frozen=True)
class LabelAnalysis:
    """A table, what it means, and figures."""

    sentences: tuple[str, ...]
    table: Table
    figures: tuple[Picture, ...]


def read_label_analysis(path: Path) -> LabelAnalysis:
    """Read the index that `chromatrack analyze-labels` writes, and the table beside it.

    Raises:
        InputError: names the file and the key or column that is missing.
    """
    index = read_json(path)
    for key in INDEX_KEYS:
        if not isinstance(index, dict) or key not in index:
            raise InputError(f"{path}: expected the key {key!r}, found none")
    try:
        return LabelAnalysis(
            sentences=_sentences(index),
            table=_table(_read_means(path.parent / index["consistency"]), index),
            figures=tuple(
                Picture(f"{figure['title']}. {figure['caption']}", path.parent / figure["png"])
                for figure in index["figures"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not an index of a label analysis ({error!r})") from None


def _read_means(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{path}: not a table of means ({in_one_line(error)})") from None
    for column in ("equalization", "colours", *MEASURES, "std_l", "mean_b"):
        if column not in table.columns:
            raise InputError(f"{path}: expected a column {column!r}, found none")
    return table


def _sentences(index: Mapping[str, Any]) -> tuple[str, ...]:
    size, cells = index["size"], index["cells"]
    kept = index["still_percent"]["value"]
    definition = (
        f"A region is still between two consecutive kept frames if no pixel of a cell of the "
        f"{cells}x{cells} label grid moved by more than {index['still_levels']} of 255 levels in "
        f"R, G or B before equalisation ({number(kept, 1)} % of the cells here); a label flips if "
        f"it differs between the two frames, for the pixels of such cells ({size}x{size}) or for "
        f"the cells themselves ({cells}x{cells})."
    )
    distances = (
        "Distances are Euclidean, between two of the k centroids of a clip, in 8-bit levels of a "
        "and b. A flip in a still region teaches the network a wrong match (thesis 5.3.2)."
    )
    return (definition, distances, *_verdicts(index["times_none"], index["clips"]))


def _verdicts(comparisons: list[Mapping[str, Any]], clips: int) -> tuple[str, ...]:
    """What equalising each channel, the thesis's way, costs and brings on the data at hand."""
    sentences = []
    for item in comparisons:
        if item["equalization"] != "per_channel":
            continue
        parts = (
            _finding("the closest centroids are", "as far apart", item["smallest_distance"], clips),
            _finding("at full resolution", "as many labels flip", item["flips_pixels"], clips),
            _finding("on the label grid", "as many labels flip", item["flips_cells"], clips),
        )
        told = "; ".join(part for part in parts if part)
        if told:
            sentences.append(
                f"With k = {item['colours']}, equalising each channel, beside equalising none: "
                f"{told}."
            )
    return tuple(sentences)


WIDE = 10.0
"""Ends of an interval that are so many times apart tell no number any more."""


def _finding(where: str, what: str, ratio: Mapping[str, float | None], clips: int) -> str:
    """A ratio in words, by its interval; nothing where there is no ratio."""
    value, low, high = (ratio[key] for key in ("value", "low", "high"))
    if value is None or pd.isna(value):
        return ""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return f"{where} {number(value, 1)} times {what}"
    interval = f"[{number(low, 1)}, {number(high, 1)}]"
    if low > 0 and high / low <= WIDE and not low <= 1 <= high:
        return f"{where} {number(value, 1)} times {interval} {what}"
    if low > 1:
        return (
            f"{where} more than {number(low, 1)} times {what}, how many times cannot be told from "
            f"{clips} clips, {interval}"
        )
    return f"{where} how many times {what} cannot be told from {clips} clips, {interval}"


def _table(means: pd.DataFrame, index: Mapping[str, Any]) -> Table:
    size, cells = index["size"], index["cells"]
    lines = [
        Line((
            str(row["equalization"]), str(row["colours"]),
            *(_with_bounds(row, name) for name in MEASURES),
            number(row["std_l"]), number(row["mean_b"], 4),
        ))
        for row in means.to_dict("records")
    ]  # fmt: skip
    nothing = ("–",) * (len(MEASURES) + 1)
    published_lab = (number(published.LAB["std"][0], 4), number(published.LAB["mean"][2], 4))
    lines.append(Line(("thesis", *nothing, *published_lab), reference=True))
    left_out = f" {index['left_out']} more could not be decoded." if index["left_out"] else ""
    return Table(
        (
            "equalisation", "k", "smallest distance", "mean distance", "inertia per pixel",
            f"flips, {size}x{size} (%)", f"flips, {cells}x{cells} (%)", "std of L", "mean of b",
        ),
        tuple(lines),
        f"Means over {index['clips']} clips ({index['frames']} frames).{left_out} {_about(index)}"
        " Inertia: squared levels. L and b: over all pixels, divided by 255.",
    )  # fmt: skip


def _about(index: Mapping[str, Any]) -> str:
    if index["clips"] < BOOTSTRAP_CLIPS:
        return f"No confidence intervals: they need {BOOTSTRAP_CLIPS} clips."
    return "In brackets: 95 % confidence intervals, percentile bootstrap over clips."


def _with_bounds(row: Mapping[str, Any], name: str) -> str:
    return number(row[name], 1) + _bounds(row.get(f"{name}_low"), row.get(f"{name}_high"))


def _bounds(low: float | None, high: float | None) -> str:
    """` [low, high]`, or nothing where there is no interval."""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return ""
    return f" [{number(low, 1)}, {number(high, 1)}]"
