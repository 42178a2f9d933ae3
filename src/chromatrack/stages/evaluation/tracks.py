"""What is kept of a tracked sequence, and whether it is what would be made now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from chromatrack.data import otb
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, digest_file, digest_text, write_json, write_text
from chromatrack.stages.evaluation import journal
from chromatrack.versions import VERSIONS

KEPT = ("frames", "seconds", "boxes", "device")
_KINDS = {
    "frames": (int,), "seconds": (int, float), "boxes": (str,), "device": (str,),
    "identity": (str,), "run": (str,),
}  # fmt: skip


def identity(sequence: Sequence, source: dict, *, truth: np.ndarray | None = None) -> str:
    """Digest of all that determines the boxes: the run, the first box, the bytes of the frames.

    Args:
        truth: what a run looks at beside the first box: of one that is started again, all regions.

    Reading the frames costs a thousandth of tracking them (docs/tracking.md), and nothing less
    tells surely that they are the same.
    """
    frames = [digest_file(path) for path in sequence.frames]
    first = (sequence.boxes_ltwh[0] if truth is None else truth).tolist()
    return digest_text(canonical_json([_run_digest(source), first, frames]))


def known(name: str, folder: Path, identity: str) -> dict | None:
    """The entry of a sequence tracked under this identity, if its files are still there."""
    boxes, times = _files(name, folder)
    entry = journal.known(journal.entry_of(name, folder), identity, {"boxes": boxes})
    if entry is None or not _is_whole(entry) or not times.exists():
        return None
    return {key: entry[key] for key in KEPT}


def _is_whole(entry: dict) -> bool:
    """It says what an entry of boxes has to say."""
    if not all(type(entry.get(key)) in _KINDS[key] for key in _KINDS):
        return False
    return 0 <= entry["seconds"] < float("inf") and entry["frames"] > 0


def keep(
    name: str,
    folder: Path,
    identity: str,
    source: dict,
    boxes_ltwh: np.ndarray,
    seconds: np.ndarray,
    *,
    device: str,
    write: Callable[[Path], None] | None = None,
) -> dict:
    """Write boxes/NAME.txt, times/NAME.txt and, last, done/NAME.json.

    boxes: x,y,w,h, 1-based; times: seconds per frame, decoding included.

    Args:
        write: writes boxes/NAME.txt in another way.

    Returns:
        What `known` does, from then on.
    """
    boxes, times = _files(name, folder)

    def write_files() -> None:
        if write is None:
            otb.write_boxes(boxes, boxes_ltwh)
        else:
            write(boxes)
        write_text(times, "".join(f"{value:.8f}\n" for value in seconds))

    entry = journal.keep(
        journal.entry_of(name, folder),
        identity,
        {"boxes": boxes},
        write_files,
        frames=len(boxes_ltwh),
        seconds=round(float(np.sum(seconds)), 3),
        device=device,
        run=_run_digest(source),
    )
    return {key: entry[key] for key in KEPT}


def check_one_run(results: Path, names: Iterable[str]) -> None:
    """Boxes that are to be scored together come from one run, as far as it is known.

    Args:
        results: boxes/ of our runs; nothing is known of other folders.
        names: of the sequences that are scored.

    Raises:
        InputError: weights or settings changed from one sequence to another.
    """
    results = results.resolve()  # "." and links are boxes/, too
    if results.name != "boxes":
        return
    first: tuple[str, str] | None = None
    for name in names:
        entry = journal.read_entry(journal.entry_of(name, results.parent))
        if entry is None or not _is_whole(entry):
            continue
        run = entry["run"]
        if first is not None and run != first[1]:
            raise InputError(
                f"{results}: {first[0]} and {name} were tracked with other weights or settings; "
                "expected boxes of one run: track all of them again, or score some by their names"
            )
        first = first or (name, run)


def _run_digest(source: dict) -> str:
    """Of weights, settings and the version of the trackers, whatever stage runs them."""
    return digest_text(canonical_json([source, VERSIONS["track"]]))


def _files(name: str, folder: Path) -> tuple[Path, Path]:
    return folder / "boxes" / f"{name}.txt", folder / "times" / f"{name}.txt"


def write_run(output: Path, per_sequence: dict[str, dict], *, source: dict, **about) -> dict:
    """Write run.json of a run over sequences, as `sequences.run_sequences` gives it.

    Returns:
        What it holds: frames, seconds (decoding included, of all sequences), frames_per_second (of
        one process), device, what `about` names, per_sequence, results (digest of all boxes),
        made_by.
    """
    frames = sum(entry["frames"] for entry in per_sequence.values())
    seconds = sum(entry["seconds"] for entry in per_sequence.values())
    result = {
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_second": round(frames / max(seconds, 1e-9), 3),
        "device": "+".join(sorted({entry["device"] for entry in per_sequence.values()})),
        **about,
        "per_sequence": {
            name: {key: value for key, value in entry.items() if key != "device"}
            for name, entry in per_sequence.items()
        },
        "results": digest_text(canonical_json({n: e["boxes"] for n, e in per_sequence.items()})),
        "made_by": source,
    }
    write_json(output, result)
    return result
