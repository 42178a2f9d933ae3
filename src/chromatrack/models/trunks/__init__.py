"""Trunks of the colorization network: one file each, and the name of the file is its name.

A file has `build(*, in_channels, width, padding)`, which gives a module with

    forward      (B, in_channels, H, W) -> (B, out_channels, h, w)
    middle       the same input -> features before the last layers, on the same h x w cells
    features     the same input and a depth of 2, 3 or 4 -> what that layer gives, on those cells
    sees         depth -> side in pixels of what one of its cells sees
    unpadded     depth, size of the image -> range of the cells that see no padding
    channels     channels of the layers; depth d has channels[d - 1]
    out_channels channels of the output
    stride       total stride in pixels
    cut          end with the layer of that depth: of trunks for public weights, which are used up
                 to one
    margin       pixels of padding that an image needs all around to give one cell per block of
                 stride x stride pixels; 0 for a trunk that pads inside

`in_channels` is 1 for grey, 3 for colours, whose scaling a checkpoint says (`models/inputs.py`);
`width` multiplies all channel counts (`scaled`); `padding` is `zeros` or `reflect`. An image of
255 px must have 16 cells more to a side than one of 127 px: 17x17 places to compare. Settings list
the names without importing a file, hence without torch.
"""

from __future__ import annotations

import pkgutil

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def scaled(channels: tuple[int, ...], width: float) -> tuple[int, ...]:
    """Channel counts times `width`, rounded to multiples of 8; 16 at least.

    With 8 channels the backward pass of a channels-last 1x1 convolution of stride 2 crashes the
    process (PyTorch 2.15 on a CPU).
    """
    return tuple(max(16, 8 * round(count * width / 8)) for count in channels)
