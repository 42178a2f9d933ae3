"""From object coordinates to the image and back: deformation, tilt in perspective, similarity."""

from __future__ import annotations

import numpy as np

from chromatrack.world.motion import Pose

PERSPECTIVE = 0.55
"""Strength of the perspective of tilted objects: extent over distance to the camera."""

WAVES = 1.1
"""Periods of the deformation across the object. With a bend below 0.14 it stays invertible."""


def homography(pose: Pose) -> np.ndarray:
    """(3, 3) matrix from undeformed object coordinates to pixels, 0-based pixel centres."""
    tilt, angle = np.radians(pose.tilt), np.radians(pose.angle)
    turned = np.array(
        [[np.cos(tilt), 0, 0], [0, 1, 0], [PERSPECTIVE * np.sin(tilt), 0, 1]], dtype=np.float64
    )
    cosine, sine = pose.size * np.cos(angle), pose.size * np.sin(angle)
    placed = np.array([[cosine, -sine, pose.x], [sine, cosine, pose.y], [0, 0, 1]])
    return placed @ turned


def _wave(points: np.ndarray, pose: Pose) -> np.ndarray:
    turn = 2 * np.pi * WAVES
    shift = 2 * np.pi * pose.phase
    x, y = points[..., 0], points[..., 1]
    return pose.bend * np.stack(
        [np.sin(turn * y + shift), 0.7 * np.sin(turn * x + 1.3 * shift + 1.0)], axis=-1
    )


def to_image(points: np.ndarray, pose: Pose) -> np.ndarray:
    """Object coordinates (..., 2) to pixels.

    The deformation is defined from the image to the object (what rendering needs), so that this
    direction solves v + wave(v) = points by iteration; it contracts, see `WAVES`.
    """
    place = points
    if pose.bend:
        for _ in range(40):
            place = points - _wave(place, pose)
    return _apply(homography(pose), place)


def to_object(pixels: np.ndarray, pose: Pose) -> np.ndarray:
    """Pixels (..., 2) to object coordinates, the inverse of `to_image`."""
    place = _apply(np.linalg.inv(homography(pose)), pixels)
    return place + _wave(place, pose) if pose.bend else place


def _apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def box_of(contour: np.ndarray) -> np.ndarray:
    """boxes_ltwh of a contour (K, 2) in 0-based pixel centres: where its area begins and ends."""
    low, high = contour.min(axis=0) + 0.5, contour.max(axis=0) + 0.5
    return np.concatenate([low, high - low])


def polygon_of(contour: np.ndarray, angle_degrees: float) -> np.ndarray:
    """The rectangle (8,) turned by an angle that encloses a contour (K, 2)."""
    angle = np.radians(angle_degrees)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    local = contour @ axes.T
    (left, top), (right, bottom) = local.min(axis=0), local.max(axis=0)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return (corners @ axes + 0.5).reshape(8)


def area_of(contour: np.ndarray) -> float:
    """Area inside a closed contour (K, 2), in square pixels."""
    x, y = contour[:, 0], contour[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
