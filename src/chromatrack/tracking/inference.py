"""A network as the tracker runs it: the same numbers up to rounding, in less time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from chromatrack.models.paired import PairedConv2d
from chromatrack.models.pooled import rectify_pools
from chromatrack.models.winograd import WinogradConv2d
from chromatrack.models.winograd_rows import RowWinogradConv2d
from chromatrack.patches import EXEMPLAR_SIZE

Precision = Literal[32, "bf16"]

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)
NORMALIZATIONS = (nn.BatchNorm2d, nn.BatchNorm3d)


class Prepared:
    """A function of a network, prepared for inference; the network itself is left as it is.

    Normalisations are folded into their convolutions. On a CPU, convolutions that have one take a
    way of fewer products (Winograd's, pixels in pairs). `bf16` converts the weights, and pools
    whole numbers; what comes in and out is float32 all the same.

    Args:
        module: in eval mode.
        call: what to compute: `call(module, tensor)`.
        channels: of the input.
        bytes_in: what comes in are bytes, 0 to 255, as they are. `bf16` takes 128 from them: they
            stay exact, and the bias of the first convolution, which is rounded, becomes small.
    """

    def __init__(
        self,
        module: nn.Module,
        call: Callable[[nn.Module, Tensor], Tensor],
        *,
        channels: int,
        device: torch.device,
        precision: Precision = 32,
        bytes_in: bool = False,
    ):
        self._call = call
        self._device = device
        self._kind = torch.bfloat16 if precision == "bf16" else torch.float32
        module = copy.deepcopy(module).eval()
        example = torch.zeros(1, channels, EXEMPLAR_SIZE, EXEMPLAR_SIZE)
        fold_batch_norm(module, lambda: call(module, example))
        self._shift = 0
        if (
            precision == "bf16"
            and bytes_in
            and shift_input(module, lambda: call(module, example), 128)
        ):
            self._shift = 128
        if device.type == "cpu":
            ways = (WinogradConv2d,) if precision == 32 else (RowWinogradConv2d, PairedConv2d)
            for way in ways:
                replace_convolutions(module, way)
            if precision == "bf16":
                rectify_pools(module)
        self._module = module.to(device, self._kind)
        for part in module.modules():
            if isinstance(part, nn.Conv2d):  # patches come channels-last; the 3-D head cannot be
                part.to(memory_format=torch.channels_last)

    def __call__(self, patches: Tensor) -> Tensor:
        """(B, channels, S, S) float32 on any device -> float32 embeddings on the network's."""
        if self._shift:
            patches = patches - self._shift
        patches = patches.to(self._device, self._kind)
        if self._device.type == "cpu":
            return self._call(self._module, patches).float()
        # 32 means 32: TF32, which cuDNN takes by default, has the mantissa of float16.
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            return self._call(self._module, patches).float()


@torch.no_grad()
def fold_batch_norm(module: nn.Module, run: Callable[[], Tensor]) -> None:
    """Fold each normalisation into the convolution that feeds it, in place.

    Which one that is, is seen while `run` passes an example through the network: no trunk has to
    say it or to follow a pattern.
    """
    made: dict[int, tuple[nn.Module, Tensor]] = {}
    pairs: dict[nn.Module, nn.Module] = {}

    def note(convolution: nn.Module, _, output: Tensor) -> None:
        made[id(output)] = (convolution, output)  # kept alive, so that no id is given twice

    def match(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        if id(inputs[0]) in made:
            pairs[norm] = made[id(inputs[0])][0]

    parts = list(module.modules())
    handles = [p.register_forward_hook(note) for p in parts if isinstance(p, CONVOLUTIONS)]
    handles += [p.register_forward_pre_hook(match) for p in parts if isinstance(p, NORMALIZATIONS)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    for norm, convolution in pairs.items():
        convolution.weight, convolution.bias = fuse_conv_bn_weights(
            convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps,
            norm.weight, norm.bias,
        )  # fmt: skip
    _replace(module, lambda part: nn.Identity() if part in pairs else None)


@torch.no_grad()
def shift_input(module: nn.Module, run: Callable[[], Tensor], by: float) -> bool:
    """Have the first convolution expect its input less `by`, in place.

    Which one that is, is seen while `run` passes an example through the network.

    Returns:
        False where zeros are put around the input: they would be shifted too.
    """
    seen: list[nn.Module] = []
    parts = [part for part in module.modules() if isinstance(part, CONVOLUTIONS)]
    handles = [part.register_forward_pre_hook(lambda part, _: seen.append(part)) for part in parts]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    first = seen[0]
    if any(first.padding) or first.bias is None:
        return False
    first.bias += by * first.weight.flatten(1).sum(1)
    return True


Way = type[WinogradConv2d | RowWinogradConv2d | PairedConv2d]
"""Of computing a convolution with fewer products."""


def replace_convolutions(module: nn.Module, way: Way) -> None:
    """Replace the convolutions that can be computed in that way, in place."""
    _replace(module, lambda part: way(part) if way.fits(part) else None)


def _replace(module: nn.Module, new: Callable[[nn.Module], nn.Module | None]) -> None:
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            replacement = new(child)
            if replacement is not None:
                setattr(parent, name, replacement)
