"""A folder of full videos named <youtube_id>.<suffix>: looked up by id, never by path."""

from __future__ import annotations

import os
from pathlib import Path

from chromatrack.data.kinetics import is_video_id
from chromatrack.errors import InputError, some

VIDEO_TYPES = {
    ".3gp": "video/3gpp",
    ".avi": "video/x-msvideo",
    ".flv": "video/x-flv",
    ".m4v": "video/x-m4v",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpeg",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
    ".wmv": "video/x-ms-wmv",
}


class VideoFolder:
    """The videos of a folder, by id; the folder is listed once.

    Raises:
        InputError: there is no such folder, or nothing in it is named like a video.
    """

    def __init__(self, folder: str | Path) -> None:
        self._files: dict[str, Path] = {}
        try:
            entries = sorted(os.listdir(folder))
        except OSError as error:
            raise InputError(f"{folder}: expected a folder of videos ({error.strerror})") from None
        for name in entries:
            path = Path(folder) / name
            if path.suffix.lower() in VIDEO_TYPES and is_video_id(path.stem):
                self._files.setdefault(path.stem, path)
        others = [name for name in entries if not name.startswith(".")]
        if others and not self._files:
            raise InputError(
                f"{folder}: expected videos named by their ids, with {', '.join(VIDEO_TYPES)}; "
                f"found {some(others, 3)}"
            )

    def find(self, youtube_id: str) -> Path | None:
        """The file of a video, or None."""
        return self._files.get(youtube_id)


def version_of(path: Path | None) -> str:
    """Changes when the file does: its size and time of modification; "" if there is none."""
    try:
        facts = path.stat() if path else None
    except OSError:
        facts = None
    return f"{facts.st_size}:{facts.st_mtime_ns}" if facts else ""
