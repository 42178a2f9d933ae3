"""Crops of single videos on disk: what a killed job of a shard has earned."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromatrack.data.crops import Crops, digest_frames
from chromatrack.data.sequence import Sequence as Target
from chromatrack.files import canonical_json, digest_text
from chromatrack.streams import whole_stream


class CropParts:
    """A folder with one file per video.

    A part belongs to the boxes and frames of its video and to the recipe of the crops; with another
    of either it is not there.

    Args:
        folder: made if missing.
        recipe: everything that the crops depend on beside the video; JSON values.
    """

    def __init__(self, folder: Path, recipe: object):
        self._folder = folder
        self._recipe = recipe
        folder.mkdir(parents=True, exist_ok=True)

    def holds(self, video: str, targets: Sequence[Target]) -> bool:
        """Whether there is a part of these boxes, and of frames with these bytes."""
        found = self.load(video, targets)
        return found is not None and found[1] == digest_frames(targets)

    def load(self, video: str, targets: Sequence[Target]) -> tuple[list[Crops], str] | None:
        """Crops of the targets, still on disk, and the digest of the frames; None if not there."""
        path = self._path(video)
        try:
            with np.load(path, allow_pickle=False) as file:
                if str(file["key"]) != self._key(video, targets):
                    return None
                digest, counts = str(file["digest"]), file["counts"]
                frames, lengths = file["frames"], file["lengths"]
                if len(file["jpegs"]) != lengths.sum():
                    return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        ends = np.cumsum(counts)
        bounds = np.cumsum([0, *lengths])
        return [
            Crops(
                target.name,
                frames[end - count : end],
                lengths[end - count : end],
                _Jpegs(path, int(bounds[end - count]), int(bounds[end])),
            )
            for target, end, count in zip(targets, ends, counts, strict=True)
        ], digest

    def keep(
        self, video: str, targets: Sequence[Target], crops: Sequence[Crops], digest: str
    ) -> None:
        """Write a part; on return it is on disk, whole."""
        with whole_stream(self._path(video)) as sink:
            np.savez(
                sink,
                key=self._key(video, targets),
                digest=digest,
                counts=np.array([len(c.frames) for c in crops], dtype=np.int64),
                frames=np.concatenate([np.zeros(0, np.int64), *(c.frames for c in crops)]),
                lengths=np.concatenate([np.zeros(0, np.int64), *(c.lengths for c in crops)]),
                jpegs=np.frombuffer(b"".join(c.jpegs() for c in crops), dtype=np.uint8),
            )

    def _path(self, video: str) -> Path:
        # A digest: names of videos may hold what a file's name must not.
        return self._folder / f"{digest_text(video)[:32]}.npz"

    def _key(self, video: str, targets: Sequence[Target]) -> str:
        frames = targets[0].frames if targets else ()
        return digest_text(
            canonical_json(
                [
                    self._recipe,
                    video,
                    [path.name for path in frames],
                    [annotation(target) for target in targets],
                ]
            )
        )


class _Jpegs:
    """Reads its share of the JPEGs of a part."""

    def __init__(self, path: Path, first: int, last: int):
        self.path, self.first, self.last = path, first, last

    def __call__(self) -> bytes:
        with np.load(self.path, allow_pickle=False) as file:
            return file["jpegs"][self.first : self.last].tobytes()


def annotation(target: Target) -> list:
    """What crops depend on beside the frames: name, boxes and visible frames, as JSON values."""
    visible = None if target.visible is None else target.visible.tolist()
    return [target.name, target.boxes_ltwh.tolist(), visible]
