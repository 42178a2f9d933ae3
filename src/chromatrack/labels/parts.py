"""Decoded clips on disk: what a killed label job has earned, and what keeps its memory small."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np

from chromatrack.files import DAMAGED_ZIP, canonical_json, digest_text
from chromatrack.labels.clip import DecodedClip
from chromatrack.streams import whole_stream


class Parts:
    """A folder with one file per decoded clip.

    A part belongs to the bytes of a clip and to the recipe that decoded it; with another of either
    it is not there.

    Args:
        folder: made if missing.
        recipe: everything that the decoded clip depends on beside its bytes; JSON values.
    """

    def __init__(self, folder: Path, recipe: object):
        self._folder = folder
        self._recipe = recipe
        folder.mkdir(parents=True, exist_ok=True)

    def load(self, clip_id: str, sha256: str) -> DecodedClip | None:
        """The decoded clip, or None if it is not there or damaged."""
        try:
            with np.load(self._path(clip_id), allow_pickle=False) as file:
                if str(file["key"]) != self._key(sha256):
                    return None
                record = file["clip"]
            values = {field.name: record[field.name] for field in fields(DecodedClip)}
            return DecodedClip(**values | {"lab_count": int(values["lab_count"])})
        except DAMAGED_ZIP:
            return None

    def keep(self, clip_id: str, sha256: str, clip: DecodedClip) -> None:
        """Write a part; on return it is on disk, whole."""
        values = {field.name: np.asarray(getattr(clip, field.name)) for field in fields(clip)}
        # One record: each array of its own in a zip takes as long as all of them together. The
        # widest numbers first, so that all lie where a processor reads them well.
        ordered = sorted(values.items(), key=lambda item: -item[1].itemsize)
        record = np.empty((), dtype=[(name, value.dtype, value.shape) for name, value in ordered])
        for name, value in ordered:
            record[name] = value
        path = self._path(clip_id)
        if path.is_dir():
            shutil.rmtree(path)
        with whole_stream(path) as sink:
            np.savez(sink, key=self._key(sha256), clip=record)

    def remove(self) -> None:
        """The shard is written: the parts have served."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, clip_id: str) -> Path:
        return self._folder / f"{clip_id}.npz"

    def _key(self, sha256: str) -> str:
        return digest_text(canonical_json([self._recipe, sha256]))
