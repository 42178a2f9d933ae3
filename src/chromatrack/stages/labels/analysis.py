"""Some clips, every equalisation, every number of colours -> tables and figures (thesis 5.3.2)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from chromatrack.configuration import as_plain
from chromatrack.equalize import equalize
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.ledger import DONE, read_ledger
from chromatrack.files import made_by, write_json, write_text
from chromatrack.labels import analysis, over_clips
from chromatrack.labels.clip import cluster_colours
from chromatrack.labels.kmeans import ab_histogram
from chromatrack.labels.over_clips import ClipResult
from chromatrack.progress import progress
from chromatrack.settings import AnalysisSettings, LabelSettings
from chromatrack.stages.labels.figures import FigureFolder
from chromatrack.video.decode import read_frames, square


@dataclass(frozen=True)
class ClipFrames:
    """The kept frames of one clip.

    Attributes:
        rgb: (N, size, size, 3) uint8 before equalisation.
        lab: mode -> (N, size, size, 3) uint8 Lab after equalisation.
    """

    rgb: np.ndarray
    lab: Mapping[str, np.ndarray]


def analyze_labels(
    ledgers: Sequence[Path],
    clips: Path,
    output: Path,
    *,
    labels: LabelSettings,
    settings: AnalysisSettings,
) -> None:
    """Write `output`, the index that the page reads, and tables and figures beside it.

    A clip that cannot be decoded is left out with a line on standard error.

    Args:
        ledgers: of the shards.
        clips: folder that holds, for each ledger, one of its name with <clip_id>.mp4.

    Raises:
        InputError: no clip was fetched, or `analysis.chosen` names one that was not.
        WorkError: not one of the picked clips can be decoded.
    """
    picked = pick_clips(ledgers, clips, settings)
    figures = FigureFolder(output.parent, labels, settings)
    results = [
        _analyze_clip(clip_id, clip, labels, settings, figures)
        for clip_id, clip in _readable(picked, labels, settings)
    ]
    if not results:
        raise WorkError(f"not one of the {len(picked)} picked clips can be decoded")
    figures.draw_trade_off(over_clips.means(results), clips=len(results))
    write_text(output.parent / "clips.csv", over_clips.clips_csv(results))
    write_text(output.parent / "consistency.csv", over_clips.means_csv(results))
    write_json(
        output,
        {
            "clips": len(results),
            "frames": sum(result.frames for result in results),
            "left_out": len(picked) - len(results),
            "still_percent": _plain(
                asdict(over_clips.mean(np.array([result.still for result in results])))
            ),
            "still_levels": settings.still_levels,
            "size": labels.size,
            "cells": labels.label_size,
            "consistency": "consistency.csv",
            "per_clip": "clips.csv",
            "times_none": [
                {"equalization": mode, "colours": colours}
                | {name: _plain(asdict(estimate)) for name, estimate in ratios.items()}
                for (mode, colours), ratios in over_clips.comparisons(results).items()
            ],
            "figures": figures.index,
            "centroids": figures.centroids,
            "made_by": made_by(
                "analyze-labels",
                settings={"labels": labels.labelling(), "analysis": as_plain(settings)},
                # The clips themselves: a ledger also says when its rows were decided.
                inputs={clip_id: path for clip_id, path in picked.items() if path.is_file()},
            ),
        },
    )


def pick_clips(ledgers: Sequence[Path], clips: Path, settings: AnalysisSettings) -> dict[str, Path]:
    """Clip id -> file of the clips to analyse: the chosen ones, then evenly over the others."""
    files: dict[str, Path] = {}
    for path in ledgers:
        rows = read_ledger(path)
        done = rows.loc[rows["status"] == DONE, "clip_id"]
        files |= {clip_id: clips / path.stem / f"{clip_id}.mp4" for clip_id in done}
    if not files:
        raise InputError(f"not one clip in {len(ledgers)} ledgers is {DONE}; they say why")
    for clip_id in settings.chosen:
        if clip_id not in files:
            raise InputError(f"analysis.chosen: {clip_id!r} is no clip that a ledger calls {DONE}")
    others = [clip_id for clip_id in files if clip_id not in settings.chosen]
    spread = _evenly(len(others), settings.clips - len(settings.chosen))
    return {name: files[name] for name in [*settings.chosen, *(others[i] for i in spread)]}


def _evenly(total: int, count: int) -> list[int]:
    """At most `count` distinct indices below `total`, evenly spread from the first to the last."""
    if count >= total:
        return list(range(total))
    return np.linspace(0, total - 1, count).round().astype(int).tolist()


def _readable(
    picked: Mapping[str, Path], labels: LabelSettings, settings: AnalysisSettings
) -> Iterator[tuple[str, ClipFrames]]:
    for clip_id in progress(picked, what="label analysis", unit="clip"):
        try:
            frames = read_clip(picked[clip_id], labels, settings)
        except InputError as error:
            print(f"left out: {error}", file=sys.stderr)
        else:
            yield clip_id, frames


def read_clip(video: Path, labels: LabelSettings, settings: AnalysisSettings) -> ClipFrames:
    """Decode a clip once, up to `analysis.frames` kept frames, and equalise it in every mode."""
    rgb: list[np.ndarray] = []
    lab: dict[str, list[np.ndarray]] = {mode: [] for mode in settings.equalizations}
    for frame in read_frames(video, stride=labels.frame_stride):
        rgb.append(square(frame, size=labels.size, geometry=labels.geometry))
        for mode, frames in lab.items():
            equalized = equalize(frame, mode=mode)
            cut = square(equalized, size=labels.size, geometry=labels.geometry)
            frames.append(cv2.cvtColor(cut, cv2.COLOR_RGB2LAB))
        if len(rgb) == settings.frames:
            break
    if not rgb:
        raise InputError(f"{video}: no frame could be decoded")
    return ClipFrames(np.stack(rgb), {mode: np.stack(frames) for mode, frames in lab.items()})


def _analyze_clip(
    clip_id: str,
    clip: ClipFrames,
    labels: LabelSettings,
    settings: AnalysisSettings,
    figures: FigureFolder,
) -> ClipResult:
    still = analysis.still_cells(clip.rgb, cells=labels.label_size, levels=settings.still_levels)
    histograms, centroids, measured = {}, {}, {}
    for mode, lab in clip.lab.items():
        pixels = lab[..., 1:]
        cells = analysis.to_cells(pixels, labels.label_size)
        histograms[mode] = ab_histogram(pixels if labels.cluster_on == "frames" else cells)
        for colours in settings.colours:
            [clusters] = cluster_colours([histograms[mode]], replace(labels, colours=colours))
            centroids[mode, colours] = clusters.centroids
            measured[mode, colours] = analysis.measure(
                clusters,
                clustered=int(histograms[mode].sum()),
                pixels=pixels,
                cells=cells,
                still=still,
            )
    if figures.wants_clips:
        figures.draw_centroids(clip_id, histograms, centroids)
        figures.draw_labels(clip_id, clip.rgb, clip.lab, centroids)
    return ClipResult(
        clip_id=clip_id,
        frames=len(clip.rgb),
        still=100 * float(still.mean()) if still.size else float("nan"),
        measured=measured,
        lab_sums={mode: analysis.lab_sums(lab) for mode, lab in clip.lab.items()},
        pixels=int(np.prod(clip.rgb.shape[:3])),
    )


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers for JSON, which has no NaN."""
    return {name: None if np.isnan(value) else round(value, 6) for name, value in numbers.items()}
