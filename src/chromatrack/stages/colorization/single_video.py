"""The single-video test (thesis 5.3.3): one clip memorised with both losses and several k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from chromatrack.checkpoints import load_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.fetch.ledger import DONE, read_ledger
from chromatrack.files import canonical_json, made_by, write_json
from chromatrack.labels.analysis import palette
from chromatrack.labels.cache import LabelShard
from chromatrack.losses import double_softmax_floor
from chromatrack.reporting import plots
from chromatrack.reporting.single_video_plots import curves_figure, progress_figure
from chromatrack.settings import (
    ColorizationSettings,
    ComputeSettings,
    LabelSettings,
    SingleVideoSettings,
)
from chromatrack.stages.colorization.memorized_clip import MemorizedClip
from chromatrack.stages.colorization.training import train_colorization, training_source
from chromatrack.stages.labels.lab_statistics import lab_statistics
from chromatrack.stages.labels.labels import label_video

REACH = 70.0
"""How saturated labels are drawn, in 8-bit levels."""


def memorize_clip(
    video: Path,
    output: Path,
    *,
    labels: LabelSettings,
    colorization: ColorizationSettings,
    settings: SingleVideoSettings,
    seed: int,
    compute: ComputeSettings,
) -> None:
    """Train on one clip alone, for each k with both losses; writes figures, curves and the index.

    Each training lies in its own folder beside the index; one that is done is not repeated, and one
    that was killed continues.

    Raises:
        InputError: the video cannot be decoded or is shorter than a sample.
    """
    folder = output.parent
    # The network sees what is kept; the rest of what a label cache can hold is not read here.
    labels = replace(labels, chroma=colorization.input != "luma", full_resolution=False)
    training = replace(
        colorization,
        steps=settings.steps,
        drop_at=settings.drop_at or settings.steps,
        validation_clips=0.0,
    )
    runs = []
    for colours in settings.colours:
        cache, statistics = folder / f"k{colours}.h5", folder / f"k{colours}-lab.json"
        label_video(video, cache, settings=replace(labels, colours=colours))
        lab_statistics([cache], statistics)
        for loss in settings.losses:
            run = MemorizedClip(
                colours, folder / f"k{colours}-{loss}", cache, replace(training, loss=loss)
            )
            _train_once(run, statistics, settings, seed, compute)
            runs.append(run)
    measured = [run.measure() for run in runs]
    figures = _draw(folder, video.stem, runs, measured, settings)
    write_json(
        output,
        {
            "clip": video.stem,
            "trunk": settings.trunk,
            "steps": settings.steps,
            "runs": measured,
            "figures": figures,
            "made_by": made_by(
                "memorize-clip",
                settings={
                    **settings.read_of(labels, colorization),
                    "single_video": as_plain(settings),
                    "seed": seed,
                },
                inputs={"video": video},
            ),
        },
    )


def fetched_clip(ledgers: Sequence[Path], clips: Path, clip: str | None) -> Path:
    """The file of that clip, or of the first one that a ledger calls done.

    Args:
        clips: folder that holds, for each ledger, one of its name with <clip_id>.mp4.
    """
    for path in ledgers:
        rows = read_ledger(path)
        done = rows.loc[rows["status"] == DONE, "clip_id"]
        for clip_id in done:
            if clip in (None, clip_id):
                return clips / path.stem / f"{clip_id}.mp4"
    wanted = "clip" if clip is None else f"clip {clip!r}"
    raise InputError(f"single_video.clip: no {wanted} is {DONE} in {len(ledgers)} ledgers")


def _train_once(
    run: MemorizedClip,
    statistics: Path,
    settings: SingleVideoSettings,
    seed: int,
    compute: ComputeSettings,
) -> None:
    output = run.network_after(None)
    options = {
        "trunk": settings.trunk, "colours": run.colours, "seed": seed, "settings": run.training
    }  # fmt: skip
    kept = [run.network_after(step) for step in settings.show_at]
    if output.exists() and all(path.exists() for path in kept):
        source = training_source([run.labels], statistics, **options)
        if load_checkpoint(output).made_by == canonical_json(source):
            return
    train_colorization(
        [run.labels], statistics, output, compute=compute, keep_at=settings.show_at, **options
    )


def _draw(
    folder: Path,
    clip: str,
    runs: Sequence[MemorizedClip],
    measured: Sequence[dict],
    settings: SingleVideoSettings,
) -> list[dict[str, str]]:
    index = []
    with plots.style():
        curves: dict[int, dict] = {}
        for run in runs:
            curves.setdefault(run.colours, {})[run.loss] = run.curve()
        floors = {colours: double_softmax_floor(colours) for colours in curves}
        title = f"One clip memorised: {clip}"
        plots.save(curves_figure(curves, floors, title), folder / "curves")
        index.append({
            "title": title,
            "caption": "Training loss (thesis Figure 5.8). With the softmax taken twice, as the "
            "thesis's code did, the loss cannot fall below the dashed line.",
            "svg": "curves.svg", "png": "curves.png",
        })  # fmt: skip
        for number, (run, result) in enumerate(zip(runs, measured, strict=True)):
            title = f"Predicted labels while they are learned: k = {run.colours}, {run.loss}"
            plots.save(
                progress_figure(_progress_rows(run, settings), title),
                folder / f"progress-{number}",
            )
            index.append({
                "title": title,
                "caption": f"Clip {clip} (thesis Figure 5.7). In the end {result['accuracy']:.1%} "
                f"of the positions are right: {result['wrong_per_image']:.1f} of "
                f"{result['positions']} wrong per image, over {result['images']} images. Last row: "
                "white where the prediction is wrong.",
                "svg": f"progress-{number}.svg", "png": f"progress-{number}.png",
            })  # fmt: skip
    return index


def _progress_rows(
    run: MemorizedClip, settings: SingleVideoSettings
) -> dict[str, list[np.ndarray]]:
    samples = run.samples()
    count = min(settings.images, len(samples))
    chosen = np.linspace(0, len(samples) - 1, count).round().astype(int).tolist()
    shard = LabelShard(run.labels)
    paint = palette(np.nan_to_num(shard.centroids[0], nan=128.0), reach=REACH)
    targets = [samples.sample(index)[0][-1] for index in chosen]
    lumas = [np.ascontiguousarray(t[..., 0]) if samples.chroma else t for t in targets]
    rows = {"L": [cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB) for luma in lumas]}
    for step in [*settings.show_at, None]:
        predicted, truth = run.predict(step, chosen)
        rows[f"step {settings.steps if step is None else step}"] = list(paint[predicted])
    rows["truth"] = list(paint[truth])
    wrong = (predicted != truth)[..., None].repeat(3, -1)
    rows["difference"] = list(wrong.astype(np.uint8) * 255)
    return rows
