"""Stage 8: label propagation on DAVIS with a colorization checkpoint."""

from __future__ import annotations

from pathlib import Path

from chromatrack.checkpoints import load_checkpoint
from chromatrack.configuration import as_plain
from chromatrack.data import davis
from chromatrack.data.images import read_image_rgb
from chromatrack.errors import InputError
from chromatrack.files import made_by, write_json
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings, PropagationSettings
from chromatrack.tracking.propagation import propagate_segments
from chromatrack.training.compute import prepare


def propagate_davis(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: PropagationSettings,
    compute: ComputeSettings,
    max_frames: int | None = None,
) -> dict:
    """Propagate the first mask of every sequence of the val split.

    Writes NAME/%05d.png (indexed, official layout) beside `output`, and `output`, a JSON that says
    what made them, last.
    """
    device = prepare(compute)
    loaded = load_checkpoint(checkpoint, kinds=("colorization",))
    model = loaded.build().to(device)
    names = davis.read_names(root)
    counts = {}
    with progress(names, what=f"DAVIS {output.parent.name}", unit="sequence") as bar:
        for name in bar:
            frames = davis.frames(root, name)[:max_frames]
            masks = davis.masks(root, name)
            if not masks:
                raise InputError(f"{root}: {name} has no mask of its first frame")
            propagated = propagate_segments(
                model,
                loaded.scaling,
                (read_image_rgb(path) for path in frames),
                davis.read_mask(masks[0]),
                method=settings.method,
                references=1 if settings.method == "thesis" else settings.references,
                temperature=settings.temperature,
                short_side=settings.short_side,
                device=device,
            )
            for path, ids in zip(frames, propagated, strict=True):
                davis.write_mask(output.parent / name / f"{path.stem}.png", ids)
            counts[name] = len(frames)
    result = {
        "frames": counts,
        "made_by": made_by(
            "propagate",
            settings={**as_plain(settings), "max_frames": max_frames},
            inputs={"checkpoint": checkpoint},
        ),
    }
    write_json(output, result)
    return result
