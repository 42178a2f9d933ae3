"""ONNX graphs as data: read, cut into parts, and checked to be nothing but standard operators."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.files import digest_bytes


def needed(package: str) -> Any:
    """A package that only exported networks need.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        raise InputError(
            f"{package} is not installed, which exported networks need; pip install "
            "'chromatrack[onnx]', or ./run setup"
        ) from None


def read_model(path: Path) -> Any:
    """The onnx.ModelProto of a file; an `InputError` where it is none."""
    onnx = needed("onnx")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except (DecodeError, ValueError, RuntimeError):
        raise InputError(f"{path}: not an ONNX file, or cut off") from None
    if not model.graph.node:
        raise InputError(f"{path}: not an ONNX file, or cut off")
    return model


def cut(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The part of a graph between these values, as the bytes of a model of its own."""
    import onnx

    graph = model.graph
    shapes = {one.name: one for one in (*graph.input, *graph.output, *graph.value_info)}
    makers = {name: place for place, node in enumerate(graph.node) for name in node.output}
    wanted, places, used = list(outputs), set(), set(inputs)
    while wanted:
        name = wanted.pop()
        if name not in used:
            used.add(name)
            if name in makers and makers[name] not in places:
                places.add(makers[name])
                wanted += [one for one in graph.node[makers[name]].input if one]
    made = onnx.helper.make_graph(
        [graph.node[place] for place in sorted(places)],
        "-".join(outputs),
        [shapes[name] for name in inputs],
        [shapes[name] for name in outputs],
        [one for one in graph.initializer if one.name in used],
    )
    found = onnx.helper.make_model(made, opset_imports=model.opset_import)
    found.ir_version = model.ir_version
    return found.SerializeToString()


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors of a graph, and of the graphs in its nodes."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from _tensors(inner)


def digest(model: Any) -> str:
    """SHA-256 of the graph with its weights as 64 hexadecimal digits."""
    return digest_bytes(model.graph.SerializeToString(deterministic=True))


def check(path: Path, model: Any) -> None:
    """Nothing but standard operators, and numbers that are in the file.

    Raises:
        InputError: it has others.
    """
    graph = model.graph
    odd = [node.op_type for node in graph.node if node.domain not in ("", "ai.onnx")]
    if odd or model.functions:
        what = odd[0] if odd else "a function of its own"
        raise InputError(f"{path}: {what} is no operator of the ONNX standard")
    # Numbers beside the file would be read from wherever it says.
    beside = any(tensor.data_location or tensor.external_data for tensor in _tensors(graph))
    if graph.sparse_initializer or beside:
        raise InputError(f"{path}: expected its weights in the file, it points elsewhere")
