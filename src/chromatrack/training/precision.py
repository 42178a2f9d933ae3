"""Mixed precision: what the forward pass computes in, and the scaled loss that float16 needs."""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor

KINDS = {32: None, "bf16": torch.bfloat16, "16-mixed": torch.float16}


class Precision:
    """How a step computes; weights and the optimizer's state stay float32.

    Args:
        kind: 32, `bf16`, or `16-mixed` for GPUs without bfloat16.
    """

    def __init__(self, kind: int | str, device: torch.device):
        self._kind = KINDS[kind]
        self._device = device.type
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._kind is torch.float16)

    def forward(self) -> contextlib.AbstractContextManager:
        """The context of the forward pass and the loss."""
        if self._kind is None:
            return contextlib.nullcontext()
        return torch.autocast(self._device, self._kind)

    def step(
        self, loss: Tensor, optimizer: torch.optim.Optimizer, *, clip_norm: float | None = None
    ) -> None:
        """Backward pass and update; float16 leaves the update out where a gradient overflows.

        Args:
            clip_norm: a longer gradient (2-norm over all weights) is shortened to this; None: none.
        """
        optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        if clip_norm is not None:
            self._scaler.unscale_(optimizer)
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            torch.nn.utils.clip_grad_norm_(weights, clip_norm)
        self._scaler.step(optimizer)
        self._scaler.update()

    def state(self) -> dict:
        """What a checkpoint has to keep; empty but for float16."""
        return self._scaler.state_dict()

    def restore(self, state: dict) -> None:
        """Continue from `state`; that of another precision is left aside."""
        if state and self._scaler.is_enabled():
            self._scaler.load_state_dict(state)
