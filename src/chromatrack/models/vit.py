"""Vision transformers of the DINO family as a trunk: their patches, upsampled to stride 8."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH = 16


class VisionTransformer(nn.Module):
    """Patches of 16 px, blocks of attention, and twice as many cells: 255 -> 32x32, 127 -> 16x16.

    The parameters carry the names of github.com/facebookresearch/dino. Positions are interpolated
    from those of its training, 14x14 patches; the class token is there and its output falls.

    Args:
        in_channels: 3 for RGB.
        channels: of a token.
        blocks: of attention, in four layers.
        heads: of attention.
        trained: patches to a side of the images in training.
    """

    stride = 8
    margin = 0

    def __init__(
        self,
        *,
        in_channels: int = 3,
        channels: int = 384,
        blocks: int = 12,
        heads: int = 6,
        trained: int = 14,
    ):
        super().__init__()
        self.channels = (channels,) * 4
        self.quarter = blocks // 4
        self.out_channels = channels
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(in_channels, channels, PATCH, PATCH)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, channels))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + trained**2, channels))
        for parameter in (self.cls_token, self.pos_embed):
            nn.init.trunc_normal_(parameter, std=0.02)
        self.blocks = nn.ModuleList(_Block(channels, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def cut(self, depth: int) -> None:
        """End with the layer of that number."""
        self.channels = self.channels[:depth]
        self.blocks = self.blocks[: self.quarter * depth]

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H / 8, W / 8)."""
        return self.features(x, len(self.channels))

    def middle(self, x: Tensor) -> Tensor:
        """The same input -> what half of the blocks give."""
        return self.features(x, 2)

    def features(self, x: Tensor, depth: int) -> Tensor:
        """Output of `depth` quarters of the blocks: (B, channels, H / 8, W / 8)."""
        cells = [-(-side // self.stride) for side in x.shape[-2:]]
        below, right = (-side % PATCH for side in x.shape[-2:])
        # Replicated, not zero: a border of another kind would tell a patch where it is.
        patches = self.patch_embed["proj"](F.pad(x, (0, right, 0, below), mode="replicate"))
        tokens = patches.flatten(2).transpose(1, 2)  # (B, h * w, channels)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], dim=1)
        tokens = tokens + self._positions(patches.shape[-2:])
        for block in self.blocks[: self.quarter * depth]:
            tokens = block(tokens)
        grid = self.norm(tokens)[:, 1:].transpose(1, 2).unflatten(2, patches.shape[-2:])
        fine = F.interpolate(grid, scale_factor=2, mode="bilinear", align_corners=False)
        return fine[..., : cells[0], : cells[1]]

    def sees(self, depth: int) -> float:
        """Side in pixels of what a cell sees: attention reaches all of the image."""
        return math.inf

    def unpadded(self, depth: int, size: int) -> range:
        """Cells that see no padding: all where the image is whole patches, none elsewhere."""
        return range(0 if size % PATCH else size // self.stride)

    def _positions(self, size: torch.Size) -> Tensor:
        """(1, 1 + h * w, channels): those of training, for the grid of this size."""
        side = math.isqrt(self.pos_embed.shape[1] - 1)
        if tuple(size) == (side, side):
            return self.pos_embed
        grid = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, (side, side))
        # The 0.1 is DINO's, against a size that is rounded down; it moves the values, too.
        scale = tuple((cells + 0.1) / side for cells in size)
        grid = F.interpolate(grid, scale_factor=scale, mode="bicubic", align_corners=False)
        return torch.cat([self.pos_embed[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


class _Block(nn.Module):
    """Attention, then two layers on each token, both added to what came in."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=1e-6)
        self.attn = _Attention(channels, heads)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(channels, 4 * channels), "fc2": nn.Linear(4 * channels, channels)}
        )

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(tokens))))


class _Attention(nn.Module):
    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        parts = self.qkv(tokens).unflatten(2, (3, self.heads, -1))  # (B, N, 3, heads, c)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, c)
        return self.proj(mixed.transpose(1, 2).flatten(2))
