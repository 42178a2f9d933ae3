"""The tracker's network in three parts that know no files: what `chromatrack export` writes.

Patches of T targets come as (T, ...), S search patches of each as (T, S, ...): both numbers are
free in a graph that was traced.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from chromatrack.models.siamfc import RESPONSE_SCALE


class ExemplarPart(nn.Module):
    """Embeds exemplars.

    Args:
        module: a branch.
        call: its embedding: `call(module, patches)`.
    """

    def __init__(self, module: nn.Module, call: Callable[[nn.Module, Tensor], Tensor]):
        super().__init__()
        self.module, self.call = module, call

    def forward(self, patches: Tensor) -> Tensor:
        """(T, channels, 127, 127) -> (T, C, h, w)."""
        return self.call(self.module, patches)


class SearchPart(ExemplarPart):
    """Embeds search patches."""

    def forward(self, patches: Tensor) -> Tensor:
        """(T, S, channels, 255, 255) -> (T, S, C, H, W)."""
        return self.call(self.module, patches.flatten(0, 1)).unflatten(0, patches.shape[:2])


class MapPart(nn.Module):
    """Cross-correlation as one matrix product; equal to `siamfc.cross_correlate`.

    What belongs to one shift is gathered by an index that depends on the sizes alone. The strided
    view of `models/correlation.py`, which reads the same numbers, is none that a graph can hold.

    Args:
        exemplar: (h, w) cells.
        search: (H, W) cells.
    """

    def __init__(self, exemplar: tuple[int, int], search: tuple[int, int]):
        super().__init__()
        (h, w), (height, width) = exemplar, search
        self.size = (height - h + 1, width - w + 1)
        cells = torch.arange(height * width).view(height, width)
        seen = cells.unfold(0, h, 1).unfold(1, w, 1).reshape(-1, h * w)  # of each shift
        self.register_buffer("shifts", seen * (h * w) + torch.arange(h * w))

    def forward(self, exemplar: Tensor, search: Tensor) -> Tensor:
        """Embeddings (T, C, h, w), (T, S, C, H, W) -> score maps (T, S, H - h + 1, W - w + 1)."""
        targets, patches, channels = search.shape[:3]
        cells = search.permute(0, 1, 3, 4, 2).reshape(targets, -1, channels)
        products = torch.bmm(cells, exemplar.flatten(2)).reshape(targets, patches, -1)
        shifted = products[..., self.shifts.flatten()]
        shifted = shifted.reshape(targets, patches, *self.size, self.shifts.shape[1])
        return shifted.sum(dim=-1) * RESPONSE_SCALE
