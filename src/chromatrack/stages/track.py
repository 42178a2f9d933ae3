"""Stage 8: tracking of OTB and VOT sequences, and of one video of the user's."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chromatrack.configuration import as_plain
from chromatrack.data import otb, vot
from chromatrack.data.images import list_frames, read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.files import (
    canonical_json,
    digest_file,
    digest_text,
    made_by,
    read_json,
    whole_file,
    write_json,
)
from chromatrack.metrics.vot import summarize
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.supervised import supervised_run
from chromatrack.tracking.tracker import SiameseTracker
from chromatrack.training.compute import prepare
from chromatrack.video.decode import read_frames


def track_otb(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
    random_auxiliary: int | None = None,
    names: Path | None = None,
    max_frames: int | None = None,
) -> dict:
    """One-pass evaluation run over OTB sequences.

    Writes boxes/NAME.txt (x,y,w,h, 1-based) and, last, run.json into the folder of `output`. A
    sequence that was done with the same weights, settings and frames is not tracked again.

    Args:
        output: run.json.
        names: file with the target names to track; None for all.
        max_frames: cut each sequence to its first frames.

    Returns:
        What run.json holds: frames, seconds (decoding included), frames_per_second, device,
        per_sequence, results (digest of all boxes), made_by.
    """
    device = prepare(compute)
    chosen = otb.read_names(names) if names else None
    sequences = [s.first(max_frames) for s in otb.read_sequences(root, names=chosen)]
    if not sequences:
        raise InputError(f"{root}: no OTB sequence found")
    tracker = load_tracker(
        checkpoint,
        settings=settings,
        device=device,
        alpha=alpha,
        random_auxiliary=random_auxiliary,
    )
    source = made_by(
        "track",
        settings={
            "tracker": as_plain(settings),
            "alpha": alpha,
            "random_auxiliary": random_auxiliary,
            "max_frames": max_frames,
        },
        inputs={"checkpoint": checkpoint},
    )
    per_sequence = {}
    with progress(sequences, what=f"track {output.parent.name}", unit="sequence") as bar:
        for sequence in bar:
            per_sequence[sequence.name] = _one_sequence(tracker, sequence, output.parent, source)
    frames = sum(entry["frames"] for entry in per_sequence.values())
    seconds = sum(entry["seconds"] for entry in per_sequence.values())
    result = {
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_second": round(frames / max(seconds, 1e-9), 3),
        "device": device.type,
        "alpha": alpha_of(tracker),
        "per_sequence": per_sequence,
        "results": digest_text(canonical_json({n: e["boxes"] for n, e in per_sequence.items()})),
        "made_by": source,
    }
    write_json(output, result)
    return result


def alpha_of(tracker: SiameseTracker) -> float | None:
    """The weight of the colorization branch that a tracker uses; None for SiamFC alone."""
    alpha = getattr(tracker.network.network, "alpha", None)
    return None if alpha is None else round(float(alpha), 6)


def _one_sequence(tracker: SiameseTracker, sequence: Sequence, folder: Path, source: dict) -> dict:
    boxes_file = folder / "boxes" / f"{sequence.name}.txt"
    done_file = folder / "done" / f"{sequence.name}.json"
    identity = digest_text(canonical_json([source, _fingerprint(sequence)]))
    if done_file.exists() and boxes_file.exists():
        done = read_json(done_file)
        if done.get("identity") == identity and done["boxes"] == digest_file(boxes_file):
            return {key: done[key] for key in ("frames", "seconds", "boxes")}
    started = time.perf_counter()
    boxes_ltwh = _run(tracker, sequence)
    seconds = time.perf_counter() - started
    otb.write_boxes(boxes_file, boxes_ltwh)
    entry = {
        "frames": len(sequence),
        "seconds": round(seconds, 3),
        "boxes": digest_file(boxes_file),
    }
    write_json(done_file, {**entry, "identity": identity})
    return entry


def _run(tracker: SiameseTracker, sequence: Sequence) -> np.ndarray:
    boxes_ltwh = np.zeros((len(sequence), 4))
    for index, path in enumerate(sequence.frames):
        image = read_image_rgb(path)
        if index == 0:
            tracker.init(image, sequence.boxes_ltwh[0])
            boxes_ltwh[0] = sequence.boxes_ltwh[0]
        else:
            boxes_ltwh[index] = tracker.update(image)
    return boxes_ltwh


def _fingerprint(sequence: Sequence) -> list:
    """What a result depends on: the first box, and the names and sizes of the frames."""
    frames = [[path.name, path.stat().st_size] for path in sequence.frames]
    return [sequence.boxes_ltwh[0].tolist(), frames]


def track_vot(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
    random_auxiliary: int | None = None,
    max_frames: int | None = None,
) -> dict:
    """Supervised VOT run: accuracy, failures, robustness and EAO as JSON."""
    device = prepare(compute)
    tracker = load_tracker(
        checkpoint,
        settings=settings,
        device=device,
        alpha=alpha,
        random_auxiliary=random_auxiliary,
    )
    runs = {}
    sequences = [sequence.first(max_frames) for sequence in vot.read_sequences(root)]
    with progress(sequences, what=f"VOT {output.stem}", unit="sequence") as bar:
        for sequence in bar:
            overlaps, states, _ = supervised_run(tracker, sequence)
            # The tracker is deterministic: one repetition stands for the 15 of the challenge.
            runs[sequence.name] = [(overlaps, states)]
    result = {
        **summarize(runs),
        "made_by": made_by(
            "track-vot",
            settings={
                "tracker": as_plain(settings),
                "alpha": alpha,
                "random_auxiliary": random_auxiliary,
                "max_frames": max_frames,
            },
            inputs={"checkpoint": checkpoint},
        ),
    }
    write_json(output, result)
    return result


def track_video(
    source: Path,
    box_ltwh: np.ndarray,
    checkpoint: Path,
    output: Path,
    *,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
) -> int:
    """Track one target in a video or a folder of frames; returns the number of frames.

    Writes a CSV with the columns frame,left,top,width,height; boxes are 0-based pixels, the first
    row is the given box.
    """
    device = prepare(compute)
    tracker = load_tracker(checkpoint, settings=settings, device=device, alpha=alpha)
    count = 0
    with whole_file(output) as part, open(part, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["frame", "left", "top", "width", "height"])
        for image in progress(_frames_of(source), what="track", unit="frame"):
            if count == 0:
                _check_box(box_ltwh, image.shape)
                tracker.init(image, box_ltwh)
                box = np.asarray(box_ltwh, dtype=np.float64)
            else:
                box = tracker.update(image)
            writer.writerow([count, *(f"{value:.4f}" for value in box)])
            count += 1
        if count == 0:
            raise InputError(
                f"{source}: no frame found (expected a video, or a folder of numbered images)"
            )
    return count


def _frames_of(source: Path) -> Iterator[np.ndarray]:
    if source.is_dir():
        return (read_image_rgb(path) for path in list_frames(source))
    if not source.exists():
        raise InputError(f"{source}: no such video or folder")
    return read_frames(source)


def _check_box(box_ltwh: np.ndarray, shape: tuple[int, ...]) -> None:
    left, top, width, height = box_ltwh
    if left >= shape[1] or top >= shape[0] or left + width <= 0 or top + height <= 0:
        raise InputError(
            f"--box {','.join(f'{v:g}' for v in box_ltwh)}: lies outside the first frame "
            f"({shape[1]}x{shape[0]} pixels)"
        )
