"""Public weights of other projects as checkpoints."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chromatrack.checkpoints import load_tensors, save_checkpoint
from chromatrack.errors import InputError
from chromatrack.files import made_by
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.patches import EXEMPLAR_SIZE

PUBLISHED = {"width": 1.0, "channels": "as_run"}
"""The network of siamfc-pytorch."""


def holds_siamfc(weights: Path) -> bool:
    """Whether a file has names of siamfc-pytorch's network, whatever they lie in."""
    with torch.device("meta"):
        expected = build_siamfc(**PUBLISHED).state_dict()
    return bool(_states("", _content(weights), expected))


def _content(weights: Path) -> Any:
    # Beside tensors, trainings keep their arguments, classes that hold values alone.
    return load_tensors(weights, also=(argparse.Namespace, defaultdict, *numpy_values()))


def import_siamfc_pytorch(weights: Path, output: Path) -> None:
    """Make a checkpoint out of a state_dict of github.com/huanglianghua/siamfc-pytorch.

    Its networks see RGB in 0..255; the checkpoint records that. The state_dict may lie in a dict
    beside other things, and its names may begin alike ("module." of DataParallel).

    Raises:
        InputError: the file holds no such state_dict; says what it holds.
    """
    model = build_siamfc(**PUBLISHED)
    expected = model.state_dict()
    state = _find_state(weights, _content(weights), expected)
    surplus = sorted(set(state) - set(expected))
    if surplus:
        raise InputError(f"{weights}: {surplus[0]} is no weight of siamfc-pytorch")
    model.load_state_dict(
        {name: _checked(weights, name, state, value) for name, value in expected.items()}
    )
    check_numbers(model.eval().embed, 3, EXEMPLAR_SIZE, str(weights))
    save_checkpoint(
        output,
        kind="siamfc",
        network=PUBLISHED,
        scaling=InputScaling(rgb="byte"),
        module=model,
        made_by=made_by("import-weights", inputs={"weights": weights}),
    )


@torch.inference_mode()
def check_numbers(call: Callable[[Tensor], Tensor], channels: int, side: int, where: str) -> None:
    """An `InputError` where finite weights give no numbers, as a variance below zero does."""
    seen = torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(0))
    if not call(seen).isfinite().all():
        raise InputError(f"{where}: gives features that are no numbers (a running_var below 0?)")


def numpy_values() -> list:
    """Numbers and arrays of NumPy, under the names that its versions write: what makes them makes
    nothing else, and trainings keep their best score as one."""
    from numpy._core import multiarray

    kinds = {type(np.dtype(code)) for code in np.typecodes["All"] if code not in "OVMm"}
    makers = [
        (getattr(multiarray, name), f"{module}.{name}")
        for name in ("scalar", "_reconstruct")
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    ]
    return [np.dtype, np.ndarray, *kinds, *makers]


def _find_state(weights: Path, content: Any, expected: Mapping[str, Tensor]) -> dict[str, Any]:
    """The state_dict in what a file holds, by its own names."""
    found = _states("", content, expected)
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise InputError(
            f"{weights}: expected one state_dict of siamfc-pytorch, got several: "
            f"{', '.join(map(repr, found))}"
        )
    if not isinstance(content, Mapping):
        raise InputError(
            f"{weights}: expected a state_dict of siamfc-pytorch, got a {type(content).__name__}"
        )
    keys = [repr(key)[:60] for key in content]
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    raise InputError(
        f"{weights}: expected weights of siamfc-pytorch such as {next(iter(expected))}, got "
        f"{'the keys ' + ', '.join(keys[:5]) + more if keys else 'an empty dict'}"
    )


def _states(
    place: str, content: Any, expected: Mapping[str, Tensor], depth: int = 3
) -> dict[str, dict[str, Any]]:
    """Place -> state_dict, without what all its names begin with."""
    if not isinstance(content, Mapping):
        return {}
    items = {key: value for key, value in content.items() if isinstance(key, str)}
    for key in items:
        for name in expected:
            if key == name or key.endswith(f".{name}"):
                prefix = key.removesuffix(name)
                return {place: {key.removeprefix(prefix): value for key, value in items.items()}}
    if not depth:
        return {}
    inner = [_states(f"{place}.{key}".strip("."), items[key], expected, depth - 1) for key in items]
    return {where: state for one in inner for where, state in one.items()}


def _checked(weights: Path, name: str, state: Mapping[str, Any], expected: Tensor) -> Tensor:
    """A tensor of the state_dict, of the shape that the network has."""
    if name not in state:
        if name.endswith("num_batches_tracked"):
            return expected  # a count that old PyTorch did not keep, and that nothing reads
        raise InputError(f"{weights}: expected siamfc-pytorch weights, but {name} is missing")
    value = state[name]
    if isinstance(value, np.ndarray | np.number | int | float):
        value = torch.as_tensor(value)
    if not isinstance(value, Tensor):
        raise InputError(f"{weights}: {name}: expected a tensor, got a {type(value).__name__}")
    if value.layout is not torch.strided or value.is_quantized:
        raise InputError(f"{weights}: {name}: expected a dense tensor of numbers")
    if expected.is_floating_point() and not value.is_floating_point():
        raise InputError(f"{weights}: {name} holds {value.dtype}, expected real numbers")
    if value.shape != expected.shape:
        raise InputError(
            f"{weights}: {name} has shape {tuple(value.shape)}, expected {tuple(expected.shape)}"
        )
    if not value.isfinite().all():
        raise InputError(f"{weights}: {name} holds a value that is no number")
    return value
