"""Tracking many sequences: each once, its boxes kept as a file that says what made it."""

from __future__ import annotations

import time
from collections.abc import Sequence as Sequences
from pathlib import Path

import numpy as np

from chromatrack.data import otb
from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence
from chromatrack.files import canonical_json, digest_file, digest_text, read_json, write_json
from chromatrack.progress import progress
from chromatrack.tracking.contract import OpenTracker, Tracker


def run_sequences(
    open_tracker: OpenTracker, sequences: Sequences[Sequence], folder: Path, *, source: dict
) -> dict[str, dict]:
    """Track every sequence from its first box.

    Writes folder/boxes/NAME.txt (x,y,w,h, 1-based). A sequence that was done with the same source,
    first box and frames is not tracked again.

    Args:
        source: what determines the boxes beside the sequence (`files.made_by`).

    Returns:
        name -> frames, seconds (decoding included), boxes (digest of the file).
    """
    tracker, entries = None, {}
    with progress(sequences, what=f"track {folder.name}", unit="sequence") as bar:
        for sequence in bar:
            identity = digest_text(canonical_json([source, _fingerprint(sequence)]))
            entry = _done(sequence.name, folder, identity)
            if entry is None:
                tracker = tracker or open_tracker()
                entry = _track(tracker, sequence, folder, identity)
            entries[sequence.name] = entry
    return entries


def _boxes_file(name: str, folder: Path) -> Path:
    return folder / "boxes" / f"{name}.txt"


def _done_file(name: str, folder: Path) -> Path:
    return folder / "done" / f"{name}.json"


def _done(name: str, folder: Path, identity: str) -> dict | None:
    """The entry of a sequence tracked under this identity, if its boxes are still there."""
    done_file, boxes_file = _done_file(name, folder), _boxes_file(name, folder)
    if done_file.exists() and boxes_file.exists():
        done = read_json(done_file)
        if done.get("identity") == identity and done["boxes"] == digest_file(boxes_file):
            return {key: done[key] for key in ("frames", "seconds", "boxes")}
    return None


def _track(tracker: Tracker, sequence: Sequence, folder: Path, identity: str) -> dict:
    boxes_file = _boxes_file(sequence.name, folder)
    started = time.perf_counter()
    boxes_ltwh = _run(tracker, sequence)
    seconds = time.perf_counter() - started
    otb.write_boxes(boxes_file, boxes_ltwh)
    entry = {
        "frames": len(sequence),
        "seconds": round(seconds, 3),
        "boxes": digest_file(boxes_file),
    }
    write_json(_done_file(sequence.name, folder), {**entry, "identity": identity})
    return entry


def _run(tracker: Tracker, sequence: Sequence) -> np.ndarray:
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
