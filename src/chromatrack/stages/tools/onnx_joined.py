"""The parts of all branches as one ONNX graph; `exported.py` says what its values are called."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chromatrack.files import digest_bytes
from chromatrack.stages.tools.onnx_graph import OPSET, BranchGraph


def joined(
    branches: Mapping[str, BranchGraph],
    inputs: Mapping[str, str],
    *,
    alpha: float | None,
    units: Sequence[tuple[float, float]],
) -> Any:
    """One model of all parts.

    Args:
        inputs: branch -> what its inputs are called.
        alpha: weight of the auxiliary, unless another one is given; None without one.
        units: of each branch, what its map is multiplied by, and what is taken away before.
    """
    from onnx import TensorProto, helper

    graph = _Joined()
    for number, (name, parts) in enumerate(branches.items()):
        given = inputs[name]
        graph.add(parts.exemplar, f"{name}.exemplar", [f"exemplar_{given}"], f"{name}_exemplar")
        graph.add(parts.search, f"{name}.search", [f"search_{given}"], f"{name}_search")
        embedded = [f"{name}_exemplar", f"{name}_search"]
        graph.add(parts.map, f"{name}.map", embedded, f"{name}_inner")
        graph.scaled(name, number)
    graph.constant("units", np.array(units, dtype=np.float32)[: max(2, len(branches))])
    graph.inputs["units"] = helper.make_tensor_value_info("units", TensorProto.FLOAT, [2, 2])
    if alpha is None:
        graph.node("Identity", ["siamfc_map"], "response")
    else:
        graph.constant("alpha", np.full((1, 1, 1, 1), alpha, dtype=np.float32))
        graph.inputs["alpha"] = helper.make_tensor_value_info(
            "alpha", TensorProto.FLOAT, ["alphas", 1, 1, 1]
        )
        graph.mixed()
    return graph.model(["response", *(f"{name}_map" for name in branches)])


class _Joined:
    """Nodes and numbers of several graphs; equal numbers are held once."""

    def __init__(self):
        self.nodes: list[Any] = []
        self.held: dict[str, Any] = {}
        self.inputs: dict[str, Any] = {}
        self.values: dict[str, Any] = {}

    def add(self, model: Any, prefix: str, inputs: Sequence[str], output: str) -> None:
        """Take a graph in, under names of its own but for its inputs and its output."""
        graph = model.graph
        names = dict(zip((one.name for one in graph.input), inputs, strict=True))
        names[graph.output[0].name] = output
        for tensor in graph.initializer:
            names[tensor.name] = self._keep(tensor)
        for node in graph.node:
            for name in (*node.input, *node.output):
                names.setdefault(name, f"{prefix}.{name}" if name else "")
            renamed = copy.deepcopy(node)
            renamed.name = f"{prefix}.{node.name}"
            del renamed.input[:], renamed.output[:], renamed.metadata_props[:]
            renamed.doc_string = ""
            renamed.input.extend(names[name] for name in node.input)
            renamed.output.extend(names[name] for name in node.output)
            self.nodes.append(renamed)
        for value, name in (*zip(graph.input, inputs, strict=True), (graph.output[0], output)):
            self.values.setdefault(name, self._named(value, name))
        for name in inputs:
            if not any(name in node.output for node in self.nodes):
                self.inputs[name] = self.values[name]

    def _keep(self, tensor: Any) -> str:
        """Name of a tensor of these numbers."""
        plain = copy.deepcopy(tensor)
        plain.name = plain.doc_string = ""
        del plain.metadata_props[:]
        digest = digest_bytes(plain.SerializeToString(deterministic=True))
        if digest not in self.held:
            plain.name = f"weight.{len(self.held)}"
            self.held[digest] = plain
        return self.held[digest].name

    @staticmethod
    def _named(value: Any, name: str) -> Any:
        named = copy.deepcopy(value)
        named.name, named.doc_string = name, ""
        del named.metadata_props[:]
        return named

    def constant(self, name: str, value: np.ndarray) -> None:
        from onnx import numpy_helper

        self.held[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [output], output, **attributes))

    def scaled(self, branch: str, number: int) -> None:
        """(map - offset) * factor, in the units that are asked for."""
        for what, column in (("factor", 0), ("offset", 1)):
            self.constant(f"{branch}.{what}.at", np.array([number, column], dtype=np.int64))
            self.node("GatherND", ["units", f"{branch}.{what}.at"], f"{branch}.{what}")
        self.node("Sub", [f"{branch}_inner", f"{branch}.offset"], f"{branch}.centred")
        self.node("Mul", [f"{branch}.centred", f"{branch}.factor"], f"{branch}_map")

    def mixed(self) -> None:
        """(1 - alpha) * siamfc_map + alpha * auxiliary_map."""
        self.constant("one", np.ones((), dtype=np.float32))
        self.node("Sub", ["one", "alpha"], "beta")
        self.node("Mul", ["beta", "siamfc_map"], "siamfc.weighed")
        self.node("Mul", ["alpha", "auxiliary_map"], "auxiliary.weighed")
        self.node("Add", ["siamfc.weighed", "auxiliary.weighed"], "response")

    def model(self, outputs: Sequence[str]) -> Any:
        from onnx import checker, helper

        shape = self.values["siamfc_inner"]
        made = helper.make_graph(
            self.nodes,
            "chromatrack",
            list(self.inputs.values()),
            [self._named(shape, name) for name in outputs],
            list(self.held.values()),
            value_info=[value for name, value in self.values.items() if name not in self.inputs],
        )
        model = helper.make_model(
            made, producer_name="chromatrack", opset_imports=[helper.make_opsetid("", OPSET)]
        )
        model.ir_version = 10
        checker.check_model(model)
        return model
