"""similarity.json: where each cell of a frame points to in another (docs/report.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.checkpoints import load_checkpoint
from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.files import compact_json, write_text
from chromatrack.machine.compute import prepare
from chromatrack.models.colorizer import Colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.plan.layout import selection
from chromatrack.plan.viewer import compared_on, pretrained_networks
from chromatrack.progress import progress
from chromatrack.reporting import coding
from chromatrack.settings import ComputeSettings, Settings
from chromatrack.tracking.propagation import compared_features, view_of
from chromatrack.tracking.recipe import THESIS, Recipe

LATER = 10
"""Frames from the reference to the target, where the sequence has so many."""
CELLS = 40
"""To a side, at most."""
NUMBERS = 90_000
"""Of the embeddings of one frame: with them, a network takes less than 300 kB of text."""
SIDE = 256
"""Longest side of the pictures in pixels."""


def make_similarity(
    settings: Settings, output: Path, *, compute: ComputeSettings
) -> list[dict[str, Any]]:
    """Write similarity.json: two frames of a sequence as each pretrained network embeds them.

    The networks see what they see by the thesis's method of propagation: the central square.
    """
    device, made = prepare(replace(compute, threads=1)), []
    sequence = _sequence(settings)
    networks = pretrained_networks(settings) if sequence else []
    frames = [read_image_rgb(sequence.frames[at]) for at in (0, -1)] if networks else []
    for network in progress(networks, what="similarity", unit="network"):
        loaded = load_checkpoint(Path(network.checkpoint), kinds=("colorization",))
        model = loaded.build().to(device)
        told = _described(model, loaded.scaling, frames, device)
        told["reference"]["frame"], told["target"]["frame"] = 0, len(sequence) - 1
        about = {"title": network.title, "sequence": sequence.name}
        made.append({**about, **told, "temperature": model.temperature})
    write_text(output, compact_json(made))
    return made


def _sequence(settings: Settings) -> Sequence | None:
    """The first one of the benchmark of masks, or of the summary's, from reference to target."""
    benchmark = compared_on(settings)
    if benchmark is None:
        return None
    chosen = selection(settings, benchmark.name)
    cut = min(LATER + 1, chosen.max_frames or LATER + 1)
    return benchmark.sequences(replace(chosen, max_frames=cut))[0]


def _described(
    model: Colorizer, scaling: InputScaling, frames: list[np.ndarray], device
) -> dict[str, Any]:
    recipe = _with_cells(THESIS, min(CELLS, THESIS.short_side // model.trunk.stride), model)
    embedded = _embedded(model, scaling, frames, recipe, device)
    most = isqrt(NUMBERS // embedded.shape[1])
    if max(embedded.shape[2:]) > most:  # many channels are paid with cells
        recipe = _with_cells(recipe, most, model)
        embedded = _embedded(model, scaling, frames, recipe, device)
    scale = float(np.abs(embedded).max()) / 127 or 1.0
    steps = np.rint(embedded / scale).astype(np.int8)
    reference, target = (
        {
            "picture": coding.text(coding.picture(picture, SIDE)),
            "cells": list(own.shape[1:]),
            "embeddings": coding.text(own.transpose(1, 2, 0).tobytes()),
        }
        for picture, own in zip(_seen(model, frames, recipe), steps, strict=True)
    )
    return {
        "reference": reference,
        "target": target,
        "dims": embedded.shape[1],
        "scale": float(f"{scale:.9g}"),
    }


def _with_cells(recipe: Recipe, cells: int, model: Colorizer) -> Recipe:
    """The recipe on a grid of so many cells to a side."""
    return replace(recipe, short_side=max(1, cells) * model.trunk.stride)


def _embedded(model: Colorizer, scaling: InputScaling, frames, recipe: Recipe, device):
    """(2, C, h, w) float32."""
    features = compared_features(model, scaling, frames, recipe=recipe, device=device)
    return features.cpu().numpy()


def _seen(model: Colorizer, frames: Iterable[np.ndarray], recipe: Recipe) -> Iterable[np.ndarray]:
    """The part of each frame that the cells cover."""
    for image in frames:
        view = view_of(image.shape[:2], model, recipe)
        yield image[view.rows, view.columns]
