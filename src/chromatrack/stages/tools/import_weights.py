"""Public weights of other projects as checkpoints."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from chromatrack.checkpoints import load_tensors, save_checkpoint
from chromatrack.errors import InputError
from chromatrack.files import made_by
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling


def import_siamfc_pytorch(weights: Path, output: Path) -> None:
    """Make a checkpoint out of a state_dict of github.com/huanglianghua/siamfc-pytorch.

    Its networks see RGB in 0..255; the checkpoint records that.

    Raises:
        InputError: the file is no such state_dict.
    """
    state = load_tensors(weights)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise InputError(f"{weights}: expected a state_dict of siamfc-pytorch")
    description = {"width": 1.0, "channels": "as_run"}
    model = build_siamfc(**description)
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name, shape in expected.items():
        if name not in state:
            raise InputError(f"{weights}: expected siamfc-pytorch weights, but {name} is missing")
        if tuple(state[name].shape) != shape:
            raise InputError(
                f"{weights}: {name} has shape {tuple(state[name].shape)}, expected {shape}"
            )
        if not state[name].isfinite().all():
            raise InputError(f"{weights}: {name} holds a value that is no number")
    surplus = sorted(set(state) - set(expected))
    if surplus:
        raise InputError(f"{weights}: {surplus[0]} is no weight of siamfc-pytorch")
    model.load_state_dict(state)
    save_checkpoint(
        output,
        kind="siamfc",
        network=description,
        scaling=InputScaling(rgb="byte"),
        module=model,
        made_by=made_by("import-weights", inputs={"weights": weights}),
    )
