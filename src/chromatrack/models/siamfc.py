"""SiamFC: one trunk on both patches, and their cross-correlation (thesis 3.1)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

RESPONSE_SCALE = 0.001


def cross_correlate(exemplar: Tensor, search: Tensor) -> Tensor:
    """Slide each exemplar over its search embedding.

    Args:
        exemplar: (N, C, h, w).
        search: (M, C, H, W), M a multiple of N; search i belongs to exemplar i % N.

    Returns:
        (M, 1, H - h + 1, W - w + 1) inner products.
    """
    count, channels, height, width = search.shape
    kernels = exemplar.shape[0]
    grouped = search.reshape(-1, kernels * channels, height, width)
    response = F.conv2d(grouped, exemplar, groups=kernels)
    return response.reshape(count, 1, *response.shape[-2:])


class SiamFC(nn.Module):
    """The trunk with the cross-correlation, scaled by 0.001 as siamfc-pytorch does.

    `backbone` is the name that siamfc-pytorch gives the trunk.
    """

    def __init__(self, *, backbone: nn.Module):
        super().__init__()
        self.backbone = backbone

    def embed(self, patch: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, C, s, s)."""
        return self.backbone(patch)

    def respond(self, exemplar: Tensor, search: Tensor) -> Tensor:
        """Embeddings (N, C, 6, 6) and (M, C, s, s) -> score maps (M, 1, s - 5, s - 5)."""
        return cross_correlate(exemplar, search) * RESPONSE_SCALE

    def forward(self, exemplar_patch: Tensor, search_patch: Tensor) -> Tensor:
        """(B, 3, 127, 127) and (B, 3, S, S) -> score maps (B, 1, n, n), 17x17 for S = 255."""
        return self.respond(self.embed(exemplar_patch), self.embed(search_patch))
