"""What the viewers of a page read, of a run that was never made: pictures are drawn here.

The files are written as docs/report.md has them, apart from the code that writes real ones, so that
tests hold the page to the format.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ABSENT = -32768
METHODS = ("pretrained", "random weights")
OBJECTS = (1, 2)
DIMS, CELLS = 8, (6, 8)
"""Of embeddings: channels; rows and columns."""


def add_viewer(
    manifest: Path, *, shown: int = 8, size: tuple[int, int] = (90, 160), texture: int = 12
) -> None:
    """Write strips.json, maps.json and similarity.json beside a manifest, and name them in it.

    Args:
        shown: frames of each sequence with a picture.
        size: height and width of the pictures.
        texture: of the pictures in grey levels; the more, the more bytes.
    """
    told = json.loads(manifest.read_text())
    rng = np.random.default_rng(1)
    scores = {}
    for row in sorted(told["rows"], key=lambda row: row["seed"] or 0):
        key = row["experiment"], row.get("alpha"), row["tracker"] if row["seed"] is None else None
        if key not in scores:
            scores[key] = row["tracker"], json.loads(Path(row["evaluation"]).read_text())
    overlaps = {name: one["overlaps"] for name, one in scores.values()}
    targets = list(next(iter(overlaps.values())))
    strips = [
        _strip(rng, number, name, {key: one[name] for key, one in overlaps.items()}, shown, size,
               texture)
        for number, name in enumerate(targets)
    ]  # fmt: skip
    first = strips[0]
    maps = {
        "experiment": str(told["rows"][-1]["experiment"]), "alpha": 0.3,
        "sequences": {first["name"]: [_maps(rng, frame) for frame in first["frames"][::3]]},
    }  # fmt: skip
    parts = {
        "strips": {"sequences": strips, "masks": [_masks(rng, name) for name in targets[:2]]},
        "maps": maps,
        "similarity": [_pair(rng, f"network {name}") for name in METHODS],
    }
    for kind, value in parts.items():
        path = manifest.parent / f"{kind}.json"
        path.write_text(json.dumps(value, separators=(",", ":")))
        told[kind] = str(path)
    manifest.write_text(json.dumps(told))


def text(values: np.ndarray | bytes) -> str:
    """Base64."""
    return base64.b64encode(values if isinstance(values, bytes) else values.tobytes()).decode()


def _strip(
    rng: np.random.Generator,
    number: int,
    name: str,
    overlaps: Mapping[str, Sequence[float]],
    shown: int,
    size: tuple[int, int],
    texture: int,
) -> dict[str, Any]:
    """A target that goes to the right and down; trackers beside it, the last one gone at times."""
    count = len(next(iter(overlaps.values())))
    frames = np.linspace(0, count - 1, min(shown, count)).round().astype(int)
    share = frames / max(1, count - 1)
    height, width = size
    truth = np.stack([
        5 + 0.6 * width * share, 4 + 0.4 * height * share + number % 7,
        np.full(len(frames), width / 5.0), np.full(len(frames), height / 4.0),
    ], axis=1)  # fmt: skip
    boxes = {}
    for place, tracker in enumerate(overlaps):
        found = truth + np.array([place % 9 + 0.25, -(place % 5) - 0.5, place % 4, 1.0])
        found[:, 0] += 0.2 * width * share * (place % 3)
        coded = np.rint(4 * found).astype("<i2")
        if place == len(overlaps) - 1:
            coded[1::3] = ABSENT
        boxes[tracker] = text(coded)
    return {
        "name": name, "width": width, "height": height, "count": count, "frames": frames.tolist(),
        "pictures": [text(_jpeg(_scene(rng, size, box, texture))) for box in truth],
        "truth": text(np.rint(4 * truth).astype("<i2")),
        "boxes": boxes,
        "overlaps": {
            tracker: text(np.rint(250 * np.array(values)).astype(np.uint8))
            for tracker, values in overlaps.items()
        },
    }  # fmt: skip


def _scene(
    rng: np.random.Generator, size: tuple[int, int], box_ltwh: np.ndarray, texture: int
) -> np.ndarray:
    """A ramp of grey with noise, and a red target."""
    height, width = size
    image = np.empty((height, width, 3))
    image[:] = (60 + 120 * np.linspace(0, 1, width))[None, :, None]
    image += rng.normal(0, texture, image.shape)
    left, top, wide, high = np.rint(box_ltwh).astype(int)
    image[top : top + high, left : left + wide] = (200, 40, 40)
    return image.clip(0, 255).astype(np.uint8)


def _jpeg(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def _masks(rng: np.random.Generator, name: str, count: int = 7) -> dict[str, Any]:
    """Two objects side by side; each method has them at another height."""
    size, frames = (60, 80), list(range(0, count, 2))

    def mask(frame: int, shift: int) -> str:
        ids = np.zeros(size, np.uint8)
        for number in OBJECTS:
            ids[10 + shift + frame : 30 + shift + frame, 30 * number - 20 : 30 * number] = number
        image, buffer = Image.fromarray(ids), io.BytesIO()
        image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        image.save(buffer, "PNG")
        return text(buffer.getvalue())

    def values() -> dict[str, list[float | None]]:
        return {str(o): [None, *rng.uniform(0, 1, count - 1).round(4)] for o in OBJECTS}

    return {
        "name": name, "width": size[1], "height": size[0], "count": count, "frames": frames,
        "pictures": [text(_jpeg(_scene(rng, size, np.array([30, 20, 20, 20]), 10)))
                     for _ in frames],
        "objects": [str(number) for number in OBJECTS],
        "truth": [mask(frame, 0) if frame % 4 == 0 else None for frame in frames],
        "methods": {method: {"masks": [mask(frame, 4 * place) for frame in frames],
                             "J": values(), "F": values()}
                    for place, method in enumerate(METHODS)},
    }  # fmt: skip


def _maps(rng: np.random.Generator, frame: int, cells: int = 17) -> dict[str, Any]:
    found = {key: text(rng.integers(0, 256, cells * cells).astype(np.uint8))
             for key in ("siamfc", "auxiliary", "mixed")}  # fmt: skip
    return {
        "frame": int(frame), "search": [10, 8, 90, 70], "cells": [cells, cells], **found,
        "ranges": {"siamfc": [-4.0, 3.5], "auxiliary": [0.0, 1.0], "mixed": [-2.0, 2.0]},
    }  # fmt: skip


def _pair(rng: np.random.Generator, title: str) -> dict[str, Any]:
    def frame() -> dict[str, Any]:
        embeddings = rng.integers(-127, 128, (*CELLS, DIMS)).astype(np.int8)
        picture = _jpeg(_scene(rng, (120, 160), np.array([60, 40, 30, 30]), 10))
        return {"cells": list(CELLS), "picture": text(picture), "embeddings": text(embeddings)}

    return {"title": title, "dims": DIMS, "scale": 0.0125, "temperature": 0.5,
            "target": frame(), "reference": frame()}  # fmt: skip
