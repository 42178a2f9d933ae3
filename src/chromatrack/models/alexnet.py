"""The AlexNet of SiamFC: no padding, total stride 8 (thesis Table 3.1)."""

from __future__ import annotations

from torch import Tensor, nn

CHANNELS = {
    "as_run": (96, 256, 384, 384, 256),
    "as_written": (96, 256, 192, 192, 128),
}


class AlexNet(nn.Module):
    """Five convolutions without padding: 127 px -> 6x6, 255 px -> 22x22.

    The parameters carry the names of siamfc-pytorch (`conv1.0.weight` ...), so that its weights
    can be imported. BatchNorm has eps 1e-6 and momentum 0.05 as there; conv5 has none.

    Args:
        in_channels: 3 for RGB, 1 for grey.
        channels: output channels of the five convolutions; all but the first even.
    """

    stride = 8
    # Pixels of input on either side of the centre of an output cell: with as many pixels of
    # padding all around, an image of a multiple of 8 gives one cell per 8x8 block.
    margin = 40

    def __init__(self, *, in_channels: int = 3, channels: tuple[int, ...] = CHANNELS["as_run"]):
        super().__init__()
        c1, c2, c3, c4, c5 = channels
        self.channels = channels[1:]
        self.out_channels = c5
        self.conv1 = nn.Sequential(
            nn.Conv2d(in_channels, c1, 11, stride=2), *_norm_relu(c1, pooled=True)
        )
        self.conv2 = nn.Sequential(nn.Conv2d(c1, c2, 5, groups=2), *_norm_relu(c2, pooled=True))
        self.conv3 = nn.Sequential(nn.Conv2d(c2, c3, 3), *_norm_relu(c3))
        self.conv4 = nn.Sequential(nn.Conv2d(c3, c4, 3, groups=2), *_norm_relu(c4))
        self.conv5 = nn.Sequential(nn.Conv2d(c4, c5, 3, groups=2))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels[-1], h, w)."""
        return self.conv5(self._before_last(x))

    def middle(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels[-2], h, w): what the last convolution sees."""
        return self._before_last(x)[..., 1:-1, 1:-1]  # its cells; it pads nothing

    def features(self, x: Tensor, depth: int) -> Tensor:
        """Output of conv3, conv4 or conv5 for a depth of 2, 3 or 4: (B, channels, h, w)."""
        x = self.conv3(self.conv2(self.conv1(x)))
        for layer in (self.conv4, self.conv5)[: depth - 2]:
            x = layer(x)
        return x

    def sees(self, depth: int) -> int:
        """Side in pixels of what a cell of `features` sees."""
        return 2 * self.margin + 7 - 16 * (4 - depth)

    def unpadded(self, depth: int, size: int) -> range:
        """Cells of `features` that see nothing but the image: all, there is no padding."""
        return range((size - self.sees(depth)) // self.stride + 1)

    def _before_last(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.conv2(x)
        x = self.conv3(x)
        return self.conv4(x)


def _norm_relu(channels: int, *, pooled: bool = False) -> list[nn.Module]:
    """Normalisation, perhaps pooling, and the nonlinearity.

    The largest of a window stays the largest whether it is rectified before or after: values and
    gradients are the same, bit for bit, and a quarter of the numbers is left to rectify.
    """
    pool = [nn.MaxPool2d(3, stride=2)] if pooled else []
    return [nn.BatchNorm2d(channels, eps=1e-6, momentum=0.05), *pool, nn.ReLU(inplace=True)]
