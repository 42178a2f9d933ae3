"""The files that a page is made of, read with a sentence where they are not what they should be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from chromatrack.errors import InputError, in_one_line
from chromatrack.evaluation.measures import Measure
from chromatrack.files import read_json
from chromatrack.reporting.manifest import Manifest
from chromatrack.reporting.per_target import first_measure
from chromatrack.reporting.scores import Reader
from chromatrack.stages.report.summary import BEFORE, BESIDE


def headline_measures(manifest: Manifest, read: Reader) -> dict[str, Measure]:
    """The measures of the summary table: the one that is compared, and the others."""
    path = manifest.rows[0].evaluation
    first = read(path)
    compared = first_measure(first, path)
    found = {compared.key: compared}
    for key in first["headline"]:
        found[key] = Measure.from_declared(first["measures"][key])
    return found


def read_summary(manifest: Manifest, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """The summary CSV; what looks like a number or like "nan" in a name stays text.

    Raises:
        InputError: it cannot be read, or a column is missing.
    """
    try:
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
        said = in_one_line(error)
        raise InputError(f"{manifest.summary_csv}: not a summary table ({said})") from None
    wanted = (*BEFORE, *numbers)
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise InputError(f"{manifest.summary_csv}: expected a column {missing[0]!r}, found none")
    return table


EXPERIMENT_KEYS = (
    "kind", "claim", "controls", "verdict_sentence", "controls_in_short", "beside_controls",
    "verdict", "chosen", "comparison", "ways", "complementary", "choosing_on_test_gave",
    "best_of_p",
)  # fmt: skip
"""What statistics.json says of each experiment, as far as the page shows it."""


def read_statistics(path: Path) -> dict[str, Any]:
    """What `chromatrack statistics` found.

    Raises:
        InputError: names the key that is missing, as in a file of an older version.
    """
    said = read_keys(path, ("headline", "experiments", "rows", "margin", "level"))
    for key, kind in {"experiments": dict, "rows": list}.items():
        if not isinstance(said[key], kind):
            raise InputError(f"{path}: {key}: expected those that `chromatrack statistics` writes")
    for name, one in said["experiments"].items():
        one = one if isinstance(one, dict) else {}
        missing = [key for key in EXPERIMENT_KEYS if key not in one]
        if missing:
            raise InputError(
                f"{path}: experiments.{name}: expected the key {missing[0]!r}, found none; "
                "`chromatrack statistics` of this version makes the file again"
            )
        for key in ("verdict_sentence", "controls_in_short"):
            if not isinstance(one[key], str):
                raise InputError(f"{path}: experiments.{name}.{key}: expected a sentence")
        listed = one["beside_controls"]
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            raise InputError(f"{path}: experiments.{name}.beside_controls: expected sentences")
    return said


def read_keys(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """A JSON object that has these keys."""
    value = read_json(path)
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise InputError(f"{path}: expected the key {key!r}, found none")
    return value
