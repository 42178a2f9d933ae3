"""Winograd's algorithm along rows alone, for bfloat16 on CPUs.

In both directions it needs more digits than bfloat16 has. Along rows (m = 4) it takes 4.5 products
for each output instead of 9 (k = 3), 10 instead of 25 (k = 5), and its error is two (trained) to
four times (random weights) that of a direct convolution in bfloat16. What is left are columns: a
convolution with a group of channels for each product. Both transforms are products with banded
matrices, which bfloat16 holds exactly.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chromatrack.models.winograd import POINTS, TILE, WinogradConv2d, transforms


class RowWinogradConv2d(nn.Module):
    """Equal to a convolution of stride 1 without dilation up to rounding; weights are fixed."""

    fits = staticmethod(WinogradConv2d.fits)

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        self.kernel = convolution.kernel_size[1]
        self.padding, self.padding_mode = convolution.padding, convolution.padding_mode
        to_input, to_kernel, to_output = transforms(TILE, self.kernel)
        self.register_buffer("to_input", torch.from_numpy(to_input).float())
        self.register_buffer("to_output", torch.from_numpy(to_output).float())
        self.products = len(to_input)
        self.columns = self._columns(convolution, torch.from_numpy(to_kernel))
        self._bands: dict[tuple, tuple[Tensor, Tensor]] = {}

    def _columns(self, convolution: nn.Conv2d, to_kernel: Tensor) -> nn.Conv2d:
        """One group of channels per product and group, kernels (k, 1)."""
        weight = convolution.weight.detach()
        columns = nn.Conv2d(
            self.products * convolution.in_channels,
            self.products * convolution.out_channels,
            (convolution.kernel_size[0], 1),
            padding=(self.padding[0] if self.padding_mode == "zeros" else 0, 0),
            groups=self.products * convolution.groups,
            bias=convolution.bias is not None,
        ).requires_grad_(False)
        kernels = torch.einsum("tx,oiyx->toiy", to_kernel, weight.double())
        columns.weight.copy_(kernels.flatten(0, 1)[..., None])
        if convolution.bias is not None:
            # All powers of the point 1 are 1: what is added to its product reaches every output.
            bias = torch.zeros(self.products, convolution.out_channels)
            bias[POINTS.index(1)] = convolution.bias.detach()
            columns.bias.copy_(bias.flatten())
        return columns

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, out, H', W'), channels-last in memory."""
        vertical, horizontal = self.padding
        if self.padding_mode != "zeros":
            x = F.pad(x, (horizontal, horizontal, vertical, vertical), mode=self.padding_mode)
            horizontal = 0
        spread, gather = self._banded(x, horizontal)
        tiles = len(spread) // self.products
        x = torch.matmul(spread, x.permute(0, 2, 3, 1))  # (B, H, tiles * t, C)
        x = self.columns(x.unflatten(2, (tiles, -1)).flatten(3).permute(0, 3, 1, 2))
        x = x.permute(0, 2, 3, 1).unflatten(3, (self.products, -1)).flatten(2, 3)
        return torch.matmul(gather, x).permute(0, 3, 1, 2)

    def _banded(self, x: Tensor, padding: int) -> tuple[Tensor, Tensor]:
        """The transforms of whole rows, (tiles * t, W) and (W', tiles * t); padding is left out."""
        width = x.shape[-1]
        key = (width, padding, x.dtype, x.device)
        if key not in self._bands:
            outputs = width + 2 * padding - self.kernel + 1
            tiles = -(-outputs // TILE)
            spread = x.new_zeros(tiles, self.products, (tiles - 1) * TILE + self.products)
            gather = x.new_zeros(tiles, TILE, tiles, self.products)
            for tile in range(tiles):
                first = tile * TILE
                spread[tile, :, first : first + self.products] = self.to_input
                gather[tile, :, tile] = self.to_output
            spread = F.pad(spread.flatten(0, 1), (0, max(0, padding + width - spread.shape[-1])))
            gather = gather.flatten(2, 3).flatten(0, 1)[:outputs]
            self._bands[key] = spread[:, padding : padding + width].contiguous(), gather
        return self._bands[key]
