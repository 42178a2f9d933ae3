"""Scenes drawn at random: the training sequences and the videos for colorization."""

from __future__ import annotations

import numpy as np

from chromatrack.world import photos, shapes, sprites
from chromatrack.world.motion import Curve, Motion
from chromatrack.world.scene import Actor, Camera, Light, Scene
from chromatrack.world.sprites import Sprite

TRAIN_CUTOUTS = ("saucer", "cup", "motorcycle", "coin", "medal")
TEST_CUTOUTS = ("cat", "portrait", "shuttle", "helmet", "badge")
TRAIN_TEXTURES = ("tissue", "retina", "brick", "gravel", "grass", "coffee", "garage")
TEST_TEXTURES = ("astronaut", "moon", "cat")


def random_scene(
    rng: np.random.Generator,
    *,
    width: int,
    height: int,
    frames: int,
    actors: int,
    part: str = "train",
    sizes: tuple[float, float] = (0.18, 0.42),
) -> tuple[Scene, tuple[str, ...]]:
    """Draw a scene and the names of its objects; the first actor is the target.

    Args:
        actors: number of objects; half of the further ones pass in front of the target.
        part: "train" or "test": photographs of one part never occur in the other.
        sizes: range of the objects' longest extent, as shares of the short side.
    """
    if part == "train":
        backgrounds, cutouts, textures = photos.TRAIN_BACKGROUNDS, TRAIN_CUTOUTS, TRAIN_TEXTURES
    else:
        backgrounds, cutouts, textures = photos.TEST_BACKGROUNDS, TEST_CUTOUTS, TEST_TEXTURES
    photo, hue = str(rng.choice(backgrounds)), float(rng.choice((0, 0, 40, 160, 200, 320)))
    background = photos.background(
        photo,
        hue_degrees=0.0 if photo in ("astronaut", "cat") else hue,
        blur=float(rng.uniform(0.8, 2.5)),
    )
    cast, names = [], []
    for _ in range(actors):
        sprite, name = random_sprite(rng, cutouts, textures)
        side = min(width, height)
        size = side * rng.uniform(*sizes)
        motion = random_motion(rng, width=width, height=height, frames=frames, size=size)
        cast.append(Actor(sprite, motion, shadow=float(rng.uniform(0.2, 0.45))))
        names.append(name)
    blurred = rng.random() < 0.25
    scene = Scene(
        background,
        tuple(cast),
        random_camera(rng, width=width, height=height),
        random_light(rng),
        exposure=0.6 if blurred else 0.0,
        noise=float(rng.uniform(0.8, 2.5)),
        seed=int(rng.integers(2**31)),
    )
    return scene, tuple(names)


def random_sprite(
    rng: np.random.Generator, cutouts: tuple[str, ...], textures: tuple[str, ...]
) -> tuple[Sprite, str]:
    """Draw an object and its name."""
    kind = rng.choice(("cutout", "blob", "star", "ellipse"), p=(0.45, 0.3, 0.1, 0.15))
    hue = float(rng.choice((0, rng.integers(0, 360))))
    saturation = float(rng.uniform(0.9, 1.3))
    if kind == "cutout":
        name = str(rng.choice(cutouts))
        return sprites.cut_out(name, hue_degrees=hue, saturation=saturation), name
    if kind == "blob":
        outline = shapes.blob(rng, float(rng.uniform(0.12, 0.32)))
    elif kind == "star":
        outline = shapes.star(int(rng.integers(4, 8)), float(rng.uniform(0.5, 0.75)))
    else:
        outline = shapes.ellipse(float(rng.uniform(0.4, 1.0)))
    texture = str(rng.choice(textures))
    place = (float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.1, 0.5)), rng.uniform(0.25, 0.5))
    sprite = sprites.textured(outline, texture, place, hue_degrees=hue, saturation=saturation)
    return sprite, f"{texture} {kind}"


def random_motion(
    rng: np.random.Generator, *, width: int, height: int, frames: int, size: float
) -> Motion:
    """Draw a smooth way through the view; the object's centre stays inside the image."""
    stops = max(3, round(frames / 20) + 1)
    places = np.linspace(0, 1, stops)

    def way(length: int) -> Curve:
        values = rng.uniform(0.2, 0.8, stops) * length
        swing = rng.uniform(0, 0.03) * length
        period = float(rng.uniform(9, 30))
        return Curve(
            tuple(zip(places.tolist(), values.tolist(), strict=True)),
            ((float(swing), period, float(rng.random())),),
        )

    def drift(low: float, high: float, chance: float = 1.0) -> Curve:
        values = rng.uniform(low, high, stops) * (rng.random() < chance)
        return Curve(tuple(zip(places.tolist(), values.tolist(), strict=True)))

    scale = size * 2 ** rng.uniform(-0.45, 0.45, stops)
    bent = rng.random() < 0.4
    return Motion(
        x=way(width),
        y=way(height),
        size=Curve(tuple(zip(places.tolist(), scale.tolist(), strict=True))),
        angle=drift(-35, 35, 0.8),
        tilt=drift(-50, 50, 0.6),
        bend=Curve(((0.0, 0.05 if bent else 0.0),), ((0.03 if bent else 0.0, 27.0, 0.0),)),
        phase=Curve(((0.0, 0.0), (1.0, float(rng.uniform(-2, 2) * frames / 50)))),
        gain=Curve(
            tuple(zip(places.tolist(), rng.uniform(0.8, 1.15, stops).tolist(), strict=True))
        ),
    )


def random_camera(rng: np.random.Generator, *, width: int, height: int) -> Camera:
    """Draw a pan, zoom and roll with the tremor of a hand."""

    def pan(length: int) -> Curve:
        start, end = rng.uniform(-0.12, 0.12, 2) * length
        return Curve(
            ((0.0, float(start)), (1.0, float(end))),
            ((float(rng.uniform(0, 1.5)), float(rng.uniform(11, 25)), float(rng.random())),),
        )

    zoom, roll = rng.uniform(1.0, 1.25, 2), rng.uniform(-4, 4, 2)
    return Camera(
        x=pan(width),
        y=pan(height),
        zoom=Curve(((0.0, float(zoom[0])), (1.0, float(zoom[1])))),
        angle=Curve(((0.0, float(roll[0])), (1.0, float(roll[1])))),
    )


def random_light(rng: np.random.Generator) -> Light:
    """Draw a slow change of brightness and colour temperature."""
    gain, warmth = rng.uniform(0.75, 1.1, 3), rng.uniform(-0.06, 0.06, 2)
    return Light(
        Curve(tuple(zip((0.0, 0.5, 1.0), gain.tolist(), strict=True))),
        Curve(((0.0, float(warmth[0])), (1.0, float(warmth[1])))),
    )
