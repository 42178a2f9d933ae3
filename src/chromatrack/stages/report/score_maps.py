"""maps.json: the score maps that the page shows beside frames (docs/report.md)."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data import otb
from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.files import compact_json, read_json, write_text
from chromatrack.plan.layout import selection
from chromatrack.plan.places import Places
from chromatrack.plan.trackers import TrackerSpec
from chromatrack.plan.viewer import baseline_of, box_benchmark, mixed_trackers
from chromatrack.progress import progress
from chromatrack.reporting import coding
from chromatrack.reporting.frames import partings, thinned
from chromatrack.settings import ComputeSettings, Settings
from chromatrack.stages.evaluation.openers import of_spec
from chromatrack.tracking.contract import at_frame
from chromatrack.tracking.maps import Maps
from chromatrack.tracking.together import Together
from chromatrack.tracking.tracker import SiameseTracker

FRAMES = 40
"""Of a sequence whose maps are kept, at most."""
ASIDE = 0.5
"""Pixels by which boxes may lie aside of those of the run, which another device may have made."""


@dataclass(frozen=True)
class _Chosen:
    """The tracker that is shown, and the sequences at which it is."""

    spec: TrackerSpec
    baseline: str
    names: tuple[str, ...]


def make_score_maps(
    settings: Settings, strips: Path, output: Path, *, compute: ComputeSettings
) -> dict[str, Any]:
    """Write maps.json of a finished run; returns it.

    Shown is the combined tracker that scores best, of those that the answer of the run is about
    where there are any, at the alpha that was laid down where one was; at the sequence at which it
    gains most against the baseline of its seed, a middling one, and that at which it loses most.

    Args:
        strips: strips.json of the run; maps are those of its frames.

    Raises:
        InputError: the run has no combined tracker whose boxes are shown.
    """
    told = {one["name"]: one for one in read_json(strips)["sequences"]}
    chosen = _choose(settings)
    benchmark, places = box_benchmark(settings), Places(settings.run)
    targets = {s.name: s for s in benchmark.sequences(selection(settings, benchmark.name))}
    tracker = of_spec(settings, chosen.spec).opener(compute)()
    boxes = Path(places.evaluation(benchmark.name, "ope", chosen.spec.name, "boxes"))
    sequences, left_out = {}, {}
    for name in progress(chosen.names, what="score maps", unit="sequence"):
        frames = _frames(told[name], chosen)
        target = targets[name].first(frames[-1] + 1)
        tracked, maps = track_with_maps(tracker, target, set(frames))
        aside = _aside(tracked, otb.read_boxes(boxes / f"{name}.txt", allow_nan=True))
        if aside > ASIDE:
            left_out[name] = f"tracked here, its boxes lie up to {aside:.1f} pixels aside"
            print(f"{name}: no maps: {left_out[name]} of those of the run")
            continue
        sequences[name] = [_as_json(frame, one) for frame, one in maps.items()]
    made = {
        "tracker": chosen.spec.name,
        "experiment": chosen.spec.experiment,
        "alpha": chosen.spec.alpha,
        "sequences": sequences,
        "left_out": left_out,
    }
    write_text(output, compact_json(made))
    return made


def track_with_maps(
    tracker: SiameseTracker, sequence: Sequence, frames: Collection[int]
) -> tuple[np.ndarray, dict[int, Maps]]:
    """Follow the target as `single.track_sequence` does, and keep the maps of some frames.

    Args:
        tracker: whose network has one alpha.
        frames: whose maps are kept, from 1: the first one has none.

    Returns:
        boxes_ltwh (N, 4), and the maps by their frames, in order.
    """
    # All scales in one call, as in the run: in parts, numbers would be rounded otherwise.
    followers = Together(tracker, patches=len(tracker.factors))
    boxes_ltwh, maps = np.zeros((len(sequence), 4)), {}
    for index, path in enumerate(sequence.frames):
        with at_frame(sequence, index):
            image = read_image_rgb(path)
            if index == 0:
                (seen,) = followers.init(image, sequence.boxes_ltwh[:1])
            else:
                (seen,) = followers.update(image)
        boxes_ltwh[index] = seen.box_ltwh
        if index in frames:
            maps[index] = seen.maps
    return boxes_ltwh, maps


def _choose(settings: Settings) -> _Chosen:
    benchmark, places = box_benchmark(settings), Places(settings.run)
    specs = mixed_trackers(settings)
    if not specs:
        raise InputError("experiments: expected a combined tracker with 0 < alpha < 1, found none")
    measure = benchmark.measures[0].key

    def scores(name: str) -> Mapping[str, Any]:
        return read_json(places.scores(benchmark.name, "ope", name))

    spec = max(specs, key=lambda spec: scores(spec.name)[measure])
    baseline = baseline_of(settings, spec).name
    own, other = (scores(name)["per_sequence"] for name in (spec.name, baseline))
    ranked = sorted(own, key=lambda name: (other[name][measure] - own[name][measure], name))
    # Gains, a middle and losses: maps of successes alone would mislead.
    places_shown = sorted({0, len(ranked) // 2, len(ranked) - 1})
    return _Chosen(spec, baseline, tuple(ranked[place] for place in places_shown))


def _frames(told: Mapping[str, Any], chosen: _Chosen) -> list[int]:
    """Frames with a picture; of many, those evenly spaced and where the tracker parts."""
    frames = [frame for frame in told["frames"] if frame > 0]
    pair = [told["overlaps"].get(name) for name in (chosen.baseline, chosen.spec.name)]
    apart = [] if None in pair else partings(_overlaps(pair[0]), [_overlaps(pair[1])])
    always = [frames.index(frame) for frame in apart if frame in frames]
    return [frames[place] for place in thinned(len(frames), FRAMES, always)]


def _overlaps(text: str) -> np.ndarray:
    levels = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return np.where(levels == coding.UNCOUNTED, np.nan, levels / coding.LEVELS)


def _aside(tracked: np.ndarray, boxes_ltwh: np.ndarray) -> float:
    """The largest difference of a coordinate, in pixels."""
    return float(np.abs(tracked - boxes_ltwh[: len(tracked)]).max())


def _as_json(frame: int, maps: Maps) -> dict[str, Any]:
    each = {"siamfc": maps.siamfc, "auxiliary": maps.auxiliary, "mixed": maps.mixed}
    return {
        "frame": frame,
        "search": [round(float(value), 2) for value in maps.search_ltwh],
        "cells": list(maps.mixed.shape),
        **{name: _scaled(one) for name, one in each.items()},
        "ranges": {
            name: [round(float(end), 6) for end in (one.min(), one.max())]
            for name, one in each.items()
        },
    }


def _scaled(one: np.ndarray) -> str:
    """A map as base64 of uint8, its lowest value 0 and its highest 255."""
    span = float(one.max() - one.min()) or 1.0
    return coding.text(np.rint((one - one.min()) / span * 255).astype(np.uint8).tobytes())
