"""Photographs that ship inside the scikit-image wheel, split between training and test scenes."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.errors import WorkError

FILES = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "garage": "motorcycle_left.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "moon": "moon.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "tissue": "ihc.png",
}

TINTS = {
    "brick": ((70, 30, 22), (226, 150, 110)),
    "camera": ((24, 34, 58), (236, 222, 196)),
    "coins": ((66, 40, 8), (255, 222, 120)),
    "grass": ((18, 46, 14), (176, 214, 96)),
    "gravel": ((44, 46, 60), (222, 212, 190)),
    "moon": ((30, 26, 70), (250, 214, 190)),
}
"""Grey photographs are coloured: from the first colour (black) to the second (white)."""

TRAIN_BACKGROUNDS = ("coffee", "garage", "tissue", "brick", "grass", "gravel")
TEST_BACKGROUNDS = ("astronaut", "cat", "rocket", "hubble", "camera", "moon")


@cache
def load(name: str) -> np.ndarray:
    """A photograph as (H, W, 3) uint8 RGB; grey ones are tinted. Never touches the network."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise WorkError("the synthetic world needs the photographs of scikit-image: install it")
    rgb = read_image_rgb(Path(spec.origin).parent / "data" / FILES[name])
    if name in TINTS:
        rgb = tint(rgb[..., 1], *TINTS[name])
    rgb.setflags(write=False)
    return rgb


def tint(grey: np.ndarray, dark: tuple[int, int, int], light: tuple[int, int, int]) -> np.ndarray:
    """Map grey levels (H, W) uint8 to a ramp between two colours, (H, W, 3) uint8."""
    low, high = np.percentile(grey, (1, 99))
    level = np.clip((np.arange(256) - low) / max(high - low, 1), 0, 1)[:, None]
    ramp = np.asarray(dark) * (1 - level) + np.asarray(light) * level
    return ramp.round().astype(np.uint8)[grey]


def recolour(rgb: np.ndarray, hue_degrees: float, saturation: float = 1.0) -> np.ndarray:
    """Turn the hue of (H, W, 3) uint8 RGB and scale its saturation."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    hue = (hsv[..., 0].astype(np.int32) + round(hue_degrees / 2)) % 180
    hsv[..., 0] = hue.astype(np.uint8)
    hsv[..., 1] = np.clip(hsv[..., 1] * saturation, 0, 255).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def background(name: str, *, hue_degrees: float = 0.0, blur: float = 1.0) -> np.ndarray:
    """A photograph as background: slightly out of focus, as behind a subject."""
    rgb = load(name)
    if hue_degrees:
        rgb = recolour(rgb, hue_degrees)
    return cv2.GaussianBlur(rgb, (0, 0), blur) if blur else rgb
