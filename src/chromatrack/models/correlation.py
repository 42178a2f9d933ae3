"""The cross-correlation of SiamFC as one matrix product, for many targets at once."""

from __future__ import annotations

import torch
from torch import Tensor


def correlate(exemplar: Tensor, search: Tensor) -> Tensor:
    """Slide each exemplar over its search embeddings; equal to `siamfc.cross_correlate`.

    Every cell of the search meets every cell of the exemplar in one product; what belongs to one
    shift lies on a diagonal of the result, which a strided view reads off.

    Args:
        exemplar: (T, C, h, w), one per target.
        search: (T * S, C, H, W), those of a target one after the other.

    Returns:
        (T * S, H - h + 1, W - w + 1) inner products.
    """
    targets, channels, h, w = exemplar.shape
    count, _, height, width = search.shape
    cells = search.permute(0, 2, 3, 1).reshape(targets, -1, channels)  # (T, S * H * W, C)
    products = torch.bmm(cells, exemplar.flatten(2)).view(count, height, width, h, w)
    image, row, column, inner, one = products.stride()
    shifts = products.as_strided(
        (count, height - h + 1, width - w + 1, h, w),
        (image, row, column, row + inner, column + one),
    )
    return shifts.sum(dim=(3, 4))
