"""Checkpoints: one file with weights, the description of the network and what made them.

Layout (a dict that `torch.load(weights_only=True)` accepts):
    format       "chromatrack-checkpoint/1"
    kind         "siamfc", "colorization" or "fused"
    network      keyword arguments of the function in `models/build.py` that rebuilds it
    scaling      fields of `InputScaling`
    state        the state_dict
    made_by      JSON text of `files.made_by`
"""

from __future__ import annotations

import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chromatrack.errors import InputError
from chromatrack.exported import is_exported
from chromatrack.files import DAMAGED_ZIP, canonical_json
from chromatrack.models.build import build_colorizer, build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.streams import whole_stream

FORMAT = "chromatrack-checkpoint/1"
_CODE = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")
"""What torch says of a class or function that a file asks for."""
_PUBLIC = "public weights come in through `chromatrack import-weights`"
BUILDERS = {"siamfc": build_siamfc, "colorization": build_colorizer, "fused": build_fused}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory."""

    path: Path
    kind: str
    network: dict[str, Any]
    scaling: InputScaling
    state: dict[str, torch.Tensor]
    made_by: str

    def build(self) -> nn.Module:
        """The network with its weights, on the CPU, in eval mode."""
        try:
            network = BUILDERS[self.kind](**self.network)
            network.load_state_dict(self.state)
        except (TypeError, ValueError, KeyError, RuntimeError, AttributeError):
            raise InputError(
                f"{self.path}: damaged checkpoint (its weights are not those of its network)"
            ) from None
        if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
            raise InputError(f"{self.path}: damaged checkpoint (a weight is no number)")
        return network.eval()


class _HoldsCode(InputError):
    """A file asks for a class or a function beside tensors, as trainings of others leave it."""


def load_tensors(path: str | Path, *, also: Sequence[Any] = ()) -> Any:
    """`torch.load` that runs no code from the file and names it when it cannot be read.

    Args:
        also: what else the file may hold, as `torch.serialization.safe_globals` takes it.
    """
    try:
        with torch.serialization.safe_globals(list(also)), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Validating sparse tensor")  # refused by its readers
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (pickle.UnpicklingError, struct.error, RuntimeError, EOFError, LookupError,
            ValueError, TypeError, AttributeError) as error:  # fmt: skip
        code = _CODE.search(str(error))
        if code:
            raise _HoldsCode(
                f"{path}: not a file of PyTorch tensors: holds {code[1]}, and code is not loaded"
            ) from None
        hint = ""
        if Path(path).suffix == ".safetensors":
            hint = " (of safetensors: torch.save what safetensors.torch.load_file reads of it)"
        raise InputError(f"{path}: not a file of PyTorch tensors, or cut off{hint}") from None


def check_whole(path: str | Path) -> None:
    """An `InputError` where a file of ours is not as it was written: PyTorch looks at no checksum.

    Files of others may lack checksums, which PyTorch can leave out.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # zipfile goes on where something stands before the archive, PyTorch reads at its place.
            begins = min((entry.header_offset for entry in archive.infolist()), default=-1) == 0
            damaged = archive.testzip() if begins else "its beginning"
    except FileNotFoundError:
        return  # said where it is read
    except DAMAGED_ZIP:
        damaged = "its index"
    if damaged:
        raise InputError(f"{path}: damaged: {damaged!r:.80} is not as it was written")


def save_checkpoint(
    path: str | Path,
    *,
    kind: str,
    network: dict[str, Any],
    scaling: InputScaling,
    module: nn.Module,
    made_by: dict[str, Any],
) -> None:
    """Write a checkpoint, whole or not at all."""
    content = {
        "format": FORMAT,
        "kind": kind,
        "network": network,
        "scaling": scaling.as_dict(),
        "state": {name: value.detach().cpu() for name, value in module.state_dict().items()},
        "made_by": canonical_json(made_by),
    }
    # Of a path, torch writes the name into the file, and equal networks would differ.
    with whole_stream(path) as sink:
        torch.save(content, sink)


def load_checkpoint(path: str | Path, *, kinds: tuple[str, ...] = tuple(BUILDERS)) -> Checkpoint:
    """Read a checkpoint of one of the kinds; anything else is an `InputError`."""
    if is_exported(path) and Path(path).is_file():
        raise InputError(
            f"{path}: an exported network, which can track and nothing else; expected the "
            "checkpoint that it was made of"
        )
    try:
        content = load_tensors(path)
    except _HoldsCode as error:
        raise InputError(f"{error} ({_PUBLIC})") from None
    ours = isinstance(content, dict) and content.get("format") == FORMAT
    if not ours:
        raise InputError(f"{path}: not a chromatrack checkpoint ({_PUBLIC})")
    check_whole(path)
    if content.get("kind") not in kinds:
        raise InputError(
            f"{path}: expected a checkpoint of kind {' or '.join(kinds)}, got {content.get('kind')}"
        )
    try:
        return Checkpoint(
            path=Path(path),
            kind=content["kind"],
            network=content["network"],
            scaling=InputScaling(**content["scaling"]),
            state=content["state"],
            made_by=content["made_by"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: damaged checkpoint ({error})") from None
