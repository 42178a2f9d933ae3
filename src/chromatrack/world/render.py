"""Scenes to frames: painter's algorithm with exact anti-aliased outlines."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from chromatrack.world import projection
from chromatrack.world.motion import Pose
from chromatrack.world.scene import Actor, Frame, Scene, View

OVERSAMPLING = 4
"""Sub-pixels per pixel and axis of the outlines' coverage."""

COVER = 1.3
"""Size of the prepared background over the size of the frame: room for the camera."""

EXPOSURE_STEP = 2.0
"""Way of the fastest object between the moments that are averaged into a frame, in pixels."""

MAX_EXPOSURES = 16

FRINGE = 3
"""Pixels around an outline that its soft edge may touch."""


def render(scene: Scene, *, frames: int, width: int, height: int) -> Iterator[Frame]:
    """Yield the frames of a scene; the annotation is exact for the middle of the exposure."""
    background = _prepare(scene.background, width, height)
    noise = np.random.default_rng(scene.seed)
    grain = noise.normal(0, scene.noise, (2 * height, 2 * width, 1)).astype(np.float32)
    for frame in range(frames):
        moments = _moments(scene, frame, frames)
        light = np.zeros((height, width, 3), np.float32)
        for moment in moments:
            light += _paint(scene, background, frame + moment, frames, (height, width))
        top, left = noise.integers(0, (height, width))
        canvas = light / len(moments) + grain[top : top + height, left : left + width]
        ids, views = _annotate(scene, frame, frames, (height, width))
        yield Frame(np.clip(canvas + 0.5, 0, 255).astype(np.uint8), ids, views)


def _moments(scene: Scene, frame: int, frames: int) -> np.ndarray:
    """Times in frames, 0 in the middle, whose pictures make up one exposure."""
    longest = max(_way(actor, frame, frames, scene.exposure) for actor in scene.actors)
    count = int(np.clip(np.ceil(longest / EXPOSURE_STEP), 1, MAX_EXPOSURES))
    return ((np.arange(count) + 0.5) / count - 0.5) * scene.exposure


def _prepare(background: np.ndarray, width: int, height: int) -> np.ndarray:
    """The background scaled to `COVER` times the frame, (H, W, 3) float32."""
    scale = COVER * max(width / background.shape[1], height / background.shape[0])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(background, None, fx=scale, fy=scale, interpolation=method)
    return scaled.astype(np.float32)


def _paint(
    scene: Scene, background: np.ndarray, frame: float, frames: int, shape: tuple[int, int]
) -> np.ndarray:
    """The scene at one moment, (H, W, 3) float32, lit."""
    canvas = _backdrop(scene, background, frame, frames, shape)
    for actor in scene.actors:
        _paint_actor(canvas, actor, actor.motion.at(frame, frames))
    gain = scene.light.column_gain(np.arange(shape[1], dtype=np.float64), frame, frames)
    warmth = scene.light.warmth.at(frame, frames)
    canvas *= (gain[None, :, None] * (1 + warmth, 1.0, 1 - warmth)).astype(np.float32)
    return canvas


def _backdrop(
    scene: Scene, background: np.ndarray, frame: float, frames: int, shape: tuple[int, int]
) -> np.ndarray:
    camera = scene.camera
    angle = np.radians(camera.angle.at(frame, frames))
    zoom = camera.zoom.at(frame, frames)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
    middle = np.array([shape[1] - 1, shape[0] - 1]) / 2
    aim = np.array([background.shape[1] - 1, background.shape[0] - 1]) / 2
    aim += np.array([camera.x.at(frame, frames), camera.y.at(frame, frames)])
    matrix = np.column_stack([turn, aim - turn @ middle])
    return cv2.warpAffine(
        background,
        matrix,
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _paint_actor(canvas: np.ndarray, actor: Actor, pose: Pose) -> None:
    contour = projection.to_image(actor.sprite.outline, pose)
    if actor.shadow:
        _paint_shadow(canvas, contour, pose, actor.shadow)
    window = _window(contour, canvas.shape, FRINGE)
    if window is None:
        return
    rows, columns = window
    # A lens is never perfectly sharp: the edge gets the width of about a pixel.
    alpha = cv2.GaussianBlur(_coverage(contour, window), (0, 0), 0.5)[..., None]
    colour = _sample(actor, pose, window)
    patch = canvas[rows, columns]
    patch += alpha * (colour * np.float32(pose.gain) - patch)


def _paint_shadow(canvas: np.ndarray, contour: np.ndarray, pose: Pose, darkness: float) -> None:
    softness = 1.0 + 0.035 * pose.size
    cast = contour + np.array([0.05, 0.08]) * pose.size
    window = _window(cast, canvas.shape, int(3 * softness) + 1)
    if window is not None:
        shade = cv2.GaussianBlur(_coverage(cast, window, oversampling=1), (0, 0), softness)
        canvas[window] *= 1 - darkness * shade[..., None]


def _window(contour: np.ndarray, shape: tuple[int, ...], fringe: int) -> tuple[slice, slice] | None:
    """Rows and columns of the image that a contour with a fringe covers; None if outside."""
    low = np.maximum(np.floor(contour.min(axis=0)).astype(int) - fringe, 0)
    high = np.ceil(contour.max(axis=0)).astype(int) + fringe + 1
    high = np.minimum(high, (shape[1], shape[0]))
    if (high <= low).any():
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _coverage(
    contour: np.ndarray, window: tuple[slice, slice], oversampling: int = OVERSAMPLING
) -> np.ndarray:
    """Share of each pixel of a window inside the contour, (h, w) float32."""
    rows, columns = window
    height, width = rows.stop - rows.start, columns.stop - columns.start
    canvas = np.zeros((height * oversampling, width * oversampling), np.uint8)
    points = (contour - (columns.start, rows.start) + 0.5) * oversampling - 0.5
    cv2.fillPoly(canvas, [(points * 16).round().astype(np.int32)], 255, shift=4)
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _sample(actor: Actor, pose: Pose, window: tuple[slice, slice]) -> np.ndarray:
    """Colours of a sprite at the pixels of a window, (h, w, 3) float32 RGB."""
    rows, columns = window
    texture = actor.sprite.texture(pose.size)
    scale = np.array([texture.shape[1], texture.shape[0]]) / actor.sprite.span
    offset = -np.array(actor.sprite.corner) * scale - 0.5
    if pose.bend:
        pixels = np.stack(
            np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)),
            axis=-1,
        )
        spots = projection.to_object(pixels.astype(np.float32), pose) * scale + offset
        return cv2.remap(
            texture,
            spots.astype(np.float32),
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    # Without deformation the whole way is one homography.
    to_texture = np.array([[scale[0], 0, offset[0]], [0, scale[1], offset[1]], [0, 0, 1]])
    to_pixel = np.array([[1, 0, columns.start], [0, 1, rows.start], [0, 0, 1]])
    matrix = to_texture @ np.linalg.inv(projection.homography(pose)) @ to_pixel
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(texture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _annotate(
    scene: Scene, frame: int, frames: int, shape: tuple[int, int]
) -> tuple[np.ndarray, tuple[View, ...]]:
    """Object ids (H, W) and the truth about each actor, at the middle of the exposure."""
    ids = np.zeros(shape, np.uint8)
    inside, contours = [], []
    for number, actor in enumerate(scene.actors, start=1):
        contour = projection.to_image(actor.sprite.outline, actor.motion.at(frame, frames))
        window = _window(contour, shape, 1)
        covered = 0
        if window is not None:
            mask = _coverage(contour, window) > 0.5
            ids[window][mask] = number
            covered = int(mask.sum())
        inside.append(covered)
        contours.append(contour)
    views = []
    for number, (actor, contour) in enumerate(zip(scene.actors, contours, strict=True)):
        pose = actor.motion.at(frame, frames)
        seen = int((ids == number + 1).sum())
        views.append(
            View(
                box_ltwh=projection.box_of(contour),
                polygon=projection.polygon_of(contour, pose.angle),
                in_view=min(inside[number] / max(projection.area_of(contour), 1.0), 1.0),
                occluded=1 - seen / inside[number] if inside[number] else 0.0,
                brightness=pose.gain
                * float(scene.light.column_gain(np.array([pose.x]), frame, frames)[0]),
                blur=_way(actor, frame, frames, scene.exposure),
                pose=pose,
            )
        )
    return ids, tuple(views)


def _way(actor: Actor, frame: int, frames: int, exposure: float) -> float:
    start = actor.motion.at(frame - exposure / 2, frames)
    end = actor.motion.at(frame + exposure / 2, frames)
    return float(np.hypot(end.x - start.x, end.y - start.y))
