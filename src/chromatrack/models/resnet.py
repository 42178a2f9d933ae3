"""The ResNet trunk of the colorization network: total stride 8 (thesis Table 3.3)."""

from __future__ import annotations

from torch import Tensor, nn

CHANNELS = (64, 128, 256, 256)
STRIDES = (1, 2, 1, 1)


class ResNet(nn.Module):
    """Residual trunk without the last pooling: 256 px -> 32x32, 255 -> 32x32, 127 -> 16x16.

    Args:
        in_channels: 1 for grey.
        channels: output channels of the four stages.
        blocks: residual blocks of the four stages; (2, 2, 2, 2) is ResNet-18.
        padding: of the convolutions, `zeros` or `reflect`; zeros tell a cell how far the edge of
            the frame is, which later work found to distract from its content.
    """

    stride = 8
    margin = 0

    def __init__(
        self,
        *,
        in_channels: int = 1,
        channels: tuple[int, ...] = CHANNELS,
        blocks: tuple[int, ...] = (2, 2, 2, 2),
        padding: str = "zeros",
    ):
        super().__init__()
        self.channels = channels
        self.blocks = blocks
        self.out_channels = channels[-1]
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, channels[0], 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(channels[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        stages, before = [], channels[0]
        for width, stride, count in zip(channels, STRIDES, blocks, strict=True):
            stages.append(_stage(before, width, stride=stride, blocks=count))
            before = width
        self.stages = nn.Sequential(*stages)
        for module in self.modules():
            # torchvision's blocks take no such argument; a 1x1 convolution pads nothing.
            if isinstance(module, nn.Conv2d) and any(module.padding):
                module.padding_mode = padding

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels[-1], H / 8, W / 8)."""
        return self.stages(self.stem(x))

    def middle(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels[1], H / 8, W / 8): output of the second stage."""
        return self.features(x, 2)

    def features(self, x: Tensor, depth: int) -> Tensor:
        """Output of the stage of that number, 2 to 4: (B, channels[depth - 1], H / 8, W / 8)."""
        return self.stages[:depth](self.stem(x))

    def sees(self, depth: int) -> int:
        """Side in pixels of what a cell of `features` sees; its centre is at 8 times its index."""
        side, jump = 7 + 2 * 2, 4  # the stem: 7x7, then a pooling of 3x3, both with stride 2
        for stride, count in zip(STRIDES[:depth], self.blocks[:depth], strict=True):
            side += 2 * jump
            jump *= stride
            side += (2 * count - 1) * 2 * jump
        return side

    def unpadded(self, depth: int, size: int) -> range:
        """Cells of `features` that see nothing but the image, of a side of `size` pixels."""
        reach = (self.sees(depth) - 1) // 2
        return range(-(-reach // self.stride), (size - 1 - reach) // self.stride + 1)


def _stage(before: int, width: int, *, stride: int, blocks: int) -> nn.Sequential:
    # Only where a ResNet is built: the import costs a second and more, which every job would pay.
    from torchvision.models.resnet import BasicBlock

    shortcut = None
    if stride != 1 or before != width:
        shortcut = nn.Sequential(
            nn.Conv2d(before, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width)
        )
    first = BasicBlock(before, width, stride, shortcut)
    return nn.Sequential(first, *(BasicBlock(width, width) for _ in range(blocks - 1)))
