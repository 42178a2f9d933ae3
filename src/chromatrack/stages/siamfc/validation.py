"""Stage 5c: which of the networks that a SiamFC training kept is used; the rule is fixed before."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.configuration import as_plain
from chromatrack.data import got10k as layout
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_boxes
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.files import made_by, whole_file, write_json
from chromatrack.metrics import got10k
from chromatrack.settings import ComputeSettings, SiamFCSettings, TrackerSettings
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.tracking.load import load_tracker
from chromatrack.training.compute import prepare

RULES = {
    "last": "the network after the last step",
    "best_ao": "the network with the highest average overlap; of equal ones, the later",
}

_STEP = re.compile(r"step-(\d+)\.pt")


def check_validation(root: Path | None, settings: SiamFCSettings) -> None:
    """Before a training of days: whether its network can be chosen as the settings say."""
    if root is None:
        if settings.select == "best_ao":
            raise InputError(
                "siamfc.select: best_ao needs sequences to choose by; expected --validation, a "
                "folder in the GOT-10k layout"
            )
    elif not layout.read_sequences(root):
        raise InputError(f"{root / 'list.txt'}: expected at least one sequence")


def choose_network(
    folder: Path,
    root: Path | None,
    output: Path,
    *,
    settings: SiamFCSettings,
    compute: ComputeSettings,
    work: Path,
) -> dict[str, Any]:
    """Score the kept networks on validation sequences and copy the chosen one to `output`.

    Writes validation.json beside `output`: the rule, the step that it chose, and for each network
    AO, SR0.5, SR0.75 and the number of frames that count.

    Args:
        folder: holds step-0000100.pt and so on; the highest number is the last network.
        root: list.txt and sequences in the GOT-10k layout; None measures nothing.
        work: folder for boxes; sequences that were tracked before a kill are not tracked again.
    """
    kept = sorted((int(match[1]), path) for path in folder.iterdir()
                  if (match := _STEP.fullmatch(path.name)))  # fmt: skip
    scores = []
    if root is not None:
        device = prepare(compute)
        targets = [t.first(settings.validation_frames) for t in layout.read_sequences(root)]
        for step, path in kept:
            boxes = work / f"step-{step:07d}"
            source = made_by("validate", settings=as_plain(TRACKER), inputs={"checkpoint": path})
            run_sequences(
                functools.partial(load_tracker, path, settings=TRACKER, device=device),
                targets,
                boxes,
                source=source,
                compute=compute,
            )
            scores.append({"step": step, **_scores(targets, boxes / "boxes")})
    chosen = kept[-1][0]
    if settings.select == "best_ao":
        chosen = max(scores, key=lambda row: (row["average_overlap"], row["step"]))["step"]
    with whole_file(output) as part:
        shutil.copyfile(dict(kept)[chosen], part)
    result = {
        "rule": RULES[settings.select],
        "chosen": chosen,
        "networks": scores,
        "made_by": made_by(
            "validate",
            settings={
                "select": settings.select,
                "frames": settings.validation_frames,
                "tracker": as_plain(TRACKER),
            },
            inputs={path.name: path for _, path in kept}
            | ({} if root is None else {"list.txt": root / "list.txt"}),
        ),
    }
    write_json(output.parent / "validation.json", result)
    return result


# Not the configured tracker: another window or another penalty must not train a network again.
TRACKER = TrackerSettings()


def _scores(targets: Sequence[Target], boxes: Path) -> dict[str, float | int]:
    overlaps = []
    for target in targets:
        height, width = read_image_rgb(target.frames[0]).shape[:2]
        overlaps.append(
            got10k.counted_overlaps(
                read_boxes(boxes / f"{target.name}.txt"),
                target.boxes_ltwh,
                layout.read_cover(target.frames[0].parent)[: len(target)],
                (width, height),
            )
        )
    counted = np.concatenate(overlaps)
    summary = got10k.summarize(counted)
    return {
        "average_overlap": summary.average_overlap,
        "success_rate_50": summary.success_rate_50,
        "success_rate_75": summary.success_rate_75,
        "frames": len(counted),
    }
