"""The downstream tasks of thesis 3.2.4 on a video of the user's: segments, points, a box."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from chromatrack.data import davis
from chromatrack.data.images import size_text
from chromatrack.data.text import read_table
from chromatrack.errors import InputError
from chromatrack.files import whole_file
from chromatrack.progress import progress
from chromatrack.tracking import targets
from chromatrack.tracking.propagator import Propagator
from chromatrack.video.footage import open_footage


def propagate_mask(propagator: Propagator, source: Path, mask: Path, output: Path) -> int:
    """Carry an indexed mask of the first frame; returns the number of frames.

    Args:
        source: a video, or a folder of numbered images.
        mask: indexed PNG: 0 background, 255 void, every other number an object.
        output: folder for one indexed PNG per frame, named like the frame, or by its number.
    """
    footage = open_footage(source)
    first, names = footage.first, footage.names
    ids = davis.read_mask(mask)
    if ids.shape != first.shape[:2]:
        raise InputError(
            f"{mask}: expected {size_text(first)} as the first frame, got {size_text(ids)}"
        )
    davis.check_objects(mask, ids)
    objects = targets.object_ids(ids)
    count = 0
    for planes in progress(
        propagator(footage.frames, targets.segment_planes(ids)), what="segments", unit="frame"
    ):
        davis.write_mask(output / f"{next(names)}.png", targets.segments(planes, objects))
        count += 1
    return count


def propagate_points(propagator: Propagator, source: Path, points: Path, output: Path) -> int:
    """Carry points of the first frame; returns the number of frames.

    Args:
        points: CSV with the columns point (its name), x, y (0-based pixels).
        output: CSV with the columns frame, point, x, y, strength; x and y are empty where a point
            is lost, and strength falls from about 1 as its label spreads.
    """
    footage = open_footage(source)
    first = footage.first
    names, places = read_points(points, first.shape[:2])
    sigma = propagator.cell(first.shape[:2])
    planes = targets.point_planes(places, first.shape[:2], sigma=sigma)
    with _table(output, ["frame", "point", "x", "y", "strength"]) as rows:
        count = 0
        for found in progress(propagator(footage.frames, planes), what="points", unit="frame"):
            where = targets.points(found, sigma=sigma)
            if count == 0:
                where[:, :2] = places
            for name, (x, y, strength) in zip(names, where, strict=True):
                cells = ["", ""] if np.isnan(x) else [f"{x:.3f}", f"{y:.3f}"]
                rows.writerow([count, name, *cells, f"{strength:.4f}"])
            count += 1
    return count


def propagate_box(propagator: Propagator, source: Path, box_ltwh: list[float], output: Path) -> int:
    """Carry a box of the first frame; returns the number of frames.

    Args:
        box_ltwh: left, top, width, height in 0-based pixels.
        output: CSV with the columns frame, left, top, width, height; empty where the box is lost.
    """
    footage = open_footage(source)
    first = footage.first
    planes = targets.box_planes(np.asarray(box_ltwh), first.shape[:2])
    if not planes[1].any():
        raise InputError(
            f"--box {','.join(f'{value:g}' for value in box_ltwh)}: lies outside the first frame "
            f"({size_text(first)})"
        )
    with _table(output, ["frame", "left", "top", "width", "height"]) as rows:
        count = 0
        for found in progress(propagator(footage.frames, planes), what="box", unit="frame"):
            box = np.asarray(box_ltwh) if count == 0 else targets.box(found)
            cells = [""] * 4 if box is None else [f"{value:.4f}" for value in box]
            rows.writerow([count, *cells])
            count += 1
    return count


def read_points(path: Path, size: tuple[int, int]) -> tuple[list[str], np.ndarray]:
    """Names and (N, 2) x, y of a CSV with the columns point, x, y; all inside (height, width)."""
    rows = read_table(path, ("point", "x", "y"))
    places = []
    for number, row in enumerate(rows, start=2):
        if not row["point"]:
            raise InputError(f"{path}, row {number}: expected a name in point")
        try:
            place = float(row["x"]), float(row["y"])
        except (TypeError, ValueError):
            raise InputError(f"{path}, row {number}: expected numbers in x and y") from None
        if not (0 <= place[0] <= size[1] - 1 and 0 <= place[1] <= size[0] - 1):
            raise InputError(
                f"{path}, row {number}: ({place[0]:g}, {place[1]:g}) lies outside the first frame "
                f"({size[1]}x{size[0]} pixels)"
            )
        places.append(place)
    return [row["point"] for row in rows], np.array(places)


@contextmanager
def _table(path: Path, header: list[str]) -> Iterator:
    """A CSV writer whose file appears whole or not at all."""
    with whole_file(path) as part, open(part, "w", newline="", encoding="utf-8") as handle:
        rows = csv.writer(handle)
        rows.writerow(header)
        yield rows
