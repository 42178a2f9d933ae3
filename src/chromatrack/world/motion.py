"""How things move: curves over time, and the pose they give an object in a frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Curve:
    """A smooth function of time: a curve through points, plus waves.

    Attributes:
        points: (place, value) with places 0 (first frame) to 1 (last frame).
        waves: (amplitude, period in frames, phase in turns).
    """

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    waves: tuple[tuple[float, float, float], ...] = ()

    def at(self, frame: float, frames: int) -> float:
        """The value at a (fractional) frame of a video of `frames` frames."""
        value = _hermite(self.points, frame / max(frames - 1, 1))
        for amplitude, period, phase in self.waves:
            value += amplitude * np.sin(2 * np.pi * (frame / period + phase))
        return float(value)


def _hermite(points: tuple[tuple[float, float], ...], place: float) -> float:
    """Cubic Hermite interpolation with finite-difference slopes, constant outside."""
    places = [point[0] for point in points]
    values = [point[1] for point in points]
    if len(points) == 1 or place <= places[0]:
        return values[0]
    if place >= places[-1]:
        return values[-1]
    slopes = np.gradient(values, places) if len(points) > 1 else [0.0]
    index = int(np.searchsorted(places, place, side="right")) - 1
    length = places[index + 1] - places[index]
    step = (place - places[index]) / length
    return (
        (2 * step**3 - 3 * step**2 + 1) * values[index]
        + (step**3 - 2 * step**2 + step) * length * slopes[index]
        + (3 * step**2 - 2 * step**3) * values[index + 1]
        + (step**3 - step**2) * length * slopes[index + 1]
    )


def constant(value: float) -> Curve:
    """A curve that stays at `value`."""
    return Curve(((0.0, value),))


@dataclass(frozen=True)
class Pose:
    """Where and how an object is at one moment."""

    x: float
    """Centre in pixels, 0-based."""
    y: float
    """Centre in pixels, 0-based."""
    size: float
    """Longest extent in pixels, seen from the front."""
    angle: float
    """In-plane rotation in degrees, clockwise in the image."""
    tilt: float
    """Rotation about the object's own upright axis, in degrees."""
    bend: float
    """Amplitude of the deformation, as a share of the size."""
    phase: float
    """Phase of the deformation, in turns."""
    gain: float
    """Factor on the object's brightness."""


@dataclass(frozen=True)
class Motion:
    """The pose of an object over time; units as in `Pose`."""

    x: Curve
    y: Curve
    size: Curve
    angle: Curve = field(default_factory=lambda: constant(0.0))
    tilt: Curve = field(default_factory=lambda: constant(0.0))
    bend: Curve = field(default_factory=lambda: constant(0.0))
    phase: Curve = field(default_factory=lambda: constant(0.0))
    gain: Curve = field(default_factory=lambda: constant(1.0))

    def at(self, frame: float, frames: int) -> Pose:
        """The pose at a (fractional) frame."""
        values = {name: getattr(self, name).at(frame, frames) for name in _POSE}
        values["size"] = max(values["size"], 4.0)
        return Pose(**values)


_POSE = ("x", "y", "size", "angle", "tilt", "bend", "phase", "gain")
