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
        self.embed = ThinConv3d(channels, embedding, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, in_channels, H, W) -> (B, T, embedding, H, W)."""
        batch, frames, _, height, width = features.shape
        rows = positions(height, kind=self.position_kind, device=features.device)
        columns = positions(width, kind=self.position_kind, device=features.device)
        grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).to(features.dtype)
        grid = grid.expand(batch, frames, 2, height, width)
        x = torch.cat([features, grid], dim=2).transpose(1, 2)  # (B, C + 2, T, H, W)
        if x.device.type != "cpu":
            x = x.contiguous(memory_format=torch.channels_last_3d)
        return self.embed(self.blocks(x)).transpose(1, 2)


class ThinConv3d(nn.Conv3d):
    """A convolution of (1, k, k) or (k, 1, 1), which is one of two dimensions.

    On a GPU it is made as such: what cuDNN has for three dimensions is slower, in bf16 than in
    float32 (docs/gpu.md). Channels are filled up with zeros to a multiple of eight, which the
    matrix units take at a time. Of frames that are further apart than a sample is long nothing is
    computed, as they are zero.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, H, W)."""
        return super().forward(x) if x.device.type == "cpu" else self.flat(x)

    def flat(self, x: Tensor) -> Tensor:
        """`forward` in two dimensions; with channels last, no number is moved for it."""
        more = -x.shape[1] % 8
        weight = functional.pad(self.weight, (0, 0) * 3 + (0, more)) if more else self.weight
        x = functional.pad(x, (0, 0) * 3 + (0, more)) if more else x
        _, _, count, height, width = x.shape
        if self.kernel_size[0] == 1:
            return functional.conv2d(
                x.transpose(1, 2).flatten(0, 1), weight[:, :, 0], self.bias,
                padding=self.padding[1:], dilation=self.dilation[1:],
            ).unflatten(0, (-1, count)).transpose(1, 2)  # fmt: skip
        reach, padding = self.dilation[0], self.padding[0]
        if reach >= count and padding == reach:
            weight, padding = weight[:, :, 1:2], 0
        return functional.conv2d(
            x.flatten(3), weight[..., 0], self.bias, padding=(padding, 0), dilation=(reach, 1)
        ).unflatten(3, (height, width))  # fmt: skip


def _block(before: int, channels: int, dilation: int, *, temporal: bool) -> nn.Sequential:
    d = dilation
    layers = [
        ThinConv3d(before, channels, (1, 3, 3), dilation=(1, d, d), padding=(0, d, d), bias=False),
        nn.BatchNorm3d(channels),
        nn.ReLU(inplace=True),
    ]
    if temporal:
        layers += [
            ThinConv3d(
                channels, channels, (3, 1, 1), dilation=(d, 1, 1), padding=(d, 0, 0), bias=False
            ),
            nn.BatchNorm3d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
