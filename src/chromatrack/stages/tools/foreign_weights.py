"""Networks that others trained, as checkpoints that all commands take."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chromatrack.checkpoints import load_tensors, save_checkpoint
from chromatrack.errors import InputError
from chromatrack.files import made_by
from chromatrack.models.build import INPUT_CHANNELS, build_colorizer, build_trunk
from chromatrack.models.inputs import InputScaling
from chromatrack.stages.tools.foreign_formats import BEFORE, FORMATS, WRAPPERS, Foreign
from chromatrack.stages.tools.foreign_names import TRANSFORMER, from_mmcv, to_mmcv
from chromatrack.stages.tools.import_weights import (
    check_numbers,
    holds_siamfc,
    import_siamfc_pytorch,
    numpy_values,
)

SIAMFC = "siamfc-pytorch"
KINDS = ("auto", SIAMFC, *FORMATS)


def import_weights(
    kind: str,
    weights: Path,
    output: Path,
    *,
    layer: str | None = None,
    padding: str | None = None,
) -> list[str]:
    """Make a checkpoint out of public weights.

    Args:
        kind: one of `KINDS`; `auto` goes by the names in the file.
        layer: where the trunk is to end; None: where its authors take the features.
        padding: `zeros` or `reflect`; None: as its authors have it.

    Returns:
        Lines that say what was found, mapped and left over.

    Raises:
        InputError: the file holds no weights of that kind, or not all of them.
    """
    if kind == SIAMFC or (kind == "auto" and holds_siamfc(weights)):
        if layer or padding:
            raise InputError("--layer and --padding: SiamFC has one layer and pads nothing")
        import_siamfc_pytorch(weights, output)
        return [f"found: {SIAMFC}"]
    file = _read(weights)
    kind = _kind(file) if kind == "auto" else kind
    foreign = FORMATS[kind]
    if padding and foreign.family is TRANSFORMER:
        raise InputError("--padding: a transformer has no convolutions to pad")
    named = _named(file, foreign)
    description = {
        "trunk": foreign.family.trunk(named.original),
        "head": "none",
        "padding": padding or foreign.padding,
        "input": foreign.input,
        "layer": layer or foreign.layer,
    }
    model = build_colorizer(**description)
    where = f"{weights}: {description['trunk']} of {kind}"
    _fill(model.trunk, named, where, description)
    side = 64 + 2 * model.trunk.margin
    check_numbers(model.eval().trunk, INPUT_CHANNELS[foreign.input], side, where)
    save_checkpoint(
        output,
        kind="colorization",
        network=description,
        scaling=foreign.scaling,
        module=model,
        made_by=made_by(
            "import-weights", settings={"format": kind, **description}, inputs={"weights": weights}
        ),
    )
    return _report(kind, file, named, model.trunk, description)


@dataclass(frozen=True)
class _File:
    """Tensors by name.

    Attributes:
        under: what stood before all of the names: keys of dicts, and `BEFORE`.
        beside: keys of further dicts of weights, which were not taken.
    """

    path: Path
    under: str
    state: dict[str, Tensor]
    beside: tuple[str, ...]


@dataclass(frozen=True)
class _Named:
    """Tensors by public names, those names with what they are in the file, whether it is mmcv's."""

    foreign: Foreign
    tensors: dict[str, Tensor]
    original: dict[str, str]
    mmcv: bool

    def in_file(self, public: str) -> str:
        """What the file calls a part, or would call it."""
        name = to_mmcv(public) if self.mmcv else public
        return self.original.get(public, self.foreign.prefix + name)


def _read(path: Path) -> _File:
    # Beside tensors, trainings keep their arguments, a class that holds values alone.
    content = load_tensors(path, also=(argparse.Namespace, *numpy_values()))
    under, beside = "", []
    while isinstance(content, Mapping) and (key := _wrapper(content)):
        beside += [f"{under}{name}" for name in content if name != key and _is_state(content[name])]
        content, under = content[key], f"{under}{key} > "
    if not _is_state(content):
        raise InputError(f"{path}: expected a state_dict, dense tensors by name{_keys(content)}")
    while before := next((one for one in BEFORE if all(n.startswith(one) for n in content)), None):
        content = {name.removeprefix(before): value for name, value in content.items()}
        under += before
    state = {name: torch.as_tensor(value) for name, value in content.items()}
    return _File(path, under, state, tuple(beside))


def _keys(content: Any) -> str:
    if not isinstance(content, Mapping):
        return f", got a {type(content).__name__}"
    if not content:
        return ", got an empty dict"
    names = ", ".join(repr(key)[:40] for key in list(content)[:5])
    return f", got a dict of {names}" + (" and more" if len(content) > 5 else "")


def _wrapper(content: Mapping) -> str | None:
    return next((key for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)


def _is_state(content: Any) -> bool:
    """Whether it is tensors, or arrays, by name."""
    return (
        isinstance(content, Mapping)
        and len(content) > 0
        and all(isinstance(name, str) for name in content)
        and all(
            isinstance(value, np.ndarray)
            or (
                isinstance(value, Tensor)
                and value.layout is torch.strided
                and not value.is_quantized
            )
            for value in content.values()
        )
    )


def _kind(file: _File) -> str:
    """The format that has most names of its family behind its prefix."""
    counts = {
        kind: sum(
            foreign.family.part.fullmatch(name) is not None
            for name in _named(file, foreign).original
        )
        for kind, foreign in FORMATS.items()
    }
    kind = max(counts, key=lambda kind: counts[kind])
    if not counts[kind]:
        raise InputError(
            f"{file.path}: expected weights of {', '.join(KINDS[1:])}; no name in it is of one of "
            f"them, the first is {next(iter(file.state))!r}"
        )
    alike = [other for other in counts if counts[other] == counts[kind]]
    if len(alike) > 1:
        raise InputError(
            f"{file.path}: its names are those of {' and of '.join(alike)}, which see other "
            "pixels; expected one of them in the place of auto"
        )
    return kind


def _named(file: _File, foreign: Foreign) -> _Named:
    part = foreign.family.part
    inside = {
        name: name.removeprefix(foreign.prefix)
        for name in file.state
        if name.startswith(foreign.prefix)
    }
    mmcv = any(
        part.fullmatch(from_mmcv(name)) and not part.fullmatch(name) for name in inside.values()
    )
    original = {from_mmcv(name) if mmcv else name: whole for whole, name in inside.items()}
    if len(original) < len(inside):
        raise InputError(f"{file.path}: some parts are there twice, in mmcv's names and others")
    tensors = {name: file.state[whole] for name, whole in original.items()}
    if foreign.inflated:
        tensors = {
            name: value.squeeze(2) if value.ndim == 5 and value.shape[2] == 1 else value
            for name, value in tensors.items()
        }
    return _Named(foreign, tensors, original, mmcv)


def _fill(trunk: nn.Module, named: _Named, where: str, description: Mapping[str, str]) -> None:
    """Load the weights, all or none."""
    family = named.foreign.family
    with torch.device("meta"):
        channels = INPUT_CHANNELS[description["input"]]
        whole = build_trunk(description["trunk"], in_channels=channels).state_dict()
    known = {family.public(name) for name in whole}
    own = trunk.state_dict()
    for name, value in own.items():
        public = family.public(name)
        if public in named.tensors:
            own[name] = _checked(named.tensors[public], value, f"{where}: {named.in_file(public)}")
        elif not name.endswith("num_batches_tracked"):  # older files do not count them
            raise InputError(f"{where}: {named.in_file(public)} is missing")
    for public in named.original:
        if family.begins.match(public) and public not in known:
            raise InputError(f"{where}: {named.in_file(public)} is no weight of it")
    trunk.load_state_dict(own)


def _checked(found: Tensor, own: Tensor, where: str) -> Tensor:
    if found.shape != own.shape:
        raise InputError(f"{where} has shape {tuple(found.shape)}, expected {tuple(own.shape)}")
    if own.is_floating_point() and not found.is_floating_point():
        raise InputError(f"{where} holds {found.dtype}, expected real numbers")
    if not found.isfinite().all():
        raise InputError(f"{where} holds a value that is no number")
    return found


def _report(
    kind: str, file: _File, named: _Named, trunk: nn.Module, description: Mapping[str, str]
) -> list[str]:
    """What was found, mapped and left over, and which other dicts of tensors were beside it."""
    foreign = named.foreign
    used = {foreign.family.public(name) for name in trunk.state_dict()}
    mapped = {whole for name, whole in named.original.items() if name in used}
    left = Counter(_group(name, foreign.prefix) for name in file.state if name not in mapped)
    before = (file.under + foreign.prefix).removesuffix(" > ")
    others = f"; not looked at: {', '.join(file.beside)}" if file.beside else ""
    return [
        f"found: {kind}"
        + (f", under {before}" if before else "")
        + ", in mmcv's names" * named.mmcv,
        f"mapped: {len(mapped)} tensors to {description['trunk']} up to {description['layer']}: "
        f"{trunk.out_channels} channels, stride {trunk.stride}, padding {description['padding']}, "
        f"input {_told_input(foreign.scaling)}",
        "left over: "
        + (", ".join(f"{name} ({count})" for name, count in left.items()) or "nothing")
        + others,
    ]


def _told_input(scaling: InputScaling) -> str:
    mean, deviation = scaling.rgb_mean, scaling.rgb_std
    if scaling.grey == "lab":
        mean, deviation = (
            (scaling.grey_mean, *scaling.ab_mean),
            (scaling.grey_std, *scaling.ab_std),
        )
    return f"{scaling.grey} less {_short(mean)} over {_short(deviation)}"


def _group(name: str, prefix: str) -> str:
    """The part of the network that a tensor is of."""
    if name.startswith(prefix):
        return prefix + name.removeprefix(prefix).split(".")[0]
    return name.split(".")[0]


def _short(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)
