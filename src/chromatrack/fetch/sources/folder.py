"""Full videos in a local folder."""

from __future__ import annotations

from pathlib import Path

from chromatrack.data.kinetics import ClipRow
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.folder import VideoFolder, version_of


class FolderSource:
    """Full videos in a local folder; they are read where they lie."""

    ready = False

    def __init__(self, folder: str | Path) -> None:
        self._videos = VideoFolder(folder)

    def get(self, row: ClipRow, target_dir: Path) -> Path:
        path = self._videos.find(row.youtube_id)
        if path is None:
            raise FetchError("gone", "the folder has no such video")
        return path

    def version(self, row: ClipRow) -> str:
        return version_of(self._videos.find(row.youtube_id))
