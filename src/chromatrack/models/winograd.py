"""Convolutions with fewer multiplications (Winograd 1980; Lavin and Gray 2016), for CPUs.

A direct convolution runs at the peak of a core, so only fewer operations make it faster. A tile of
m x m outputs of a k x k convolution takes (m + k - 1)^2 products instead of m^2 k^2: 2.25 for each
output instead of 9 (m = 4, k = 3), 4 instead of 25 (k = 5). On GPUs cuDNN does the like by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

TILE = 4
"""Outputs of a tile to a side."""
AT_ONCE = 256
"""Tiles to take at once, at most: fewer read the kernels too often, more leave the cache."""
POINTS = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))
"""Where the polynomials are evaluated; infinity is one more. Small ones round least."""


class WinogradConv2d(nn.Module):
    """Equal to a convolution of stride 1 without dilation up to rounding; weights are fixed."""

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        weight = convolution.weight.detach()
        self.kernel_size = convolution.kernel_size
        self.padding = convolution.padding
        self.padding_mode = convolution.padding_mode
        kernels = transformed(weight.double(), convolution.groups)
        self.register_buffer("kernels", kernels.float().contiguous())
        bias = convolution.bias
        self.register_buffer("bias", None if bias is None else bias.detach())

    @staticmethod
    def fits(convolution: nn.Module) -> bool:
        """Whether this way is possible, and worth it: with few channels it is not."""
        return (
            isinstance(convolution, nn.Conv2d)
            and convolution.kernel_size in ((3, 3), (5, 5))
            and convolution.stride == (1, 1)
            and convolution.dilation == (1, 1)
            and not isinstance(convolution.padding, str)
            and min(convolution.in_channels, convolution.out_channels) // convolution.groups >= 32
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, out, H', W'), channels-last in memory."""
        out = in_tiles(self, x, lambda padded: slide(padded, self.kernels))
        if self.bias is not None:
            out += self.bias
        return out.permute(0, 3, 1, 2)


def in_tiles(
    convolution: nn.Conv2d | WinogradConv2d, x: Tensor, products: Callable[[Tensor], Tensor]
) -> Tensor:
    """A convolution without its bias, (B, C, H, W) -> (B, H', W', out).

    Args:
        convolution: whose padding is used.
        products: what `slide` does, and all that it sees are whole tiles.
    """
    height, width = output_size(convolution, x)
    vertical, horizontal = convolution.padding
    if convolution.padding_mode != "zeros":
        x = F.pad(x, (horizontal, horizontal, vertical, vertical), mode=convolution.padding_mode)
        vertical = horizontal = 0
    below, right = -height % TILE, -width % TILE
    x = F.pad(x, (horizontal, horizontal + right, vertical, vertical + below))
    return products(x.permute(0, 2, 3, 1))[:, :height, :width]


def output_size(convolution: nn.Conv2d | WinogradConv2d, x: Tensor) -> tuple[int, int]:
    """Height and width of what a convolution gives for (B, C, H, W)."""
    height, width = (
        size + 2 * pad - kernel + 1
        for size, pad, kernel in zip(
            x.shape[2:], convolution.padding, convolution.kernel_size, strict=True
        )
    )
    return height, width


def slide(x: Tensor, kernels: Tensor) -> Tensor:
    """Slide kernels over images in whole tiles.

    Only products of one row of a tile are held at once, as no more of them stay in the cache.

    Args:
        x: (B, rows * m + k - 1, columns * m + k - 1, C).
        kernels: (groups, t * t, C / groups, out / groups), as `transformed` gives them.

    Returns:
        (B, rows * m, columns * m, out).
    """
    groups, products, _, part = kernels.shape
    side, channels = math.isqrt(products), groups * part
    to_input, _, to_output = matrices(side - TILE + 1, x.dtype)
    bands = x.unfold(1, side, TILE).permute(4, 0, 1, 2, 3)  # (t, B, rows, W, C)
    batch, rows = bands.shape[1:3]
    columns = (x.shape[2] - side) // TILE + 1
    out = x.new_empty(batch, rows, TILE, columns, TILE, channels)
    kernels = kernels.unflatten(1, (side, side))
    for here in chunks(batch, rows, columns):
        band = bands[:, *here]
        band = (to_input @ band.reshape(side, -1)).view(band.shape)
        tiles = band.unfold(3, side, TILE).permute(0, 5, 1, 2, 3, 4)
        count = math.prod(tiles.shape[2:5])
        product = x.new_empty(side, count, part)
        across = x.new_empty(groups, side, TILE, count * part)
        for row in range(side):
            inputs = (to_input @ tiles[row].reshape(side, -1)).view(side, count, -1)
            for group, of_group in enumerate(inputs.chunk(groups, dim=2)):
                torch.bmm(of_group, kernels[group, row], out=product)
                torch.mm(to_output, product.flatten(1), out=across[group, row])
        place = out[here].permute(2, 4, 0, 1, 3, 5)  # (m, m, images, rows, columns, out)
        for group, outputs in enumerate(place.chunk(groups, dim=-1)):
            outputs.copy_((to_output @ across[group].flatten(1)).view(outputs.shape))
    return out.view(batch, rows * TILE, columns * TILE, channels)


def transformed(weight: Tensor, groups: int) -> Tensor:
    """(out, C / groups, k, k) -> a matrix per group and product, in the weight's type."""
    _, to_kernel, _ = matrices(weight.shape[-1], weight.dtype)
    kernels = transform(to_kernel, weight.permute(2, 3, 0, 1))  # (t * t, out, C / groups)
    return kernels.unflatten(1, (groups, -1)).permute(1, 0, 3, 2)


def tiles_of(x: Tensor, side: int) -> Tensor:
    """(B, H, W, C) -> a view (side, side, B, rows, columns, C), a tile every m cells."""
    return x.unfold(1, side, TILE).unfold(2, side, TILE).permute(4, 5, 0, 1, 2, 3)


def transform(matrix: Tensor, tiles: Tensor) -> Tensor:
    """A matrix (t, side) on both axes of tiles (side, side, ..., C) -> (t * t, tiles, C)."""
    side, channels = tiles.shape[0], tiles.shape[-1]
    down = matrix @ tiles.reshape(side, -1)
    across = torch.matmul(matrix, down.view(len(matrix), side, -1))
    return across.view(len(matrix) ** 2, -1, channels)


def chunks(batch: int, rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """Images and rows of tiles to take at once, in parts of about the same size."""
    tiles = rows * columns
    parts = -(-batch * tiles // AT_ONCE)
    images = max(1, -(-batch // parts))
    step = rows if tiles <= AT_ONCE else -(-rows // -(-tiles // AT_ONCE))
    for first in range(0, batch, images):
        for top in range(0, rows, step):
            yield slice(first, first + images), slice(top, top + step)


@cache
def matrices(kernel: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Those of `transforms` for tiles of m outputs."""
    return tuple(torch.from_numpy(matrix).to(dtype) for matrix in transforms(TILE, kernel))


@cache
def transforms(outputs: int, kernel: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cook-Toom: matrices B^T (t, t), G (t, kernel), A^T (outputs, t) in float64, t = both - 1.

    y = A^T [(G g) * (B^T d)] is the correlation of the signal d (t,) with the kernel g.
    """
    size = outputs + kernel - 1
    points = [Fraction(point) for point in POINTS[: size - 1]]
    powers = [[point**power for power in range(size)] for point in points]
    # The product of polynomials, transposed: evaluation at the points, the last one infinity.
    to_output = [[row[power] for row in powers] + [Fraction(0)] for power in range(outputs)]
    to_output[-1][-1] = Fraction(1)
    to_kernel = [row[:kernel] for row in powers] + [[Fraction(0)] * (kernel - 1) + [Fraction(1)]]
    evaluate = [list(row) for row in powers] + [[Fraction(0)] * (size - 1) + [Fraction(1)]]
    to_input = np.linalg.inv(np.array(evaluate, dtype=np.float64)).T
    # A factor may be moved from one matrix to the other: whole numbers on the input side are exact.
    scales = [np.abs(row[np.abs(row) > 1e-12]).min() for row in to_input]
    to_input = to_input / np.array(scales)[:, None]
    to_kernel = np.array(to_kernel, dtype=np.float64) * np.array(scales)[:, None]
    return to_input, to_kernel, np.array(to_output, dtype=np.float64)
