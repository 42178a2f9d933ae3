"""Exported networks: one ONNX file with the graph, the weights and what a tracker has to know.

The graph is the whole tracker network. Its inputs are patches, float32, channels first, scaled as
`scaling` says (`models/inputs.py`), of T targets with S search patches each:

    exemplar_rgb         (T, 3, 127, 127)       exemplar_auxiliary   (T, 1 or 3, 127, 127)
    search_rgb           (T, S, 3, 255, 255)    search_auxiliary     (T, S, 1 or 3, 255, 255)
    alpha                (1 or T, 1, 1, 1) weight of the auxiliary; that of the checkpoint, if none
    units                (2, 2) factor and offset of each branch's map; see `FusedNetwork`

and its outputs `response` (T, S, n, n), of a combined network also `siamfc_map` and
`auxiliary_map`. An exemplar is embedded once and searched for often: the values `siamfc_exemplar`,
`siamfc_search`, `auxiliary_exemplar` and `auxiliary_search` are where the graph is cut for that.

Its metadata has one key, `chromatrack`: JSON with format, kind, scaling, alpha, statistics,
sizes, network, tracker, made_by and the digest of the graph. It is read as numbers and names;
nothing of the file is run but operators of the ONNX standard.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromatrack import graphs
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, whole_file
from chromatrack.models.inputs import InputScaling

FORMAT = "chromatrack-onnx/1"
KEY = "chromatrack"
SUFFIX = ".onnx"
BRANCHES = ("siamfc", "auxiliary")
INPUT_OF = {"siamfc": "rgb", "auxiliary": "auxiliary"}
"""Branch -> what its inputs are called."""


@dataclass(frozen=True)
class Exported:
    """An exported network in memory.

    Attributes:
        kind: siamfc or fused.
        scaling: how pixels become numbers.
        alpha: weight of the auxiliary; None for SiamFC alone.
        statistics: mean and deviation of the score map of each branch; None: not normalised.
        made_by: JSON text of `files.made_by`.
        model: the onnx.ModelProto.
    """

    path: Path
    kind: str
    scaling: InputScaling
    alpha: float | None
    statistics: tuple[tuple[float, float], ...] | None
    made_by: str
    model: Any


def is_exported(path: str | Path) -> bool:
    """Whether a file is to be read as an exported network: its suffix says so."""
    return Path(path).suffix.lower() == SUFFIX


def save_exported(path: Path, model: Any, **about: Any) -> None:
    """Write a model with what a tracker has to know, whole or not at all.

    Args:
        model: the onnx.ModelProto; it is given its metadata.
        about: kind, scaling, alpha, statistics, sizes, network, tracker, made_by.
    """
    import onnx

    told = {"format": FORMAT, **about, "graph": graphs.digest(model)}
    onnx.helper.set_model_props(model, {KEY: canonical_json(told)})
    with whole_file(path) as part:
        part.write_bytes(model.SerializeToString(deterministic=True))


def load_exported(path: str | Path) -> Exported:
    """Read what `save_exported` wrote; anything else is an `InputError` of one sentence."""
    model = graphs.read_model(Path(path))
    texts = [one.value for one in model.metadata_props if one.key == KEY]
    if not texts:
        raise InputError(
            f"{path}: an ONNX file of another program; expected one that `chromatrack export` wrote"
        )
    try:
        about = json.loads(texts[0])
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']!r}")
        found = _checked(Path(path), about, model)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged exported network ({_said(error)})") from None
    if about.get("graph") != graphs.digest(model):
        raise InputError(f"{path}: damaged exported network (its graph is not the one it had)")
    graphs.check(found.path, model)
    _check_values(found)
    return found


def _checked(path: Path, about: dict[str, Any], model: Any) -> Exported:
    """Metadata as what it has to be.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    kind, alpha = about["kind"], about["alpha"]
    if kind not in ("siamfc", "fused"):
        raise ValueError(f"kind: expected siamfc or fused, got {kind!r}")
    if (kind == "siamfc") != (alpha is None):
        raise ValueError(f"alpha: got {alpha!r} for a network of kind {kind}")
    if alpha is not None and not 0 <= _number("alpha", alpha) <= 1:
        raise ValueError(f"alpha: expected 0 to 1, got {alpha}")
    statistics = about["statistics"]
    if statistics is not None:
        statistics = tuple(
            (_number("mean", mean), _number("deviation", deviation))
            for mean, deviation in statistics
        )
        if len(statistics) != 2 or min(deviation for _, deviation in statistics) <= 0:
            raise ValueError("statistics: expected mean and deviation of two branches")
    return Exported(
        path=path,
        kind=kind,
        scaling=_scaling(about["scaling"]),
        alpha=alpha,
        statistics=statistics,
        made_by=canonical_json(about["made_by"]),
        model=model,
    )


def _scaling(given: dict[str, Any]) -> InputScaling:
    """Values of the kinds that its fields have."""
    fields, found = InputScaling().as_dict(), {}
    for key, value in given.items():
        usual = fields.get(key)
        if isinstance(usual, float):
            value = _number(key, value)
        elif isinstance(usual, tuple):
            value = tuple(_number(key, one) for one in value)
            if len(value) != len(usual):
                raise ValueError(f"{key}: expected {len(usual)} numbers, got {len(value)}")
        elif isinstance(usual, int) and value not in (1, 3):
            raise ValueError(f"{key}: expected 1 or 3, got {value!r}")
        elif isinstance(usual, str) and not isinstance(value, str):
            raise ValueError(f"{key}: expected text, got {value!r}")
        found[key] = value
    return InputScaling(**found)


def _number(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{what}: expected a number, got {value!r}")
    return float(value)


def _check_values(found: Exported) -> None:
    """The usual names are there."""
    graph = found.model.graph
    named = {value.name for value in (*graph.input, *graph.output, *graph.value_info)}
    for branch in BRANCHES[: 1 if found.kind == "siamfc" else 2]:
        inputs = INPUT_OF[branch]
        expected = {f"exemplar_{inputs}", f"search_{inputs}", f"{branch}_exemplar",
                    f"{branch}_search", "response"}  # fmt: skip
        if not expected <= named:
            missing = min(expected - named)
            raise InputError(f"{found.path}: damaged exported network (it has no {missing})")


def _said(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
