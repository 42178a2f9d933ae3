"""Convolutions with fewer multiplications (Winograd 1980; Lavin and Gray 2016), for CPUs.

A direct convolution runs at the peak of a core, so only fewer operations make it faster. A tile of
m x m outputs of a k x k convolution takes (m + k - 1)^2 products instead of m^2 k^2: 2.25 for each
output instead of 9 (m = 4, k = 3), 4 instead of 25 (k = 5). On GPUs cuDNN does the like by itself.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

TILE = 4
"""Outputs of a tile to a side."""
CHUNK = 1 << 20
"""Numbers of the product that are held at once: they have to stay in the cache."""
POINTS = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))
"""Where the polynomials are evaluated; infinity is one more. Small ones round least."""


class WinogradConv2d(nn.Module):
    """Equal to a convolution of stride 1 without dilation up to rounding; weights are fixed."""

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        weight = convolution.weight.detach()
        self.groups = convolution.groups
        self.kernel = weight.shape[-1]
        self.padding = convolution.padding
        self.padding_mode = convolution.padding_mode
        to_input, to_kernel, to_output = (
            torch.from_numpy(np.kron(matrix, matrix)) for matrix in transforms(TILE, self.kernel)
        )
        # (t * t, k * k) @ (k * k, out * in / groups) -> one matrix per product and group
        kernels = to_kernel @ weight.double().flatten(2).flatten(0, 1).T
        kernels = kernels.unflatten(1, (self.groups, -1, weight.shape[1])).permute(1, 0, 3, 2)
        self.register_buffer("kernels", kernels.float().contiguous())  # (g, t * t, in, out)
        self.register_buffer("to_input", to_input.float())
        self.register_buffer("to_output", to_output.float())
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
        batch, channels, height, width = x.shape
        height, width = (
            size + 2 * pad - self.kernel + 1
            for size, pad in zip((height, width), self.padding, strict=True)
        )
        rows, columns = -(-height // TILE), -(-width // TILE)
        x = self._padded(x, rows * TILE - height, columns * TILE - width).permute(0, 2, 3, 1)
        side = TILE + self.kernel - 1
        tiles = x.unfold(1, side, TILE).unfold(2, side, TILE)  # (B, rows, columns, C, t, t)
        tiles = tiles.permute(4, 5, 0, 1, 2, 3)
        out = x.new_empty(batch, rows, TILE, columns, TILE, self.groups * self.kernels.shape[-1])
        # As many rows of tiles at once as stay in the cache, but enough to be worth reading the
        # kernels for: those of 3 x 3 take four times the room of the weights.
        limit = max(CHUNK, self.kernels.numel())
        step = max(1, limit // (side * side * columns * out.shape[-1]))
        images = max(1, step // rows)
        for first in range(0, batch, images):
            for top in range(0, rows, step):
                here = slice(first, first + images), slice(top, top + step)
                part = tiles[:, :, *here]
                place = out[here].permute(2, 4, 0, 1, 3, 5)  # (m, m, images, rows, columns, out)
                self._tiles(part.reshape(side * side, -1, channels), place)
        if self.bias is not None:
            out += self.bias
        out = out.view(batch, rows * TILE, columns * TILE, -1)[:, :height, :width]
        return out.permute(0, 3, 1, 2)

    def _tiles(self, tiles: Tensor, place: Tensor) -> None:
        """(t * t, tiles, C) inputs -> outputs, written to their place (m, m, ..., out)."""
        inputs = (self.to_input @ tiles.flatten(1)).view(tiles.shape)
        groups = zip(
            inputs.chunk(self.groups, dim=2), self.kernels, place.chunk(self.groups, dim=-1),
            strict=True,
        )  # fmt: skip
        for part, kernels, outputs in groups:
            product = torch.bmm(part, kernels)
            outputs.copy_((self.to_output @ product.flatten(1)).view(outputs.shape))

    def _padded(self, x: Tensor, below: int, right: int) -> Tensor:
        """With the padding of the convolution, and up to whole tiles."""
        vertical, horizontal = self.padding
        if self.padding_mode != "zeros":
            x = F.pad(x, (horizontal, horizontal, vertical, vertical), mode=self.padding_mode)
            vertical = horizontal = 0
        return F.pad(x, (horizontal, horizontal + right, vertical, vertical + below))


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
