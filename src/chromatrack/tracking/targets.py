"""The downstream tasks of thesis 3.2.4 as labels: segments, points, boxes and colours.

Each goes to (K, H, W) planes for `propagation.propagate`, and back from the planes of a frame.
Plane 0 is the background, except for colours.
"""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

VOID = 255

FAINT = 1e-6
"""A point whose strongest pixel is below this is gone."""


def object_ids(mask: np.ndarray) -> list[int]:
    """The objects of an (H, W) mask, without background and void."""
    return [int(number) for number in np.unique(mask) if number not in (0, VOID)]


def segment_planes(mask: np.ndarray) -> np.ndarray:
    """(H, W) uint8 ids -> (1 + objects, H, W) bool; void (255) belongs to the background."""
    objects = [mask == number for number in object_ids(mask)]
    return np.stack([(mask == 0) | (mask == VOID), *objects])


def segments(planes: Tensor, objects: list[int]) -> np.ndarray:
    """The strongest label of each pixel: (1 + objects, H, W) -> (H, W) uint8 ids."""
    return np.array([0, *objects], dtype=np.uint8)[planes.argmax(0).cpu().numpy()]


def box_planes(box_ltwh: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A box, 0-based pixels, as a segment: (2, H, W) float32; a pixel has its covered share."""
    inside = np.outer(*(
        np.clip(np.minimum(start + length, cells + 1) - np.maximum(start, cells), 0, 1)
        for start, length, cells in (
            (box_ltwh[1], box_ltwh[3], np.arange(size[0])),
            (box_ltwh[0], box_ltwh[2], np.arange(size[1])),
        )
    )).astype(np.float32)  # fmt: skip
    return np.stack([1 - inside, inside])


def box(planes: Tensor) -> np.ndarray | None:
    """(2, H, W) -> (4,) left, top, width, height; None where the box is lost.

    Centre and size are those of the largest connected part of the pixels that are rather box than
    background, taken from its moments: a few stray cells would move its edges much further.
    """
    inside = (planes[1] > planes[0]).cpu().numpy().astype(np.uint8)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(inside)
    if count < 2:
        return None
    largest = 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax())
    y, x = np.nonzero(parts == largest)
    # The variance of n equally likely neighbours is (n^2 - 1) / 12.
    width, height = (np.sqrt(12 * values.var() + 1) for values in (x, y))
    return np.array([x.mean() + 0.5 - width / 2, y.mean() + 0.5 - height / 2, width, height])


def point_planes(points_xy: np.ndarray, size: tuple[int, int], *, sigma: float) -> np.ndarray:
    """(N, 2) points in pixels -> (1 + N, H, W) float32: a Gaussian spot for each.

    Args:
        sigma: of the spots in pixels; about a cell of the network, so that the cells around a point
            say where in its cell it lies.
    """
    y, x = np.ogrid[: size[0], : size[1]]
    spots = [np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * sigma**2)) for px, py in points_xy]
    background = np.clip(1 - np.sum(spots, axis=0), 0, None)
    planes = np.stack([background, *spots])
    return (planes / planes.sum(axis=0)).astype(np.float32)


def points(planes: Tensor, *, sigma: float) -> np.ndarray:
    """(1 + N, H, W) -> (N, 3): x and y in pixels and the strength at the peak; NaN where gone.

    The mean around the peak, weighted by the label, taken again around that mean a few times.
    """
    return np.stack([_point(plane, sigma) for plane in planes[1:].cpu().numpy()])


def _point(plane: np.ndarray, sigma: float, steps: int = 5) -> np.ndarray:
    strength = float(plane.max())
    if strength < FAINT:
        return np.array([np.nan, np.nan, 0.0])
    y, x = (float(value) for value in np.unravel_index(plane.argmax(), plane.shape))
    reach = 2 * sigma
    for _ in range(steps):
        top, left = max(0, round(y - reach)), max(0, round(x - reach))
        part = plane[top : round(y + reach) + 1, left : round(x + reach) + 1].astype(np.float64)
        total = part.sum()
        y = top + float(part.sum(axis=1) @ np.arange(part.shape[0])) / total
        x = left + float(part.sum(axis=0) @ np.arange(part.shape[1])) / total
    return np.array([x, y, strength])


def colour_planes(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> (2, H, W) uint8: a and b of 8-bit Lab."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 1:].transpose(2, 0, 1)


def coloured(image: np.ndarray, planes: Tensor) -> np.ndarray:
    """The L of an (H, W, 3) uint8 RGB frame with the colours of (2, H, W) planes, as RGB."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    ab = planes.permute(1, 2, 0).cpu().numpy()
    lab[..., 1:] = np.clip(np.rint(ab), 0, 255)
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
