"""The parts of the synthetic world, each written in the layout of the real data set."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chromatrack.data import davis, got10k, kinetics, otb, vot
from chromatrack.data.otb_attributes import write_attributes
from chromatrack.evaluation.benchmark import Example
from chromatrack.settings import WorldSettings
from chromatrack.video.write import write_video
from chromatrack.world import attributes
from chromatrack.world.otb_scenes import SCRIPTS, Script, Set
from chromatrack.world.random_scenes import random_scene
from chromatrack.world.render import render
from chromatrack.world.scene import Frame, Scene, View

JPEG_QUALITY = 85
VIDEO_QUALITY = 20

VOT_SCRIPTS = ("Cat", "Helmet", "Portrait")
EXAMPLE_SCRIPTS = ("Cat", "Helmet", "Portrait", "Shuttle")
"""Scenes of the benchmarks that are not part of each world; the target of Portrait gets hidden."""
DAVIS_SCENES = {"crossing": 2, "parade": 3, "duet": 2}
"""Name -> number of objects."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


def generator(settings: WorldSettings, *what: str | int) -> np.random.Generator:
    """Random numbers of one thing: adding a sequence does not change the others."""
    words = [zlib.crc32(str(word).encode()) for word in what]
    return np.random.default_rng([settings.seed, *words])


def youtube_id(settings: WorldSettings, number: int) -> str:
    """A made-up id of 11 characters; the first video's begins with "-", as real ones do."""
    rng = generator(settings, "youtube_id", number)
    text = "".join(_ALPHABET[index] for index in rng.integers(len(_ALPHABET), size=11))
    return ("-" + text[1:]) if number == 0 else text


def write_kinetics(root: Path, settings: WorldSettings, number: int) -> list[kinetics.ClipRow]:
    """Write video `number` to source/ and return its rows of the clip list."""
    frames = round(settings.kinetics_seconds * settings.fps)
    rng = generator(settings, "kinetics", number)
    scene, names = random_scene(
        rng,
        width=settings.width,
        height=settings.height,
        frames=frames,
        actors=int(rng.integers(3, 6)),
        sizes=(0.25, 0.55),
    )
    identity = youtube_id(settings, number)
    shots = _render(settings, scene, frames)
    path = root / "source" / f"{identity}.mp4"
    write_video(
        path,
        (shot.rgb for shot in shots),
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        quality=VIDEO_QUALITY,
    )
    seconds = settings.kinetics_seconds
    if number == 1:
        middle = float(int(seconds / 2))
        windows = [(0.0, middle), (middle, float(int(seconds)))]
    else:
        rim = float(int(seconds / 6))
        windows = [(rim, float(int(seconds - rim)))]
    label = f"moving {names[0].split()[-1]}"
    return [kinetics.ClipRow(label, identity, start, end, "train") for start, end in windows]


def missing_clip(settings: WorldSettings) -> kinetics.ClipRow:
    """A row whose video does not exist, as many of the real list no longer do."""
    identity = youtube_id(settings, settings.kinetics_videos)
    return kinetics.ClipRow("moving on", identity, 0.0, 10.0, "train")


def write_got10k(root: Path, settings: WorldSettings, split: str, number: int) -> str:
    """Write one GOT-10k sequence below `root`/`split` and return its name."""
    name = f"GOT-10k_{split.capitalize()}_{number + 1:06d}"
    frames = settings.got10k_frames
    rng = generator(settings, "got10k", split, number)
    scene, names = random_scene(
        rng,
        width=settings.width,
        height=settings.height,
        frames=frames,
        actors=int(rng.integers(1, 4)),
    )
    shots = list(_render(settings, scene, frames))
    views = [shot.views[0] for shot in shots]
    in_view = np.array([view.in_view for view in views])
    shown = in_view * (1 - np.array([view.occluded for view in views]))
    got10k.write_sequence(
        root / split,
        name,
        (shot.rgb for shot in shots),
        clip_boxes(_boxes(views), settings.width, settings.height),
        cover=np.ceil(shown * 8 - 0.5).astype(int),
        cut_by_image=in_view < 0.98,
        meta={
            "url": f"synthetic/{split}/{number + 1}",
            "begin": "0",
            "end": str(frames),
            "anno_fps": f"{settings.fps}Hz",
            "object_class": names[0],
            "motion_class": "none",
            "major_class": "object",
            "root_class": "object",
            "motion_adverb": "none",
            "resolution": f"({settings.width}, {settings.height})",
        },
        quality=JPEG_QUALITY,
    )
    return name


def clip_boxes(boxes_ltwh: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes (N, 4) cut to the image, as GOT-10k annotates; 0 wide or high if outside."""
    low = np.clip(boxes_ltwh[:, :2], 0, (width, height))
    high = np.clip(boxes_ltwh[:, :2] + boxes_ltwh[:, 2:], 0, (width, height))
    return np.concatenate([low, high - low], axis=1)


def _script(settings: WorldSettings, name: str) -> Script:
    at = Set(settings.width, settings.height)
    return SCRIPTS[name](at, generator(settings, "otb", name))


def write_otb(root: Path, settings: WorldSettings, name: str) -> list[str]:
    """Write one OTB folder to otb/ and its attribute vectors; return the targets' names."""
    script = _script(settings, name)
    shots = list(_render(settings, script.scene, settings.otb_frames))
    actors = list(zip(*(shot.views for shot in shots), strict=True))
    boxes = [_boxes(actors[target]) for target in script.targets]
    otb.write_sequence(
        root / "otb", name, (shot.rgb for shot in shots), boxes, quality=JPEG_QUALITY
    )
    several = len(script.targets) > 1
    targets = [f"{name}-{k + 1}" if several else name for k in range(len(script.targets))]
    for target, index in zip(targets, script.targets, strict=True):
        look_alikes = [actors[other] for other in script.look_alikes]
        shown = attributes.measure(actors[index], look_alikes)
        write_attributes(root / "otb_attributes", target, shown)
    return targets


def example(settings: WorldSettings, name: str) -> Example:
    """The target of an OTB scene, for a benchmark to write."""
    script = _script(settings, name)
    shots = list(_render(settings, script.scene, settings.otb_frames))
    views = [shot.views[script.targets[0]] for shot in shots]
    shown = np.array([view.in_view * (1 - view.occluded) for view in views])
    return Example(name, tuple(shot.rgb for shot in shots), _boxes(views), shown)


def write_vot(root: Path, settings: WorldSettings, name: str) -> str:
    """Write one VOT sequence, an OTB scene with other frames and rotated boxes."""
    script = _script(settings, name)
    shots = list(_render(settings, script.scene, settings.vot_frames))
    polygons = np.array([shot.views[script.targets[0]].polygon for shot in shots])
    rgb = [shot.rgb for shot in shots]
    vot.write_sequence(root, name.lower(), rgb, polygons, fps=settings.fps, quality=JPEG_QUALITY)
    return name.lower()


def write_davis(root: Path, settings: WorldSettings, name: str) -> str:
    """Write one DAVIS sequence with the masks of all its objects."""
    scene, _ = random_scene(
        generator(settings, "davis", name),
        width=settings.width,
        height=settings.height,
        frames=settings.davis_frames,
        actors=DAVIS_SCENES[name],
        part="test",
        sizes=(0.35, 0.55),
    )
    shots = list(_render(settings, scene, settings.davis_frames))
    davis.write_sequence(
        root,
        name,
        (shot.rgb for shot in shots),
        (shot.ids for shot in shots),
        quality=JPEG_QUALITY,
    )
    return name


def _render(settings: WorldSettings, scene: Scene, frames: int) -> Iterator[Frame]:
    return render(scene, frames=frames, width=settings.width, height=settings.height)


def _boxes(views: list[View]) -> np.ndarray:
    return np.array([view.box_ltwh for view in views])
