"""Results that exist, taken into a run: they are scored, drawn and shown like those of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chromatrack.data.otb_results import read_results, run_name, times_file
from chromatrack.data.text import read_rows
from chromatrack.errors import InputError, some
from chromatrack.evaluation.benchmark import Benchmark, Selection
from chromatrack.files import digest_file, digest_text, made_by, write_json, write_text
from chromatrack.stages.evaluation.folder import claim


def adopt_results(
    benchmark: Benchmark,
    selection: Selection,
    results: Path,
    output: Path,
    *,
    protocol: str,
    of: str | None = None,
) -> dict:
    """Copy the results of the benchmark's targets to boxes/ beside `output`; then write `output`.

    Numbers lose no digit: what is scored is what was published. Rows are as many as there are.

    Args:
        results: a folder as `data.otb_results` describes it.
        output: run.json.
        of: whose results, in a folder of several trackers'.

    Returns:
        What run.json holds: frames, seconds and frames_per_second (None where times were not kept),
        device (None), benchmark, protocol, per_sequence, made_by.

    Raises:
        InputError: the benchmark takes no such results, or some of a target are missing.
    """
    if benchmark.gives != "boxes" or protocol == "restarted":
        raise InputError(f"--results: {benchmark.name} ({protocol}) takes no results of one pass")
    names = [sequence.name for sequence in benchmark.sequences(selection)]
    # Of several trackers in one folder, the one that this folder of the run is called after.
    guess = output.resolve().parent.name
    found = read_results(results, protocol, names, tracker=of, guess=guess)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"{results}: results of {len(missing)} of {len(names)} sequences are missing "
            f"({some(missing)})"
        )
    claim(output, ["boxes"])
    per_sequence, seconds = {}, []
    for target, runs in found.items():
        for number, boxes_ltwh in runs.items():
            name = run_name(target, protocol, number)
            path = output.parent / "boxes" / f"{name}.txt"
            write_text(path, _exact(boxes_ltwh))
            per_sequence[name] = {"frames": len(boxes_ltwh), "boxes": digest_file(path)}
            times = times_file(results, name)
            seconds.append(None if times is None else _total(times))
            if times is not None:
                kept = output.parent / "times" / f"{name}.txt"
                write_text(kept, times.read_text(encoding="utf-8-sig"))
    frames = sum(entry["frames"] for entry in per_sequence.values())
    total = None if None in seconds else float(sum(seconds))
    digests = "".join(entry["boxes"] for entry in per_sequence.values())
    source = made_by("adopt", settings={"protocol": protocol})
    source["inputs"] = {"results": digest_text(digests)}
    run = {
        "frames": frames,
        "seconds": total,
        "frames_per_second": round(frames / total, 3) if total else None,
        "device": None,
        "benchmark": benchmark.name,
        "protocol": protocol,
        "alpha": None,
        "per_sequence": per_sequence,
        "made_by": source,
    }
    write_json(output, run)
    return run


def _exact(boxes_ltwh: np.ndarray) -> str:
    """1-based x,y,width,height; NaN stays, and no digit is lost."""
    rows = boxes_ltwh + np.array([1.0, 1.0, 0.0, 0.0])
    return "".join(",".join(repr(value) for value in row) + "\n" for row in rows.tolist())


def _total(times: Path) -> float:
    return float(np.sum(read_rows(times, columns=(1,))))
