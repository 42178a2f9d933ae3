"""A checkpoint as one ONNX file that other programs run, and our trackers too (docs/export.md)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch

from chromatrack.checkpoints import load_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.exported import INPUT_OF, SUFFIX, is_exported, load_exported, save_exported
from chromatrack.files import check_writable, made_by
from chromatrack.graphs import needed
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.fused import FusedTracker
from chromatrack.models.siamfc import SiamFC
from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE, STRIDE
from chromatrack.settings import TrackerSettings
from chromatrack.stages.tools.onnx_graph import Branch, branch_graph
from chromatrack.stages.tools.onnx_joined import joined
from chromatrack.tracking.networks import affine


def export(checkpoint: Path, output: Path | None = None, *, settings: TrackerSettings) -> Path:
    """Write the network of a checkpoint of kind siamfc or fused as an ONNX file.

    Args:
        output: FILE.onnx; None: beside the checkpoint, by its name.
        settings: of the tracker: they are told in the file, for other programs. Ours take theirs
            from the configuration, as with any checkpoint.

    Returns:
        The file that was written. It has been read again, as a tracker reads it.

    Raises:
        InputError: no such checkpoint, no name of an ONNX file, or a package is missing.
    """
    output = checkpoint.with_suffix(SUFFIX) if output is None else output
    if not is_exported(output):
        raise InputError(f"{output}: expected a file that ends with {SUFFIX}")
    check_writable(output)
    for package in ("onnx", "onnxscript"):
        needed(package)
    loaded = load_checkpoint(checkpoint, kinds=("siamfc", "fused"))
    network = loaded.build()
    fused = isinstance(network, FusedTracker)
    branches = [Branch("siamfc", network.siamfc if fused else network, SiamFC.embed, 3)]
    alpha, statistics = None, None
    if fused:
        branches.append(
            Branch(
                "auxiliary", network.auxiliary, AuxiliaryBranch.embed, loaded.scaling.grey_channels
            )
        )
        alpha = round(float(network.alpha), 6)
        statistics = network.statistics.tolist() if network.normalize else None
    with torch.inference_mode(False), torch.no_grad():
        parts = {branch.name: branch_graph(branch) for branch in branches}
    save_exported(
        output,
        joined(parts, INPUT_OF, alpha=alpha, units=affine(statistics)),
        kind=loaded.kind,
        scaling=loaded.scaling.as_dict(),
        alpha=alpha,
        statistics=statistics,
        sizes={"exemplar": EXEMPLAR_SIZE, "search": SEARCH_SIZE, "stride": STRIDE},
        network=_plain(loaded.network),
        tracker=as_plain(settings),
        made_by=made_by("export", inputs={"checkpoint": checkpoint}),
    )
    load_exported(output)
    return output


def _plain(value: Any) -> Any:
    """The description of a network as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        return _plain(dataclasses.asdict(value))
    return value
