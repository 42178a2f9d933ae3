"""The three parts of a branch as ONNX."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from chromatrack.models.parts import ExemplarPart, MapPart, SearchPart
from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE
from chromatrack.tracking.inference import fold_batch_norm

OPSET = 20


@dataclass(frozen=True)
class Branch:
    """A branch of the network.

    Attributes:
        name: siamfc or auxiliary.
        module: in eval mode.
        call: its embedding: `call(module, patches)`.
        channels: of its input.
    """

    name: str
    module: nn.Module
    call: Callable
    channels: int


@dataclass(frozen=True)
class BranchGraph:
    """Its parts as onnx.ModelProto, by what they compute."""

    exemplar: Any
    search: Any
    map: Any


def branch_graph(branch: Branch) -> BranchGraph:
    """Trace a branch; normalisations are folded into its convolutions, as for our trackers."""
    module = copy.deepcopy(branch.module).eval()
    small = torch.zeros(2, branch.channels, EXEMPLAR_SIZE, EXEMPLAR_SIZE)
    large = torch.zeros(2, 3, branch.channels, SEARCH_SIZE, SEARCH_SIZE)
    fold_batch_norm(module, lambda: branch.call(module, small[:1]))
    exemplar, search = ExemplarPart(module, branch.call), SearchPart(module, branch.call)
    z, x = exemplar(small), search(large)
    correlation = MapPart(tuple(z.shape[-2:]), tuple(x.shape[-2:]))
    return BranchGraph(
        exemplar=_traced(exemplar, small),
        search=_traced(search, large),
        map=_traced(correlation, z, x),
    )


def _traced(module: nn.Module, *inputs: torch.Tensor) -> Any:
    """A module as an onnx.ModelProto whose numbers of targets and of patches are free."""
    free = ("targets", "patches")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two inputs that share a number, one gives its name
        program = torch.onnx.export(
            module.eval(),
            inputs,
            dynamic_shapes=tuple(
                dict(enumerate(map(torch.export.Dim, free[: one.dim() - 3]))) for one in inputs
            ),
            input_names=[f"in{number}" for number in range(len(inputs))],
            output_names=["out"],
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    return program.model_proto
