"""The head of the colorization network (thesis Table 3.3, Figure 3.10)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DILATIONS = (1, 2, 4, 8, 16)


def positions(count: int, *, kind: str, device: torch.device | None = None) -> Tensor:
    """(count,) coordinates in [-1, 1] of the cells of one axis.

    `linspace` spaces them evenly; `without_zero` leaves the zero out, as Figure 3.10 prints it
    for eight cells (-1, -.75, -.5, -.25, .25, .5, .75, 1).
    """
    if kind == "linspace":
        return torch.linspace(-1, 1, count, device=device)
    with_zero = torch.linspace(-1, 1, count + 1, device=device)
    return torch.cat([with_zero[: (count + 1) // 2], with_zero[(count + 1) // 2 + 1 :]])


class EmbeddingHead(nn.Module):
    """Five blocks, dilated 1 to 16, then 1x1x1.

    Args:
        in_channels: channels of the trunk; two position channels are added.
        channels: channels of the blocks (256 in the thesis).
        embedding: channels of the output (64).
        position_kind: see `positions`.
        kind: `3d` has a spatial and a temporal convolution in each block, as the thesis; `2d` has
            the spatial one alone, so that the embedding of a frame depends on no other frame.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int = 256,
        embedding: int = 64,
        position_kind: str = "linspace",
        kind: str = "3d",
    ):
        super().__init__()
        if kind not in ("3d", "2d"):
            raise ValueError(f"head: expected 3d or 2d, got {kind!r}")
        self.position_kind = position_kind
        blocks, before = [], in_channels + 2
        for dilation in DILATIONS:
            blocks.append(_block(before, channels, dilation, temporal=kind == "3d"))
            before = channels
        self.blocks = nn.Sequential(*blocks)
        self.embed = nn.Conv3d(channels, embedding, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, in_channels, H, W) -> (B, T, embedding, H, W)."""
        batch, frames, _, height, width = features.shape
        rows = positions(height, kind=self.position_kind, device=features.device)
        columns = positions(width, kind=self.position_kind, device=features.device)
        grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).to(features.dtype)
        grid = grid.expand(batch, frames, 2, height, width)
        x = torch.cat([features, grid], dim=2).transpose(1, 2)  # (B, C + 2, T, H, W)
        return self.embed(self.blocks(x)).transpose(1, 2)


class FilledConv3d(nn.Conv3d):
    """A convolution of any number of channels, which a GPU is given as a multiple of eight.

    Its matrix units take eight at a time. Of the 514 that the first block has, an H100 made the
    gradient in 18 of the 33 ms of a step in bf16 (docs/gpu.md). What is added is zero.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, H, W)."""
        if x.device.type == "cpu":
            return super().forward(x)
        return self.filled(x)

    def filled(self, x: Tensor) -> Tensor:
        """`forward` with what is added."""
        more = (0, 0) * 3 + (0, -x.shape[1] % 8)
        weight = functional.pad(self.weight, more)
        return self._conv_forward(functional.pad(x, more), weight, self.bias)


def _block(before: int, channels: int, dilation: int, *, temporal: bool) -> nn.Sequential:
    d = dilation
    layers = [
        FilledConv3d(
            before, channels, (1, 3, 3), dilation=(1, d, d), padding=(0, d, d), bias=False
        ),
        nn.BatchNorm3d(channels),
        nn.ReLU(inplace=True),
    ]
    if temporal:
        layers += [
            nn.Conv3d(
                channels, channels, (3, 1, 1), dilation=(d, 1, 1), padding=(d, 0, 0), bias=False
            ),
            nn.BatchNorm3d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
