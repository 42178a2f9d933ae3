"""The networks as text: thesis Tables 3.1 and 3.3 beside what is built here."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import torch

from chromatrack.errors import InputError
from chromatrack.models import trunks
from chromatrack.models.build import build_colorizer, build_siamfc
from chromatrack.models.layers import Layer, count_parameters, list_layers
from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE

THESIS = ("alexnet", "resnet18", "resnet34")
"""Trunks of the thesis; those for public weights have no table in it."""
FRAMES = 4
SIDE = 256

SIAMFC_NOTE = """\
Table 3.1 prints 192, 192 and 128 channels for the last three convolutions, which are the counts of
one of two groups in the SiamFC paper (D1). `siamfc.channels: as_written` takes them as they stand:
{written:,} parameters. Its headings `Search Output` and `Exemplar Output` are swapped; its first
output of the search image is {first}x{first} here as there."""

TRUNK_NOTE = """\
Table 3.3 prints the stride of 2 at the first residual stage; the code that was run has it at the
second (D26). The total stride is 8 either way. As printed, the first stage would need a 1x1
convolution on its shortcut: {printed:,} parameters."""

HEAD_NOTE = """\
Table 3.3 prints the dilation at the 3x1x1 filters, as 1xdxd, where they are one cell wide, and ends
with a sixth pair, 1x3x3 to 256 and 3x1x1 to {embedding} channels. The code that was run dilates
both filters of five pairs and ends with 1x1x1 to {embedding} (D27): {ours:,} parameters; as printed
they would be {printed:,}."""


def describe(names: Sequence[str] | None = None) -> str:
    """Layer, filter, stride, dilation, output and parameters of the networks.

    Args:
        names: trunks of the colorization network; None: those of the thesis, and SiamFC.

    Raises:
        InputError: there is no trunk of that name.
    """
    unknown = [name for name in names or () if name not in trunks.NAMES]
    if unknown:
        raise InputError(f"--trunk: expected one of {', '.join(trunks.NAMES)}, got {unknown[0]!r}")
    with torch.device("meta"):
        parts = [] if names else [_siamfc()]
        parts += [_trunk(name) for name in names or THESIS]
        parts.append(_head())
    return "\n\n".join(parts)


def _siamfc() -> str:
    network, written = build_siamfc(), build_siamfc(channels="as_written")
    exemplar = list_layers(network.backbone, 1, 3, EXEMPLAR_SIZE, EXEMPLAR_SIZE)
    search = list_layers(network.backbone, 1, 3, SEARCH_SIZE, SEARCH_SIZE)
    table = _table(search).rename(columns={"output": f"search {SEARCH_SIZE}"})
    table.insert(5, f"exemplar {EXEMPLAR_SIZE}", [_size(layer.output) for layer in exemplar])
    total = count_parameters(network)
    note = SIAMFC_NOTE.format(written=count_parameters(written), first=search[0].output[-1])
    return _section("SiamFC: modified AlexNet (Table 3.1)", table, total, note)


def _trunk(name: str) -> str:
    trunk = build_colorizer(trunk=name).trunk
    # A trunk without padding is shown as it is trained, on the bare frame.
    rows = list_layers(trunk, 1, 1, SIDE, SIDE)
    total, note = count_parameters(trunk), ""
    if name in THESIS and rows[2].kind == "residual":
        channels = rows[2].output[0]
        note = TRUNK_NOTE.format(printed=total + channels * channels + 2 * channels)
    where = " (Table 3.3, 2-D part)" if name in THESIS else ""
    title = f"Trunk {name}, frames of {SIDE}x{SIDE}{where}"
    return _section(title, _table(rows), total, note)


def _head() -> str:
    """The head over the thesis's trunk: 256 channels on 32x32 cells."""
    network = build_colorizer(trunk="resnet18")
    channels, side = network.trunk.out_channels, SIDE // network.trunk.stride
    rows = list_layers(network.head, 1, FRAMES, channels, side, side)
    embedding, ours = rows[-1].output[0], count_parameters(network.head)
    inner = rows[0].output[0]
    # A sixth pair like the others, normalised, but for its last convolution, which has a bias.
    sixth = inner * inner * 9 + 2 * inner + inner * embedding * 3 + embedding
    printed = ours - rows[-1].parameters + sixth
    note = HEAD_NOTE.format(embedding=embedding, ours=ours, printed=printed)
    title = f"3-D head, {FRAMES} frames, 2 position channels added (Table 3.3, 3-D part)"
    return _section(title, _table(rows), ours, note)


def _table(rows: Sequence[Layer]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "layer": [row.kind for row in rows],
            "filter": [_times(row.kernel) for row in rows],
            "channels": [row.output[0] for row in rows],
            "stride": [max(row.stride) for row in rows],
            "dilation": [_times(row.dilation) for row in rows],
            "output": [_size(row.output) for row in rows],
            "parameters": [f"{row.parameters:,}" for row in rows],
        }
    )


def _section(title: str, table: pd.DataFrame, total: int, note: str) -> str:
    text = f"{title}\n\n{table.to_string(index=False)}\n\nparameters in all: {total:,}"
    return f"{text}\n{note}" if note else text


def _times(numbers: Sequence[int]) -> str:
    return "x".join(str(number) for number in numbers)


def _size(output: Sequence[int]) -> str:
    """Channels last, as the tables print it."""
    return _times((*output[1:], output[0]))
