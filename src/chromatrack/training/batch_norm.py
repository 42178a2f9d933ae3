"""BatchNorm over the batch of all processes, so that their number does not change the result."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def share_statistics(module: nn.Module, device: torch.device) -> None:
    """Make every BatchNorm inside `module` take mean and variance over all processes, in place.

    On GPUs by PyTorch's SyncBatchNorm, which does not run on a CPU; there by `GlobalBatchNorm`.
    """
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, _shared(child, device))
        else:
            share_statistics(child, device)


def _shared(norm: _BatchNorm, device: torch.device) -> nn.Module:
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(norm)
    shared = GlobalBatchNorm(norm.num_features, eps=norm.eps, momentum=norm.momentum)
    # The very same parameters: an optimizer may hold them already.
    shared._parameters, shared._buffers = norm._parameters, norm._buffers
    return shared.train(norm.training)


class GlobalBatchNorm(_BatchNorm):
    """BatchNorm of a batch that lies in equal slices in several processes, on a CPU.

    Gradients flow through the statistics into the slices of the other processes, as they do within
    one process. Takes (B, C, ...).
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected (B, C, ...), got {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        axes = [0, *range(2, input.dim())]
        shape = (1, -1) + (1,) * (input.dim() - 2)
        values = input.to(self.weight.dtype)
        mean = _Mean.apply(values.mean(axes))
        centred = values - mean.view(shape)
        variance = _Mean.apply(centred.square().mean(axes))
        with torch.no_grad():
            count = dist.get_world_size() * input.numel() // self.num_features
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / max(1, count - 1)), self.momentum)
        scale = (variance + self.eps).rsqrt() * self.weight
        return (centred * scale.view(shape) + self.bias.view(shape)).to(input.dtype)


class _Mean(torch.autograd.Function):
    """The mean over all processes, whose gradient is the mean of the gradients of all."""

    @staticmethod
    def forward(context, values: Tensor) -> Tensor:
        return _mean(values)

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        return _mean(gradient)


def _mean(values: Tensor) -> Tensor:
    total = values.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total / dist.get_world_size()
