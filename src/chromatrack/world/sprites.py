"""Sprites: a textured outline at several resolutions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from chromatrack.world import photos, shapes

TEXTURE = 224
"""Longest side of the finest texture, in pixels."""

MARGIN = 0.06
"""Texture around the outline, as a share of its longest extent."""


@dataclass(frozen=True)
class Sprite:
    """A flat object.

    Attributes:
        outline: (K, 2) closed curve in object coordinates: centre of its bounds at 0, longest
            extent 1.
        textures: the same picture (h, w, 3) float32 RGB at falling resolution.
        corner: object coordinates of the textures' left top corner.
        span: extent of the textures in object coordinates.
    """

    outline: np.ndarray
    textures: tuple[np.ndarray, ...]
    corner: tuple[float, float]
    span: tuple[float, float]

    def texture(self, size: float) -> np.ndarray:
        """The coarsest texture that is still as fine as an image of `size` pixels."""
        fine = [t for t in self.textures if max(t.shape[:2]) >= size * 0.9]
        return fine[-1] if fine else self.textures[0]


def cut_out(
    name: str, *, hue_degrees: float = 0.0, saturation: float = 1.0, relief: float = 0.15
) -> Sprite:
    """A thing cut out of a photograph (a name of `shapes.CUTOUTS`)."""
    photo, corners = shapes.CUTOUTS[name]
    outline = shapes.smooth(np.array(corners))
    low, high = outline.min(axis=0), outline.max(axis=0)
    margin = MARGIN * (high - low).max()
    picture = _crop(photos.load(photo), low - margin, high + margin)
    return _sprite(outline, picture, hue_degrees, saturation, relief)


def textured(
    outline: np.ndarray,
    photo: str,
    place: tuple[float, float, float],
    *,
    hue_degrees: float = 0.0,
    saturation: float = 1.0,
    relief: float = 0.4,
) -> Sprite:
    """An outline filled with a piece of a photograph.

    Args:
        place: left, top and longest side of the piece, as shares of the photograph's short side.
    """
    extent = outline.max(axis=0) - outline.min(axis=0)
    image = photos.load(photo)
    left, top, side = np.array(place) * min(image.shape[:2])
    piece = side * extent / extent.max()
    picture = _crop(image, np.array([left, top]), np.array([left, top]) + piece)
    return _sprite(outline, picture, hue_degrees, saturation, relief)


def _crop(image: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The rectangle low..high of an image, repeated mirrored where it leaves the image."""
    columns, rows = (
        np.arange(int(np.floor(low[axis])), int(np.ceil(high[axis])) + 1) for axis in (0, 1)
    )
    height, width = image.shape[:2]
    return image[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)]


def _sprite(
    outline: np.ndarray, picture: np.ndarray, hue_degrees: float, saturation: float, relief: float
) -> Sprite:
    low, high = outline.min(axis=0), outline.max(axis=0)
    longest = (high - low).max()
    outline = (outline - (low + high) / 2) / longest
    span = (high - low) / longest + 2 * MARGIN
    corner = -span / 2
    width, height = np.maximum((span / span.max() * TEXTURE).round().astype(int), 8)
    method = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_CUBIC
    texture = cv2.resize(picture, (int(width), int(height)), interpolation=method)
    if hue_degrees or saturation != 1.0:
        texture = photos.recolour(texture, hue_degrees, saturation)
    places = (outline - corner) / span * (width, height) - 0.5
    shaded = texture.astype(np.float32) * _relief(places, texture.shape[:2], relief)[..., None]
    levels = [np.clip(shaded, 0, 255)]
    while min(levels[-1].shape[:2]) >= 16:
        half = (levels[-1].shape[1] // 2, levels[-1].shape[0] // 2)
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
    return Sprite(outline, tuple(levels), tuple(corner.tolist()), tuple(span.tolist()))


def _relief(outline: np.ndarray, shape: tuple[int, int], strength: float) -> np.ndarray:
    """Light from the upper left on a cushion: factors (h, w) that make a flat shape look round."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)
    reach = 0.3 * max(shape)
    depth = np.minimum(cv2.distanceTransform(mask, cv2.DIST_L2, 5), reach) / reach
    height = cv2.GaussianBlur(np.sqrt(depth * (2 - depth)).astype(np.float32), (0, 0), 3)
    slope_y, slope_x = np.gradient(height * reach)
    light = np.clip(-0.6 * slope_x - 0.8 * slope_y, -1, 1)
    return (1 - strength * 0.5 * (1 - height) + strength * 0.6 * light).astype(np.float32)
