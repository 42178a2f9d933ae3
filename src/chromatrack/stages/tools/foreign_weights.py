"""ResNets that others trained, as checkpoints that all commands take."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from chromatrack.checkpoints import load_tensors, save_checkpoint
from chromatrack.errors import InputError
from chromatrack.files import made_by
from chromatrack.models.build import build_colorizer
from chromatrack.stages.tools.foreign_formats import (
    FORMATS,
    WRAPPERS,
    from_mmcv,
    from_trunk,
    in_trunk,
    is_part,
    to_mmcv,
)
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch

SIAMFC = "siamfc-pytorch"
KINDS = ("auto", SIAMFC, *FORMATS)

# Beside tensors, training scripts store their arguments and losses: classes that hold numbers.
HARMLESS = [
    argparse.Namespace,
    np.dtype,
    type(np.dtype(np.float32)),
    type(np.dtype(np.float64)),
    type(np.dtype(np.int64)),
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),
    (np._core.multiarray.scalar, "numpy._core.multiarray.scalar"),
]


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
    file = None if kind == SIAMFC else _read(weights)
    if kind == SIAMFC or (kind == "auto" and "backbone.conv1.0.weight" in file.state):
        if layer or padding:
            raise InputError("--layer and --padding: SiamFC has one layer and pads nothing")
        import_siamfc_pytorch(weights, output)
        return [f"found: {SIAMFC}"]
    kind = _kind(file) if kind == "auto" else kind
    foreign = FORMATS[kind]
    named = _named(file, foreign.prefix, inflated=foreign.inflated)
    description = {
        "trunk": f"torchvision_resnet{_depth(named)}",
        "head": "none",
        "padding": padding or foreign.padding,
        "input": foreign.input,
        "layer": layer or foreign.layer,
    }
    model = build_colorizer(**description)
    _fill(model.trunk, named, f"{weights}: {description['trunk']} of {kind}", foreign.prefix)
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
    return _told(kind, file, named, model.trunk, description)


@dataclass(frozen=True)
class _File:
    """Tensors by name, and what stood before all of them: keys of dicts, `module.`."""

    path: Path
    under: str
    state: dict[str, Tensor]


@dataclass(frozen=True)
class _Named:
    """Tensors by torchvision's names, the names in the file, and whether those are mmcv's."""

    tensors: dict[str, Tensor]
    original: dict[str, str]
    mmcv: bool


def _read(path: Path) -> _File:
    with torch.serialization.safe_globals(HARMLESS):
        content = load_tensors(path)
    under = ""
    while isinstance(content, Mapping) and (key := _wrapper(content)):
        content, under = content[key], f"{under}{key} > "
    if (
        not isinstance(content, Mapping)
        or not content
        or not all(isinstance(name, str) for name in content)
        or not all(isinstance(value, Tensor) for value in content.values())
    ):
        raise InputError(f"{path}: expected a state_dict, tensors by name")
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): value for name, value in content.items()}
        under += "module."
    return _File(path, under, dict(content))


def _wrapper(content: Mapping) -> str | None:
    return next((key for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)


def _kind(file: _File) -> str:
    """The format that has most names of a ResNet behind its prefix."""
    counts = {
        kind: sum(is_part(name) for name in _named(file, foreign.prefix, inflated=False).tensors)
        for kind, foreign in FORMATS.items()
    }
    kind = max(counts, key=lambda kind: counts[kind])
    if not counts[kind]:
        raise InputError(
            f"{file.path}: expected weights of {', '.join(KINDS[1:])}; no name in it is of one of "
            f"them, the first is {min(file.state)!r}"
        )
    return kind


def _named(file: _File, prefix: str, *, inflated: bool) -> _Named:
    inside = {name: name.removeprefix(prefix) for name in file.state if name.startswith(prefix)}
    mmcv = any(is_part(from_mmcv(name)) and not is_part(name) for name in inside.values())
    original = {from_mmcv(name) if mmcv else name: whole for whole, name in inside.items()}
    if len(original) < len(inside):
        raise InputError(f"{file.path}: behind {prefix!r}, some parts are there under two names")
    tensors = {name: file.state[whole] for name, whole in original.items()}
    if inflated:
        tensors = {
            name: value.squeeze(2) if value.ndim == 5 and value.shape[2] == 1 else value
            for name, value in tensors.items()
        }
    return _Named(tensors, original, mmcv)


def _depth(named: _Named) -> int:
    """18, 34 or 50, by the blocks of the first stage; what else is amiss is found later."""
    if "layer1.0.conv3.weight" in named.tensors:
        return 50
    return 34 if any(name.startswith("layer1.2.") for name in named.tensors) else 18


def _fill(trunk: nn.Module, named: _Named, where: str, prefix: str) -> None:
    """Load the weights, all or none."""
    own = trunk.state_dict()
    for name, value in own.items():
        public = from_trunk(name)
        whole = named.original.get(public, prefix + (to_mmcv(public) if named.mmcv else public))
        found = named.tensors.get(public)
        if found is None:
            if name.endswith("num_batches_tracked"):
                continue  # older files do not count; nothing here reads it
            raise InputError(f"{where}: {whole} is missing")
        if found.shape != value.shape:
            raise InputError(
                f"{where}: {whole} has shape {tuple(found.shape)}, expected {tuple(value.shape)}"
            )
        if not found.is_floating_point() and value.is_floating_point():
            raise InputError(f"{where}: {whole} holds {found.dtype}, expected real numbers")
        if not found.isfinite().all():
            raise InputError(f"{where}: {whole} holds a value that is no number")
        own[name] = found
    last = len(trunk.channels)
    known = {from_trunk(name) for name in own}
    for public, whole in named.original.items():
        beyond = any(public.startswith(f"layer{stage}.") for stage in range(last + 1, 5))
        if in_trunk(public) and public not in known and not beyond:
            raise InputError(f"{where}: {whole} is no weight of it")
    trunk.load_state_dict(own)


def _told(
    kind: str, file: _File, named: _Named, trunk: nn.Module, description: Mapping[str, str]
) -> list[str]:
    """What was found, mapped and left over."""
    foreign = FORMATS[kind]
    used = {from_trunk(name) for name in trunk.state_dict()}
    mapped = {named.original[name] for name in used if name in named.original}
    left = Counter(_group(name, foreign.prefix) for name in file.state if name not in mapped)
    names = "mmcv's" if named.mmcv else "torchvision's"
    return [
        f"found: {kind}, {names} names behind {file.under + foreign.prefix or 'nothing'}",
        f"mapped: {len(mapped)} tensors to {description['trunk']} up to {description['layer']}: "
        f"{trunk.out_channels} channels, stride {trunk.stride}, padding {description['padding']}, "
        f"input {foreign.scaling.grey} less {_short(foreign.scaling.rgb_mean)} over "
        f"{_short(foreign.scaling.rgb_std)}",
        "left over: "
        + (", ".join(f"{name} ({count})" for name, count in left.items()) or "nothing"),
    ]


def _group(name: str, prefix: str) -> str:
    """The part of the network that a tensor is of."""
    if name.startswith(prefix):
        return prefix + name.removeprefix(prefix).split(".")[0]
    return name.split(".")[0]


def _short(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)
