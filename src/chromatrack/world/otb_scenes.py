"""The scripted scenes of the OTB-like set: each attribute of OTB is somebody's main theme.

Which attributes a sequence gets is not written here but measured on what was rendered
(`attributes.measure`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chromatrack.world import photos, shapes, sprites
from chromatrack.world.motion import Curve, Motion
from chromatrack.world.scene import Actor, Camera, Light, Scene


@dataclass(frozen=True)
class Script:
    """A scene, which of its actors are annotated, and which look like the target."""

    scene: Scene
    targets: tuple[int, ...] = (0,)
    look_alikes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Set:
    """The size of the frames: scripts give places and sizes as shares of it."""

    width: int
    height: int

    @property
    def side(self) -> int:
        """The short side in pixels, the unit of sizes."""
        return min(self.width, self.height)

    def motion(
        self,
        path: tuple[tuple[float, float, float], ...],
        size: float | tuple[tuple[float, float], ...],
        *,
        shake: tuple[float, float] = (0.0, 12.0),
        **others: Curve,
    ) -> Motion:
        """A motion along (time, x, y) points in shares of the frame; a swing starts at rest.

        Args:
            size: longest extent as a share of the short side, fixed or over time.
            shake: amplitude (share of the short side) and period (frames) of a swing.
        """
        sizes = size if isinstance(size, tuple) else ((0.0, size),)
        swing, period = shake[0] * self.side, shake[1]
        return Motion(
            x=Curve(tuple((t, x * self.width) for t, x, _ in path), ((swing, period, 0.25),)),
            y=Curve(
                tuple((t, y * self.height) for t, _, y in path),
                ((swing * 0.6, period * 1.4, 0.25),),
            ),
            size=Curve(tuple((t, s * self.side) for t, s in sizes)),
            **others,
        )

    def camera(self, x: float, y: float, zoom: float = 1.0, angle: float = 0.0) -> Camera:
        """A slow pan by shares of the frame from one side to the other, with a zoom and a roll."""
        return Camera(
            x=Curve(((0.0, -x * self.width), (1.0, x * self.width)), ((1.2, 17.0, 0.0),)),
            y=Curve(((0.0, -y * self.height), (1.0, y * self.height)), ((0.9, 13.0, 0.3),)),
            zoom=Curve(((0.0, 1.0), (1.0, zoom))),
            angle=Curve(((0.0, -angle), (1.0, angle))),
        )


def curve(*points: tuple[float, float]) -> Curve:
    """A curve through points."""
    return Curve(points)


def _cat(at: Set, rng: np.random.Generator) -> Script:
    """In-plane rotation and scale variation."""
    motion = at.motion(
        ((0, 0.25, 0.35), (0.4, 0.6, 0.45), (0.7, 0.65, 0.6), (1, 0.4, 0.55)),
        ((0.0, 0.26), (0.5, 0.34), (1.0, 0.48)),
        angle=curve((0, -12), (0.4, 25), (0.75, -25), (1, 15)),
    )
    actor = Actor(sprites.cut_out("cat"), motion)
    return Script(Scene(photos.background("rocket"), (actor,), at.camera(0.06, 0.04, angle=2)))


def _helmet(at: Set, rng: np.random.Generator) -> Script:
    """Out-of-plane rotation under changing light."""
    motion = at.motion(
        ((0, 0.7, 0.6), (0.5, 0.4, 0.4), (1, 0.3, 0.62)), 0.36, shake=(0.01, 14.0),
        tilt=curve((0, -10), (0.5, 58), (1, -35)), angle=curve((0, 0), (1, 12)),
    )  # fmt: skip
    light = Light(curve((0, 1.0), (0.35, 0.45), (0.6, 1.15), (1, 0.8)), curve((0, 0), (1, 0.12)))
    actor = Actor(sprites.cut_out("helmet", relief=0.05), motion)
    return Script(Scene(photos.background("moon"), (actor,), at.camera(0.08, 0.03), light))


def _shuttle(at: Set, rng: np.random.Generator) -> Script:
    """Fast, blurred, and partly out of the view on its way."""
    motion = at.motion(
        ((0, 0.42, 0.5), (0.45, 0.6, 0.45), (0.6, 0.88, 0.5), (0.85, 0.9, 0.5), (1, 0.6, 0.5)),
        ((0.0, 0.42), (0.6, 0.5), (1.0, 0.45)), shake=(0.23, 9.0),
        angle=Curve(((0.0, 15.0), (1.0, 25.0)), ((12.0, 9.0, 0.2),)),
    )  # fmt: skip
    actor = Actor(sprites.cut_out("shuttle"), motion, shadow=0.0)
    background = photos.background("hubble", blur=2.0)
    return Script(Scene(background, (actor,), at.camera(0.1, 0.05), exposure=0.55))


def _jellyfish(at: Set, rng: np.random.Generator) -> Script:
    """Deformation, with slow turns."""
    sprite = sprites.textured(
        shapes.blob(rng, 0.25), "astronaut", (0.1, 0.52, 0.3), hue_degrees=290, saturation=0.9
    )
    motion = at.motion(
        ((0, 0.3, 0.65), (0.35, 0.45, 0.4), (0.7, 0.65, 0.55), (1, 0.6, 0.4)), 0.34,
        angle=curve((0, 0), (0.5, 40), (1, 10)),
        bend=Curve(((0.0, 0.06),), ((0.04, 23.0, 0.0),)), phase=curve((0, 0), (1, 2.5)),
    )  # fmt: skip
    actor = Actor(sprite, motion)
    return Script(Scene(photos.background("moon", hue_degrees=60), (actor,), at.camera(0.05, 0.05)))


def _swarm(at: Set, rng: np.random.Generator) -> Script:
    """A badge among badges that pass in front of it."""
    sprite = sprites.cut_out("badge")
    paths = (
        ((0, 0.25, 0.5), (0.5, 0.55, 0.45), (1, 0.75, 0.55)),
        ((0, 0.8, 0.3), (0.5, 0.53, 0.56), (1, 0.2, 0.7)),
        ((0, 0.5, 0.8), (1, 0.45, 0.2)),
        ((0, 0.15, 0.2), (0.5, 0.25, 0.25), (1, 0.4, 0.85)),
    )
    actors = tuple(
        Actor(sprite, at.motion(path, size, angle=curve((0, 0), (1, turn))))
        for path, size, turn in zip(paths, (0.24, 0.22, 0.2, 0.23), (15, -60, 90, 45), strict=True)
    )
    scene = Scene(photos.background("camera"), actors, at.camera(0.04, 0.02))
    return Script(scene, look_alikes=(1, 2, 3))


def _seed(at: Set, rng: np.random.Generator) -> Script:
    """A few pixels of a thing, quick for its size."""
    sprite = sprites.textured(
        shapes.ellipse(0.7), "astronaut", (0.1, 0.55, 0.2), hue_degrees=120, saturation=1.2
    )
    motion = at.motion(
        ((0, 0.2, 0.3), (0.3, 0.4, 0.6), (0.7, 0.7, 0.35), (1, 0.8, 0.65)),
        min(0.07, 18 / at.side), shake=(0.03, 11.0), angle=curve((0, 0), (1, 80)),
    )  # fmt: skip
    actor = Actor(sprite, motion)
    return Script(Scene(photos.background("cat", blur=2.5), (actor,), at.camera(0.08, 0.02)))


def _portrait(at: Set, rng: np.random.Generator) -> Script:
    """Passes behind a post, comes nearer and looks aside."""
    behind = at.motion(
        ((0, 0.2, 0.5), (0.5, 0.5, 0.52), (1, 0.75, 0.45)), ((0, 0.28), (0.6, 0.42), (1, 0.46)),
        tilt=curve((0, 0), (0.6, -20), (1, 38)), bend=Curve(((0.0, 0.0),), ((0.012, 19.0, 0.0),)),
    )  # fmt: skip
    post = sprites.textured(shapes.post(0.16), "rocket", (0.0, 0.5, 0.9), hue_degrees=150)
    stand = at.motion(((0, 0.52, 0.5), (1, 0.46, 0.5)), 1.5)
    actors = (Actor(sprites.cut_out("portrait"), behind), Actor(post, stand))
    return Script(Scene(photos.background("camera", blur=1.5), actors, at.camera(0.07, 0.02)))


def _comet(at: Set, rng: np.random.Generator) -> Script:
    """Fast and blurred between look-alikes."""
    sprite = sprites.textured(
        shapes.star(6, 0.7), "astronaut", (0.1, 0.52, 0.25), hue_degrees=25, saturation=1.2
    )
    fast = at.motion(
        ((0, 0.5, 0.5), (1, 0.48, 0.52)), 0.2, shake=(0.27, 8.0), angle=curve((0, 0), (1, 60))
    )
    slow = (
        at.motion(((0, 0.12, 0.2), (1, 0.3, 0.15)), 0.18, angle=curve((0, 0), (1, -50))),
        at.motion(((0, 0.85, 0.85), (1, 0.7, 0.8)), 0.22, angle=curve((0, 0), (1, 40))),
    )
    others = tuple(Actor(sprite, motion) for motion in slow)
    scene = Scene(
        photos.background("rocket", hue_degrees=30),
        (Actor(sprite, fast), *others),
        at.camera(0.05, 0.02),
        exposure=0.5,
    )
    return Script(scene, look_alikes=(1, 2))


def _dusk(at: Set, rng: np.random.Generator) -> Script:
    """Through a band of shade, nearer, and half out of the view."""
    motion = at.motion(
        ((0, 0.25, 0.45), (0.4, 0.55, 0.55), (0.75, 0.96, 0.5), (1, 0.78, 0.5)),
        ((0, 0.24), (1, 0.4)), bend=Curve(((0.0, 0.0),), ((0.01, 15.0, 0.0),)),
    )  # fmt: skip
    light = Light(curve((0, 1.1), (1, 0.75)), band=curve((0, 0.6 * at.width), (1, 0.5 * at.width)),
                  band_depth=0.55, band_width=0.16 * at.width)  # fmt: skip
    actor = Actor(sprites.cut_out("cat", hue_degrees=10), motion)
    background = photos.background("astronaut", blur=2.5)
    return Script(Scene(background, (actor,), at.camera(0.05, 0.03), light))


def _card(at: Set, rng: np.random.Generator) -> Script:
    """A small card that turns between cards of its kind."""
    sprite = sprites.textured(shapes.ellipse(0.8), "moon", (0.1, 0.0, 0.35), hue_degrees=120)
    size = min(0.13, 26 / at.side)
    paths = (
        ((0, 0.3, 0.4), (0.5, 0.5, 0.55), (1, 0.65, 0.4)),
        ((0, 0.36, 0.3), (0.5, 0.58, 0.46), (1, 0.72, 0.3)),
        ((0, 0.7, 0.65), (1, 0.3, 0.7)),
    )
    actors = tuple(
        Actor(sprite, at.motion(path, size, tilt=curve((0, 0), (0.5, turn), (1, -turn / 2))))
        for path, turn in zip(paths, (62, 20, -40), strict=True)
    )
    scene = Scene(photos.background("hubble", blur=2.0), actors, at.camera(0.05, 0.05))
    return Script(scene, look_alikes=(1, 2))


def _pair(at: Set, rng: np.random.Generator) -> Script:
    """Two targets that cross: a face, and a flag that waves and hides it."""
    left = at.motion(
        ((0, 0.22, 0.5), (0.5, 0.52, 0.48), (1, 0.8, 0.52)), 0.42, shake=(0.008, 10.0),
        tilt=curve((0, -20), (0.5, 10), (1, 40)),
    )  # fmt: skip
    right = at.motion(
        ((0, 0.78, 0.55), (0.5, 0.5, 0.55), (1, 0.22, 0.52)), 0.4, shake=(0.01, 13.0),
        tilt=curve((0, 25), (0.5, -15), (1, -30)), angle=curve((0, 4), (1, -8)),
        bend=Curve(((0.0, 0.05),), ((0.03, 21.0, 0.0),)), phase=curve((0, 0), (1, 1.5)),
    )  # fmt: skip
    flag = sprites.textured(
        shapes.blob(rng, 0.3), "astronaut", (0.0, 0.05, 0.35), hue_degrees=0, saturation=1.1
    )
    actors = (Actor(sprites.cut_out("portrait"), left), Actor(flag, right))
    scene = Scene(photos.background("rocket", hue_degrees=330), actors, at.camera(0.08, 0.02))
    return Script(scene, targets=(0, 1))


SCRIPTS: dict[str, Callable[[Set, np.random.Generator], Script]] = {
    "Badges": _swarm,
    "Card": _card,
    "Cat": _cat,
    "Comet": _comet,
    "Dusk": _dusk,
    "Helmet": _helmet,
    "Jellyfish": _jellyfish,
    "Pair": _pair,
    "Portrait": _portrait,
    "Seed": _seed,
    "Shuttle": _shuttle,
}
