"""A network as a list of its layers: what each is, how big its output is, what it has to learn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)
NORMALIZATIONS = (nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Layer:
    """One row of a table of layers.

    Attributes:
        kind: convolution, max pool, residual.
        kernel, stride, dilation: one number per axis (time first where there is time).
        output: shape without the batch: channels first.
        parameters: numbers to learn, those of the batch normalisation after it among them.
    """

    kind: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    output: tuple[int, ...]
    parameters: int


def count_parameters(module: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(parameter.numel() for parameter in module.parameters())


def list_layers(module: nn.Module, *shape: int) -> list[Layer]:
    """The layers that an input of this shape (with its batch) goes through, in order.

    Args:
        module: a network on the device `meta`, so that nothing is computed.
    """
    rows: list[Layer] = []
    handles = [part.register_forward_hook(_note(rows)) for part in _parts(module)]
    try:
        module(torch.empty(shape, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return rows


def _parts(module: nn.Module) -> list[nn.Module]:
    """Convolutions, poolings and normalisations, and residual blocks as a whole."""
    if _is_residual(module) or isinstance(module, (*CONVOLUTIONS, *NORMALIZATIONS, nn.MaxPool2d)):
        return [module]
    return [part for child in module.children() for part in _parts(child)]


def _is_residual(module: nn.Module) -> bool:
    from torchvision.models.resnet import BasicBlock, Bottleneck

    return isinstance(module, (BasicBlock, Bottleneck))


def _note(rows: list[Layer]):
    def hook(module: nn.Module, _, output: torch.Tensor) -> None:
        parameters = count_parameters(module)
        if isinstance(module, NORMALIZATIONS):
            rows[-1] = replace(rows[-1], parameters=rows[-1].parameters + parameters)
            return
        source = module
        if _is_residual(module):  # as its first filter of 3x3, which has the stride
            source = module.conv2 if hasattr(module, "conv3") else module.conv1
        kinds = {nn.MaxPool2d: "max pool", **dict.fromkeys(CONVOLUTIONS, "convolution")}
        axes = len(source.kernel_size) if isinstance(source, CONVOLUTIONS) else 2
        rows.append(
            Layer(
                kind=kinds.get(type(module), "residual"),
                kernel=_per_axis(source.kernel_size, axes),
                stride=_per_axis(source.stride, axes),
                dilation=_per_axis(source.dilation, axes),
                output=tuple(output.shape[1:]),
                parameters=parameters,
            )
        )

    return hook


def _per_axis(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * axes
