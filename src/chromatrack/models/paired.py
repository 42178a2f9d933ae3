"""Convolutions of colour pictures in bfloat16 on CPUs: pixels of a row two by two.

With a stride of two, every second pixel of a row can be a channel of the one before: six channels
in the place of three, and a kernel of half as many columns, one added at most. PyTorch takes less
time for it in bfloat16, though it is a few more products; in float32 it does not.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_KERNEL = 7
"""Columns; the one that is added to fewer costs what is saved."""


class PairedConv2d(nn.Module):
    """Equal to a convolution of stride 2 and three channels up to rounding; weights are fixed."""

    @staticmethod
    def fits(part: nn.Module) -> bool:
        return (
            isinstance(part, nn.Conv2d)
            and part.in_channels == 3
            and part.groups == 1
            and part.stride[1] == 2
            and part.dilation[1] == 1
            and part.kernel_size[1] >= SMALLEST_KERNEL
            and part.padding_mode == "zeros"
            and not isinstance(part.padding, str)
        )

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        rows, self.columns = convolution.kernel_size
        self.padding = convolution.padding[1]
        self.pairs = -(-self.columns // 2)
        self.paired = nn.Conv2d(
            2 * convolution.in_channels,
            convolution.out_channels,
            (rows, self.pairs),
            stride=(convolution.stride[0], 1),
            padding=(convolution.padding[0], 0),
            dilation=(convolution.dilation[0], 1),
            bias=convolution.bias is not None,
        ).requires_grad_(False)
        weight = F.pad(convolution.weight.detach(), (0, 2 * self.pairs - self.columns))
        weight = weight.unflatten(3, (self.pairs, 2)).permute(0, 4, 1, 2, 3).flatten(1, 2)
        self.paired.weight.copy_(weight)
        if convolution.bias is not None:
            self.paired.bias.copy_(convolution.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W), channels last in memory -> (B, out, H', W')."""
        outputs = (x.shape[3] + 2 * self.padding - self.columns) // 2 + 1
        width = 2 * (outputs - 1 + self.pairs)
        x = F.pad(x, (self.padding, width - x.shape[3] - self.padding))
        pairs = x.permute(0, 2, 3, 1).unflatten(2, (-1, 2)).flatten(3)
        return self.paired(pairs.permute(0, 3, 1, 2))
