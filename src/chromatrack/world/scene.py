"""What a synthetic video is made of, and what is known about its objects in each frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chromatrack.world.motion import Curve, Motion, Pose, constant
from chromatrack.world.sprites import Sprite


@dataclass(frozen=True)
class Actor:
    """An object and the way it moves."""

    sprite: Sprite
    motion: Motion
    shadow: float = 0.35
    """Darkness of the shadow on what is behind, 0 to 1."""


@dataclass(frozen=True)
class Camera:
    """How the background moves: pixels, a zoom factor and degrees."""

    x: Curve = field(default_factory=lambda: constant(0.0))
    y: Curve = field(default_factory=lambda: constant(0.0))
    zoom: Curve = field(default_factory=lambda: constant(1.0))
    angle: Curve = field(default_factory=lambda: constant(0.0))


@dataclass(frozen=True)
class Light:
    """Illumination of the whole scene, linear factors on the pixel values."""

    gain: Curve = field(default_factory=lambda: constant(1.0))
    warmth: Curve = field(default_factory=lambda: constant(0.0))
    """Above 0 red rises and blue falls by this share."""
    band: Curve | None = None
    """Horizontal centre in pixels of an upright band of shade."""
    band_depth: float = 0.6
    band_width: float = 60.0

    def column_gain(self, columns: np.ndarray, frame: float, frames: int) -> np.ndarray:
        """Factor at image columns (...,), colour left aside."""
        gain = np.full(columns.shape, self.gain.at(frame, frames))
        if self.band is not None:
            away = (columns - self.band.at(frame, frames)) / self.band_width
            gain = gain * (1 - self.band_depth * np.exp(-(away**4)))
        return gain


@dataclass(frozen=True)
class Scene:
    """A synthetic video before it is rendered.

    Attributes:
        background: (H, W, 3) uint8 RGB, larger than the frame.
        actors: from back to front.
        exposure: share of the frame interval during which the shutter is open; 0 is sharp.
        noise: standard deviation of the sensor noise in levels of 255.
        seed: of the noise.
    """

    background: np.ndarray
    actors: tuple[Actor, ...]
    camera: Camera = field(default_factory=Camera)
    light: Light = field(default_factory=Light)
    exposure: float = 0.0
    noise: float = 1.5
    seed: int = 0


@dataclass(frozen=True)
class View:
    """The truth about one object in one frame.

    Attributes:
        box_ltwh: (4,) bounds of the whole object, occluded or not, 0-based; may leave the image.
        polygon: (8,) the same as a rectangle turned with the object.
        in_view: share of the object's area inside the image.
        occluded: share of the part inside the image that others hide.
        brightness: factor of all illumination at the object's centre.
        blur: way of the centre while the shutter is open, in pixels.
        pose: where the object is.
    """

    box_ltwh: np.ndarray
    polygon: np.ndarray
    in_view: float
    occluded: float
    brightness: float
    blur: float
    pose: Pose


@dataclass(frozen=True)
class Frame:
    """One rendered frame.

    Attributes:
        rgb: (H, W, 3) uint8.
        ids: (H, W) uint8: 0 background, k + 1 where actor k is in front.
        views: one per actor.
    """

    rgb: np.ndarray
    ids: np.ndarray
    views: tuple[View, ...]
