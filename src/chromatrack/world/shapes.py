"""Outlines of objects: closed curves as (K, 2) float64 points x, y."""

from __future__ import annotations

import numpy as np

POINTS = 128

CUTOUTS: dict[str, tuple[str, list[tuple[int, int]]]] = {
    # Things in the photographs, outlined by hand: photograph, corners in its pixels.
    "cat": ("cat", [
        (60, 5), (130, 2), (200, 2), (270, 2), (310, 8), (335, 28), (355, 6), (388, 4), (378, 40),
        (354, 68), (352, 95), (362, 130), (345, 170), (330, 205), (318, 240), (295, 268),
        (260, 282), (215, 272), (165, 262), (120, 235), (75, 200), (45, 160), (32, 110), (36, 55),
    ]),
    "portrait": ("astronaut", [
        (162, 60), (185, 27), (215, 16), (250, 18), (285, 40), (300, 75), (300, 110), (286, 130),
        (272, 138), (262, 160), (245, 183), (226, 189), (200, 180), (182, 155), (176, 130),
        (160, 118), (153, 85),
    ]),
    "shuttle": ("astronaut", [
        (397, 74), (407, 82), (410, 110), (413, 160), (425, 185), (452, 205), (455, 235),
        (430, 238), (408, 246), (405, 286), (384, 286), (379, 246), (354, 232), (357, 205),
        (372, 180), (378, 150), (380, 110), (387, 86),
    ]),
    "helmet": ("astronaut", [
        (285, 470), (283, 430), (297, 390), (330, 360), (380, 346), (430, 351), (472, 380),
        (495, 430), (498, 470), (480, 500), (440, 509), (340, 509), (302, 500),
    ]),
    "badge": ("astronaut", [
        (170, 350), (196, 361), (207, 387), (196, 413), (170, 424), (144, 413), (133, 387),
        (144, 361),
    ]),
    "saucer": ("coffee", [
        (172, 92), (190, 50), (232, 25), (287, 18), (345, 28), (395, 62), (430, 108), (465, 165),
        (478, 215), (470, 280), (435, 335), (370, 374), (290, 388), (210, 372), (140, 330),
        (95, 275), (79, 215), (95, 155), (130, 112),
    ]),
    "cup": ("coffee", [
        (174, 100), (190, 50), (235, 25), (290, 18), (345, 28), (388, 58), (402, 105), (388, 160),
        (367, 205), (330, 240), (280, 262), (247, 262), (240, 290), (220, 308), (199, 296),
        (200, 265), (212, 235), (192, 200), (176, 145),
    ]),
    "motorcycle": ("garage", [
        (92, 205), (140, 197), (142, 165), (200, 170), (270, 195), (340, 190), (400, 165),
        (440, 150), (480, 112), (512, 100), (545, 128), (575, 122), (578, 142), (560, 180),
        (566, 240), (612, 266), (640, 310), (672, 370), (680, 420), (655, 447), (610, 438),
        (560, 400), (525, 350), (510, 300), (490, 285), (470, 340), (440, 375), (345, 378),
        (342, 430), (325, 430), (320, 378), (270, 382), (240, 400), (190, 396), (145, 365),
        (125, 320), (125, 280), (145, 240), (105, 240),
    ]),
    "coin": ("coins", [
        (335, 15), (355, 22), (364, 43), (355, 64), (335, 72), (315, 64), (306, 43), (315, 22),
    ]),
    "medal": ("coins", [
        (347, 157), (369, 166), (378, 187), (369, 208), (347, 217), (325, 208), (316, 187),
        (325, 166),
    ]),
}  # fmt: skip


def smooth(corners: np.ndarray, points: int = POINTS) -> np.ndarray:
    """A closed Catmull-Rom curve through corners (K, 2), sampled at `points` places."""
    corners = np.asarray(corners, dtype=np.float64)
    count = len(corners)
    places = np.arange(points) * count / points
    index, step = places.astype(int), (places % 1)[:, None]
    before, start, end, after = (corners[(index + k) % count] for k in (-1, 0, 1, 2))
    return 0.5 * (
        2 * start
        + (end - before) * step
        + (2 * before - 5 * start + 4 * end - after) * step**2
        + (3 * start - before - 3 * end + after) * step**3
    )


def ellipse(ratio: float) -> np.ndarray:
    """An ellipse of width 1 and height `ratio`."""
    turn = np.arange(POINTS) * 2 * np.pi / POINTS
    return np.stack([np.cos(turn) / 2, np.sin(turn) / 2 * ratio], axis=1)


def blob(rng: np.random.Generator, roughness: float = 0.2) -> np.ndarray:
    """A round shape with bays: a circle whose radius is disturbed at low frequencies."""
    turn = np.arange(POINTS) * 2 * np.pi / POINTS
    radius = np.ones(POINTS)
    for frequency in (2, 3, 4, 5):
        amplitude = roughness * rng.uniform(0.4, 1.0) / frequency**0.7
        radius += amplitude * np.cos(frequency * turn + rng.uniform(0, 2 * np.pi))
    return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)


def star(arms: int, depth: float) -> np.ndarray:
    """A soft star; `depth` is the radius of its bays, its arms reach 1."""
    turn = np.arange(2 * arms) * np.pi / arms
    radius = np.where(np.arange(2 * arms) % 2 == 0, 1.0, depth)
    return smooth(np.stack([radius * np.sin(turn), -radius * np.cos(turn)], axis=1))


def post(ratio: float) -> np.ndarray:
    """An upright rectangle of height 1 and width `ratio`: something to pass behind."""
    half = ratio / 2
    corners = np.array([(-half, -0.5), (half, -0.5), (half, 0.5), (-half, 0.5)])
    step = (np.arange(32) / 32)[:, None]
    sides = [
        a * (1 - step) + b * step for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)
    ]
    return np.concatenate(sides)
