"""Winograd's algorithm in training, for CPUs: the weights change with every step.

What a tile computes is linear in the inputs and in the kernels: y = A^T [(G g) * (B^T d)], see
`winograd.transforms`. Both gradients are the same three steps transposed, with as many products:
of the inputs B [(G g) * (A y')], of the kernels G^T [(A y') * (B^T d)], summed over the tiles.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from chromatrack.models.winograd import (
    TILE,
    WinogradConv2d,
    chunks,
    in_tiles,
    matrices,
    output_size,
    slide,
    tiles_of,
    transform,
    transformed,
)

LEAST_OUTPUTS = 500
"""Positions of a batch below which transforming the kernels costs more than it saves."""


class TrainedWinogradConv2d(nn.Conv2d):
    """Computes as `WinogradConv2d`; weights, their names and their gradients are a convolution's.

    Outputs and gradients differ from a direct convolution's by some 1e-5 of the largest one.
    """

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(B, C, H, W) -> (B, out, H', W'), channels-last in memory."""
        if len(x) * math.prod(output_size(self, x)) < LEAST_OUTPUTS:
            return super()._conv_forward(x, weight, bias)
        out = in_tiles(self, x, lambda padded: _Correlation.apply(padded, weight, self.groups))
        out = out.contiguous() if bias is None else out + bias
        return out.permute(0, 3, 1, 2)


def placed(module: nn.Module, device: torch.device, precision: int | str) -> nn.Module:
    """A siamese network on the device, as it is trained fast there; the same module."""
    module.to(device, memory_format=torch.channels_last)
    if device.type == "cpu" and precision == 32:
        use_winograd_in_training(module)
    return module


def use_winograd_in_training(module: nn.Module) -> None:
    """Let the convolutions of a module, for which it is worth it, compute so from now on."""
    for part in module.modules():
        if type(part) is nn.Conv2d and WinogradConv2d.fits(part):
            part.__class__ = TrainedWinogradConv2d


class _Correlation(torch.autograd.Function):
    """`winograd.slide` with gradients."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, groups: int) -> Tensor:
        """(B, rows * m + k - 1, columns * m + k - 1, C) -> (B, rows * m, columns * m, out)."""
        kernels = transformed(weight, groups)
        ctx.save_for_backward(x, kernels)
        return slide(x, kernels)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """The gradient of the outputs -> those of x and weight, in their shapes."""
        x, kernels = ctx.saved_tensors
        groups, products, *_ = kernels.shape
        side = math.isqrt(products)
        to_input, to_kernel, to_output = matrices(side - TILE + 1, x.dtype)
        tiles, slopes = tiles_of(x, side), tiles_of(gradient, TILE)
        batch, rows, columns, channels = tiles.shape[2:]
        # A tile reaches at most k - 1 <= m cells into the next ones.
        of_x = x.new_zeros(batch, rows + 1, TILE, columns + 1, TILE, channels)
        of_kernels = x.new_zeros(products, groups, *reversed(kernels.shape[2:]))
        for here in chunks(batch, rows, columns):
            inputs = transform(to_input, tiles[:, :, *here])
            outputs = transform(to_output.T, slopes[:, :, *here])
            for group in range(groups):
                part, slope = (both.chunk(groups, dim=2)[group] for both in (inputs, outputs))
                of_kernels[:, group].baddbmm_(slope.transpose(1, 2), part)
                # Inputs are read for the last time: their gradients take their place.
                part.copy_(torch.bmm(slope, kernels[group].transpose(1, 2)))
            spread = transform(to_input.T, inputs.unflatten(0, (side, side)))
            _add(of_x, here, spread.view(side, side, *tiles[:, :, *here].shape[2:]))
        kernel = side - TILE + 1
        of_weight = transform(to_kernel.T, of_kernels.flatten(1, 2).unflatten(0, (side, side)))
        of_weight = of_weight.view(kernel, kernel, -1, kernels.shape[2]).permute(2, 3, 0, 1)
        of_x = of_x.view(batch, (rows + 1) * TILE, (columns + 1) * TILE, channels)
        return of_x[:, : x.shape[1], : x.shape[2]], of_weight, None


def _add(total: Tensor, here: tuple[slice, slice], tiles: Tensor) -> None:
    """Add overlapping tiles (t, t, images, rows, columns, C) to (B, rows, m, columns, m, C)."""
    images, place = here
    rows, columns = tiles.shape[3:5]
    for down in (0, 1):
        for right in (0, 1):
            part = tiles[down * TILE :, right * TILE :][:TILE, :TILE]
            top = place.start + down
            cells = total[
                images, top : top + rows, : len(part), right : right + columns, : part.shape[1]
            ]
            cells += part.permute(2, 3, 0, 4, 1, 5)
