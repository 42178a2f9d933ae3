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

FEW, TOGETHER = 8, 5
"""Tiles of a row that are transformed at once: so many are not divided, and parts of more have no
more than this."""


class RowWinogradConv2d(nn.Module):
    """Equal to a convolution of stride 1 without dilation up to rounding; weights are fixed."""

    fits = staticmethod(WinogradConv2d.fits)

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        self.kernel = convolution.kernel_size[1]
        self.out_channels = convolution.out_channels
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
        """(B, C, H, W) -> (B, out, H', W'); in memory (H', B, W', out)."""
        vertical, horizontal = self.padding
        if self.padding_mode != "zeros":
            x = F.pad(x, (horizontal, horizontal, vertical, vertical), mode=self.padding_mode)
            horizontal = 0
        outputs = x.shape[-1] + 2 * horizontal - self.kernel + 1
        tiles = -(-outputs // TILE)
        each = _divided(tiles)
        spread, gather = self._banded(each, x)
        step, overlap = each * TILE, self.products - TILE
        missing = tiles * TILE + overlap - x.shape[-1] - horizontal
        # Rows of all images side by side: a convolution of columns is faster the more there are.
        x = F.pad(x.permute(2, 0, 3, 1), (0, 0, horizontal, missing))  # (H, B, W, C)
        x = torch.matmul(spread, x.unfold(2, step + overlap, step).transpose(3, 4))
        x = x.view(1, len(x), x.shape[1] * tiles, -1)  # (1, H, B * tiles, t * C)
        x = self.columns(x.permute(0, 3, 1, 2)).permute(2, 0, 3, 1)
        x = x.reshape(len(x), -1, tiles // each, each * self.products, self.out_channels)
        x = torch.matmul(gather, x).flatten(2, 3)  # (H', B, tiles * m, out)
        return x[:, :, :outputs].permute(1, 3, 0, 2)

    def _banded(self, tiles: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """The transforms of neighbouring tiles, (tiles * t, tiles * m + k - 1) and
        (tiles * m, tiles * t)."""
        key = (tiles, like.dtype, like.device)
        if key not in self._bands:
            overlap = self.products - TILE
            spread = like.new_zeros(tiles, self.products, tiles * TILE + overlap)
            gather = like.new_zeros(tiles, TILE, tiles, self.products)
            for tile in range(tiles):
                first = tile * TILE
                spread[tile, :, first : first + self.products] = self.to_input
                gather[tile, :, tile] = self.to_output
            self._bands[key] = spread.flatten(0, 1), gather.flatten(2, 3).flatten(0, 1)
        return self._bands[key]


def _divided(tiles: int) -> int:
    """How many tiles of a row to transform at once: of many at once most products are with zeros,
    of few each one costs more."""
    if tiles <= FEW:
        return tiles
    return max((n for n in range(3, TOGETHER + 1) if tiles % n == 0), default=tiles)
