"""Tables 3.1, 3.3 and 5.8: the networks, read off the modules that are trained here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from chromatrack import published
from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE
from chromatrack.reporting.manifest import BASELINE_LABEL
from chromatrack.reporting.thesis_tables.source import Source
from chromatrack.reporting.thesis_tables.table import (
    HERE,
    PUBLISHED,
    THESIS,
    Cell,
    ThesisTable,
    sentences,
)
from chromatrack.settings.experiments import BASELINE

FRAMES, SIDE = 4, 256
"""Of a sample of the colorization network: frames, and pixels of a side."""


def alexnet(source: Source) -> ThesisTable:
    """Table 3.1: the original AlexNet as printed, and ours from a forward pass."""
    ours = _alexnet_here()
    rows = []
    for i, (original, thesis) in enumerate(
        zip(published.ALEXNET_ORIGINAL, published.ALEXNET_MODIFIED, strict=True), start=1
    ):
        here = ours[i - 1] if i <= len(ours) else ("removed", *(None,) * 5)
        rows.append((i, *original, *here, *thesis[4:]))
    printed = [thesis[:4] for thesis in published.ALEXNET_MODIFIED[: len(ours)]]
    same = [here[:4] for here in ours] == printed
    first, exemplar, search = ours[0][4], ours[-1][5], ours[-1][4]
    return ThesisTable(
        name="table-3.1",
        title="Original and modified AlexNet (thesis Table 3.1)",
        header=(
            "layer",
            *(f"original (published): {one}" for one in ("type", "kernel", "s", "p", "output")),
            *(f"here: {one}" for one in ("type", "kernel", "s", "p")),
            f"here: search {SEARCH_SIZE}", f"here: exemplar {EXEMPLAR_SIZE}",
            "thesis: “Search Output”", "thesis: “Exemplar Output”",
        ),
        rows=tuple(rows),
        note="The thesis's headings of its two outputs are swapped: what it prints under “Search "
        "Output” is the exemplar's. Its 192, 192 and 128 channels are those of one of two groups "
        "in the SiamFC paper; the code that was run has 384, 384 and 256, as here "
        "(siamfc.channels: as_written takes the printed ones). Here the search image of "
        f"{SEARCH_SIZE} pixels gives {first} to {search}, the exemplar of {EXEMPLAR_SIZE} pixels "
        f"{exemplar}, from a forward pass at full width. s: stride, p: padding. Types, kernels, s "
        f"and p here are {'' if same else 'not '}those that the thesis prints.",
    )  # fmt: skip


def _alexnet_here() -> list[tuple[Cell, ...]]:
    """Type, kernel, stride, padding, search output, exemplar output of each layer."""
    # Only where networks are asked for: the import costs seconds, which every table would pay.
    import torch
    from torch import nn

    from chromatrack.models.build import build_siamfc
    from chromatrack.models.layers import list_layers

    with torch.device("meta"):
        backbone = build_siamfc().backbone
        search = list_layers(backbone, 1, 3, SEARCH_SIZE, SEARCH_SIZE)
        exemplar = list_layers(backbone, 1, 3, EXEMPLAR_SIZE, EXEMPLAR_SIZE)
    # In the order in which the layers are made, which is that in which they are run.
    made = [one for one in backbone.modules() if isinstance(one, nn.Conv2d | nn.MaxPool2d)]
    names = {nn.Conv2d: "CONV", nn.MaxPool2d: "MPOOL"}
    return [
        (
            names[type(module)], _times(large.kernel), large.stride[0],
            module.padding if isinstance(module.padding, int) else module.padding[0],
            _size(large.output), _size(small.output),
        )
        for module, large, small in zip(made, search, exemplar, strict=True)
    ]  # fmt: skip


def colorizer(source: Source) -> ThesisTable:
    """Table 3.3: the colorization network with ResNet-18, at full width."""
    parts = _colorizer_here()
    empty = (None,) * 5
    rows = [
        (part, *here, *thesis)
        for part, ours in parts.items()
        for here, thesis in zip_longest(ours, published.COLORIZATION_LAYERS[part], fillvalue=empty)
    ]
    columns = ("filter type", "filter size", "filters", "stride", "dilation")
    return ThesisTable(
        name="table-3.3",
        title="The colorization network (thesis Table 3.3)",
        header=("part", *(f"here: {one}" for one in columns),
                *(f"thesis: {one}" for one in columns)),
        rows=tuple(rows),
        note="A residual row is a stage of two blocks; its stride is that of the first. The thesis "
        "prints the stride of 2 at the first residual stage, the code that was run has it at the "
        "second: the total stride is 8 either way. It prints the dilation at the 3×1×1 filters as "
        "1×d×d, where they are one cell wide, and ends with a sixth pair; the code that was run "
        "dilates both filters of five pairs, 1×d×d and d×1×1, and ends with 1×1×1, as here.",
    )  # fmt: skip


def _colorizer_here() -> dict[str, list[tuple[Cell, ...]]]:
    """Part of the network -> type, size, number, stride, dilation of each layer or stage."""
    import torch

    from chromatrack.models.build import build_colorizer
    from chromatrack.models.layers import list_layers

    with torch.device("meta"):
        network = build_colorizer(trunk="resnet18")
        trunk, head = network.trunk, network.head
        side = SIDE // trunk.stride
        flat = list_layers(trunk, 1, 1, SIDE, SIDE)
        deep = list_layers(head, 1, FRAMES, trunk.out_channels, side, side)
    # Of the blocks of a stage the first stands for all.
    stem = len(flat) - sum(len(stage) for stage in trunk.stages)
    kept, at = flat[:stem], stem
    for stage in trunk.stages:
        kept.append(flat[at])
        at += len(stage)
    names = {"convolution": "Convolutional", "max pool": "MaxPool", "residual": "Residual"}

    def cells(layer) -> tuple[Cell, ...]:
        count = None if layer.kind == "max pool" else layer.output[0]
        return (names[layer.kind], _times(layer.kernel), count, max(layer.stride),
                _times(layer.dilation))  # fmt: skip

    trunk_rows, head_rows = ([cells(layer) for layer in layers] for layers in (kept, deep))
    return dict(zip(published.COLORIZATION_LAYERS, (trunk_rows, head_rows), strict=True))


def methods(source: Source) -> ThesisTable:
    """Table 5.8: the architectures of the trackers that are compared."""
    listed = [(name, backbone, PUBLISHED) for name, backbone in published.ARCHITECTURES.items()]
    listed += [(published.COMBINED, one, THESIS) for one in published.COMBINED_ARCHITECTURES]
    kinds = source.manifest.experiments
    rows = source.manifest.rows
    ours = []
    if any(row.experiment == BASELINE for row in rows):
        ours.append((BASELINE_LABEL, "modified AlexNet", HERE))
    ours += [(f"experiment {name}", kind, HERE) for name, kind in kinds.items()]
    told = source.here() if ours else source.without("experiment")
    return ThesisTable(
        name="table-5.8",
        title="Architectures of the methods (thesis Table 5.8)",
        header=("method", "backbone", "source"),
        rows=(*listed, *ours),
        note=sentences(
            "The thesis says “5 Layer 3DConv” of its combined method; the code that was run tracks "
            "with the 2-D trunk alone, and so does this one unless it is told otherwise.",
            "Beside the modified AlexNet each experiment here has what is named." if kinds else "",
            told,
        ),
    )  # fmt: skip


def _times(numbers: Sequence[int]) -> str:
    return "×".join(str(number) for number in numbers)


def _size(output: Sequence[int]) -> str:
    """Channels last, as the thesis prints it."""
    return _times((*output[1:], output[0]))
