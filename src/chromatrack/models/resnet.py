"""The ResNet trunk of the colorization network: total stride 8 (thesis Table 3.3)."""

from __future__ import annotations

from torch import Tensor, nn

CHANNELS = (64, 128, 256, 256)
STRIDES = (1, 2, 1, 1)


class ResNet(nn.Module):
    """Residual trunk without the last pooling: 256 px -> 32x32, 255 -> 32x32, 127 -> 16x16.

    Args:
        in_channels: 1 for grey.
        channels: output channels of the four stages; a bottleneck has a quarter of them inside.
        blocks: residual blocks of the four stages; (2, 2, 2, 2) is ResNet-18.
        bottleneck: blocks of 1x1, 3x3, 1x1, as from ResNet-50 on, and not of two 3x3.
        padding: of the convolutions, `zeros` or `reflect`; zeros tell a cell how far the edge of
            the frame is, which later work found to distract from its content.
        pooled: the stem ends with a pooling of stride 2. Without, the total stride is 4.
        narrowed: output channels of a convolution that the last stage then ends with; None: none.
    """

    margin = 0

    def __init__(
        self,
        *,
        in_channels: int = 1,
        channels: tuple[int, ...] = CHANNELS,
        blocks: tuple[int, ...] = (2, 2, 2, 2),
        bottleneck: bool = False,
        padding: str = "zeros",
        pooled: bool = True,
        narrowed: int | None = None,
    ):
        super().__init__()
        self.channels = channels if narrowed is None else (*channels[:-1], narrowed)
        self.blocks = blocks
        self.bottleneck = bottleneck
        self.out_channels = self.channels[-1]
        self.pooled, self.narrowed = pooled, narrowed
        self.stride = 8 if pooled else 4
        before = channels[0] // 4 if bottleneck else channels[0]
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, before, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(before),
            nn.ReLU(inplace=True),
            *([nn.MaxPool2d(3, stride=2, padding=1)] if pooled else []),
        )
        stages = []
        for width, stride, count in zip(channels, STRIDES, blocks, strict=True):
            stages.append(_stage(before, width, stride=stride, blocks=count, narrow=bottleneck))
            before = width
        if narrowed is not None:
            stages[-1].append(nn.Conv2d(before, narrowed, 3, padding=1))
        self.stages = nn.Sequential(*stages)
        for module in self.modules():
            # torchvision's blocks take no such argument; a 1x1 convolution pads nothing.
            if isinstance(module, nn.Conv2d) and any(module.padding):
                module.padding_mode = padding

    def cut(self, depth: int) -> None:
        """End with the stage of that number; what came after it is gone."""
        self.stages = self.stages[:depth]
        self.channels = self.channels[:depth]
        self.blocks = self.blocks[:depth]
        self.out_channels = self.channels[-1]

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels[-1], H / stride, W / stride)."""
        return self.stages(self.stem(x))

    def middle(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels[1], h, w): output of the second stage."""
        return self.features(x, 2)

    def features(self, x: Tensor, depth: int) -> Tensor:
        """Output of the stage of that number, 2 to 4: (B, channels[depth - 1], h, w)."""
        return self.stages[:depth](self.stem(x))

    def sees(self, depth: int) -> int:
        """Side in pixels of what a cell of `features` sees; its centre is at `stride` times its
        index."""
        side, jump = 7, 2  # the stem: 7x7, then perhaps a pooling of 3x3, both with stride 2
        if self.pooled:
            side, jump = side + 2 * jump, 2 * jump
        wide = 1 if self.bottleneck else 2  # filters of 3x3 in a block; the first has the stride
        for stride, count in zip(STRIDES[:depth], self.blocks[:depth], strict=True):
            side += 2 * jump
            jump *= stride
            side += (wide * count - 1) * 2 * jump
        if self.narrowed is not None and depth == len(STRIDES):
            side += 2 * jump
        return side

    def unpadded(self, depth: int, size: int) -> range:
        """Cells of `features` that see nothing but the image, of a side of `size` pixels."""
        reach = (self.sees(depth) - 1) // 2
        return range(-(-reach // self.stride), (size - 1 - reach) // self.stride + 1)


def _stage(before: int, width: int, *, stride: int, blocks: int, narrow: bool) -> nn.Sequential:
    # Only where a ResNet is built: the import costs a second and more, which every job would pay.
    from torchvision.models.resnet import BasicBlock, Bottleneck

    block = Bottleneck if narrow else BasicBlock
    inside = width // block.expansion
    shortcut = None
    if stride != 1 or before != width:
        shortcut = nn.Sequential(
            nn.Conv2d(before, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width)
        )
    first = block(before, inside, stride, shortcut)
    return nn.Sequential(first, *(block(width, inside) for _ in range(blocks - 1)))
