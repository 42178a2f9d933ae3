"""Label propagation on DAVIS with a colorization checkpoint, or without any network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.configuration import as_plain
from chromatrack.data import davis
from chromatrack.data.images import read_image_rgb
from chromatrack.errors import ChromatrackError, InputError, WorkError, raise_first
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import canonical_json, digest_file, digest_text, made_by, write_json
from chromatrack.progress import progress
from chromatrack.settings import ComputeSettings, PropagationSettings
from chromatrack.stages.evaluation import journal
from chromatrack.stages.evaluation.folder import claim
from chromatrack.versions import VERSIONS
from chromatrack.video.footage import of_one_size

IDENTITY = "identity"
"""The method that repeats the first mask: what any network has to beat."""


def propagate(
    checkpoint: Path | None,
    selection: Selection,
    output: Path,
    *,
    method: str,
    settings: PropagationSettings,
    compute: ComputeSettings,
) -> dict:
    """Propagate the first mask of every sequence.

    Writes NAME/%05d.png (indexed, official layout) beside `output`, and `output`, a JSON that says
    what made them, last. A sequence that was done with the same weights, settings and frames is
    not done again, as long as its masks are those that were written.

    Args:
        checkpoint: of the colorization network; None for the method `identity` alone.
        selection: of DAVIS; its val split, without names.
        method: `soft`, `thesis` (see `tracking.recipe`) or `identity`.

    Raises:
        InputError, WorkError: with the file of the sequence; the other sequences are kept.
    """
    if method == IDENTITY:
        segmenter = _Identity()
    else:
        segmenter = _Network(checkpoint, method, settings, compute)
    source = made_by(
        "propagate",
        settings={"method": method, **segmenter.settings, "max_frames": selection.max_frames},
        inputs={"checkpoint": checkpoint} if checkpoint else {},
    )
    counts, errors = {}, []
    names = davis.read_names(selection.root, names=selection.names)
    claim(output, names)
    with progress(names, what=f"DAVIS {output.parent.name}", unit="sequence") as bar:
        for name in bar:
            try:
                frames = davis.frames(selection.root, name)
                masks = davis.first_masks(selection.root, name, frames)
                frames = frames[: selection.max_frames]
                _one_sequence(segmenter, name, frames, masks, output.parent, source)
            except InputError as error:  # it names the sequence's file
                errors.append(error)
            except ChromatrackError as error:
                errors.append(WorkError(f"{name}: {error}"))
            else:
                counts[name] = len(frames)
    raise_first(errors, of=len(names))
    result = {"frames": counts, "made_by": source}
    write_json(output, result)
    return result


class _Identity:
    """Repeats the first mask."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}

    def __call__(self, frames: list[Path], mask: np.ndarray) -> Iterator[np.ndarray]:
        for _ in frames:
            yield np.where(mask == davis.VOID, 0, mask).astype(np.uint8)


class _Network:
    """Propagates with the network of a checkpoint."""

    def __init__(
        self,
        checkpoint: Path | None,
        method: str,
        settings: PropagationSettings,
        compute: ComputeSettings,
    ):
        # Only where there is a network: the identity need not wait for torch.
        from chromatrack.machine.compute import prepare
        from chromatrack.tracking.propagator import load_propagator

        if checkpoint is None:
            raise InputError(f"--checkpoint: method {method} needs one; only {IDENTITY} does not")
        self.propagator = load_propagator(
            checkpoint, method=method, settings=settings, device=prepare(compute)
        )
        self.settings = as_plain(self.propagator.recipe)

    def __call__(self, frames: list[Path], mask: np.ndarray) -> Iterator[np.ndarray]:
        from chromatrack.tracking import targets

        objects = targets.object_ids(mask)
        images = of_one_size(frames[0].parent, (read_image_rgb(path) for path in frames))
        for planes in self.propagator(images, targets.segment_planes(mask)):
            yield targets.segments(planes, objects)


def _one_sequence(
    segmenter: _Identity | _Network,
    name: str,
    frames: list[Path],
    masks: list[Path],
    folder: Path,
    source: dict,
) -> None:
    """Propagate the first of a sequence's masks; the others tell what its 255 means."""
    first_mask = masks[0]
    mask = davis.read_mask(first_mask, binary=davis.are_binary(masks))
    seen = [digest_file(path) for path in frames]
    version = VERSIONS["propagate"]
    identity = digest_text(
        canonical_json([source, version, seen, mask.shape, digest_text(mask.tobytes().hex())])
    )
    outputs = [folder / name / f"{path.stem}.png" for path in frames]
    done, written = journal.entry_of(name, folder), {path.name: path for path in outputs}
    if journal.known(done, identity, written) is not None:
        return
    shape = read_image_rgb(frames[0]).shape[:2]
    if mask.shape != shape:
        raise InputError(
            f"{first_mask}: expected the size of the frames, {shape[1]}x{shape[0]} pixels, "
            f"got {mask.shape[1]}x{mask.shape[0]}"
        )
    davis.check_objects(first_mask, mask)

    def write() -> None:
        for path, ids in zip(outputs, segmenter(frames, mask), strict=True):
            davis.write_mask(path, ids)

    journal.keep(done, identity, written, write)
