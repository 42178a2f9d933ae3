"""Pooling and rectifying at once, for bfloat16 on CPUs.

A number in bfloat16 that is not negative is as large as its 16 bits are as a whole number; those of
a negative one are a negative whole number. So the largest of a window and 0 may be sought among
whole numbers, whose instructions take a fifth of the time, and it is sought along columns and then
along rows.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RectifiedMaxPool2d(nn.Module):
    """`nn.MaxPool2d` and `nn.ReLU`, in whichever order: the same numbers, for those that are any.

    Args:
        pool: with square windows.
    """

    def __init__(self, pool: nn.MaxPool2d):
        super().__init__()
        self.size, self.stride, self.padding = pool.kernel_size, pool.stride, pool.padding

    @staticmethod
    def fits(pool: nn.Module) -> bool:
        return (
            isinstance(pool, nn.MaxPool2d)
            and all(isinstance(n, int) for n in (pool.kernel_size, pool.stride, pool.padding))
            and pool.dilation == 1
            and not pool.ceil_mode
            and not pool.return_indices
            and pool.kernel_size > 1
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) bfloat16, channels last in memory -> (B, C, h, w), the same."""
        x = x.view(torch.int16)
        if self.padding:
            x = F.pad(x, (self.padding,) * 4)
        largest = self._along(self._along(x, 2), 3)
        return largest.clamp_min_(0).view(torch.bfloat16)

    def _along(self, x: Tensor, axis: int) -> Tensor:
        """The largest of each window along one axis."""
        count = (x.shape[axis] - self.size) // self.stride + 1
        length = (count - 1) * self.stride + 1
        first, second, *more = (
            x[(slice(None),) * axis + (slice(begin, begin + length, self.stride),)]
            for begin in range(self.size)
        )
        largest = torch.maximum(first, second)
        for part in more:
            torch.maximum(largest, part, out=largest)
        return largest


def rectify_pools(module: nn.Module) -> None:
    """Join each pooling to the rectification before or after it in an `nn.Sequential`, in place."""
    for sequence in module.modules():
        if type(sequence) is not nn.Sequential:
            continue
        # A part that is there twice, `named_children` gives once.
        every = sequence._modules.items()
        parts = [pair for pair in every if not isinstance(pair[1], nn.Identity)]
        for pair in pairwise(parts):
            for (place, pool), (other, relu) in (pair, pair[::-1]):
                if RectifiedMaxPool2d.fits(pool) and isinstance(relu, nn.ReLU):
                    setattr(sequence, place, RectifiedMaxPool2d(pool))
                    setattr(sequence, other, nn.Identity())
