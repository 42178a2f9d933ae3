"""How well the networks that a SiamFC training kept track sequences of GOT-10k val."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chromatrack.configuration import as_plain
from chromatrack.data import got10k as layout
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.files import check_writable, made_by, write_json
from chromatrack.locks import holding
from chromatrack.machine.compute import prepare
from chromatrack.metrics import got10k
from chromatrack.settings import ComputeSettings, SiamFCSettings, TrackerSettings
from chromatrack.stages.evaluation.overlaps import counted_overlaps
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.tracking.load import load_tracker

# Not the configured tracker: another window or another penalty must not validate again.
TRACKER = TrackerSettings()

_STEP = re.compile(r"step-(\d+)\.pt")


def kept_networks(folder: Path) -> dict[int, Path]:
    """Step -> network, of the folder checkpoints/ of a training, first to last."""
    paths = folder.glob("step-*.pt")
    found = {int(match[1]): path for path in paths if (match := _STEP.fullmatch(path.name))}
    if not found:
        raise InputError(f"{folder}: expected the networks that train-siamfc kept, found none")
    return dict(sorted(found.items()))


def validate_siamfc(
    networks: Path,
    root: Path,
    output: Path,
    *,
    settings: SiamFCSettings,
    compute: ComputeSettings,
) -> dict[str, Any]:
    """Track validation sequences with each network that a training kept.

    Writes, and returns, AO, SR0.5, SR0.75 and the number of frames that count, for each network.
    Boxes lie in a folder of the name of `output` until then: after a kill, sequences that were
    tracked are not tracked again.

    Args:
        networks: the folder checkpoints/ of the training.
        root: list.txt and sequences in the GOT-10k layout.

    Raises:
        InputError: no network, or no sequence.
        WorkError: another process validates the same training.
    """
    check_writable(output)
    if not settings.validation_frames:
        raise InputError("siamfc.validation_frames: is 0, which means no validation")
    kept = kept_networks(networks)
    sequences = layout.read_sequences(root)
    if not sequences:
        raise InputError(f"{root / 'list.txt'}: expected at least one sequence")
    targets = [target.first(settings.validation_frames) for target in sequences]
    device = prepare(compute)
    work = output.with_suffix("")
    scores = []
    with holding(work):
        for step, path in kept.items():
            boxes = work / path.stem
            source = made_by(
                "validate-siamfc", settings=as_plain(TRACKER), inputs={"checkpoint": path}
            )
            run_sequences(
                functools.partial(load_tracker, path, settings=TRACKER, device=device),
                targets,
                boxes,
                source=source,
                compute=compute,
            )
            scores.append({"step": step, **_scores(targets, boxes / "boxes")})
        result = {
            "networks": scores,
            "made_by": made_by(
                "validate-siamfc",
                settings={"frames": settings.validation_frames, "tracker": as_plain(TRACKER)},
                inputs={path.name: path for path in kept.values()}
                | {"list.txt": root / "list.txt"},
            ),
        }
        write_json(output, result)
        shutil.rmtree(work)
    return result


def _scores(targets: Sequence[Target], boxes: Path) -> dict[str, float | int]:
    counted = counted_overlaps(targets, boxes)
    summary = got10k.summarize(counted)
    return {
        "average_overlap": summary.average_overlap,
        "success_rate_50": summary.success_rate_50,
        "success_rate_75": summary.success_rate_75,
        "frames": len(counted),
    }
