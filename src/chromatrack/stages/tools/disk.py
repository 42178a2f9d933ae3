"""Whether a disk is large enough for what a run will write, roughly."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sized

from chromatrack.data.kinetics import read_clip_list
from chromatrack.data.text import read_names
from chromatrack.data.training_sets import TrainingSet
from chromatrack.errors import InputError
from chromatrack.plan import layout
from chromatrack.plan.networks import networks
from chromatrack.plan.trackers import trackers
from chromatrack.settings import Settings

CLIP, LUMA_JPEG, LUMA_RAW, LABELS = 3.0e6, 0.6e6, 3.3e6, 38e3
"""Bytes of a cut clip of ten seconds at 340x256, and of what the label cache keeps of it (every
fifth frame); others scale with the frames. Rough: they decide whether a disk is large enough."""
CROPS = 4.0e6
"""Bytes of the crops of a sequence of GOT-10k (docs/siamfc.md)."""
NETWORK = 60e6
"""Bytes of a network and the state of its training, at full width; at most."""


def disk(settings: Settings) -> str:
    """Free space beside what the plan will write, roughly."""
    here = layout.run_folder(settings)
    while not here.exists():
        here = here.parent
    free = shutil.disk_usage(here).free
    planned = _planned_bytes(settings)
    verdict = "enough" if planned < free else "NOT enough"
    gigabytes = f"about {planned / 1e9:.1f} GB will be written, {free / 1e9:.0f} GB are free"
    return f"disk: {gigabytes}: {verdict}"


def _planned_bytes(settings: Settings) -> float:
    total, width = 0.0, max(settings.colorization.width, settings.siamfc.width)
    clips = settings.world.kinetics_videos if settings.data.demo else 0
    if layout.has_clips(settings) and not settings.data.demo:
        listed = layout.clip_list(settings)
        of_got10k = settings.clips.source.kind == "got10k"
        clips = _count(lambda: read_names(listed) if of_got10k else read_clip_list(listed)[0], 0)
    luma = LUMA_JPEG if settings.labels.luma == "jpeg" else LUMA_RAW
    kept = (luma * (3 if settings.labels.chroma else 1) + LABELS) * 5 / settings.labels.frame_stride
    total += clips * (CLIP + kept)
    if layout.needs_crops(settings):
        for kind, root in layout.data_paths(settings).tracking_train:
            videos = TrainingSet(kind, root).videos
            total += CROPS * _count(videos, settings.world.got10k_train)
    trained = len([spec for spec in trackers(settings) if spec.settings and spec.settings.trains])
    total += (trained + len(networks(settings)) + len(settings.seeds)) * NETWORK * width**2
    return total


def _count(read: Callable[[], Sized], otherwise: int) -> int:
    """How many there are, as far as it can be read; what cannot is told elsewhere."""
    try:
        return len(read())
    except InputError:
        return otherwise
