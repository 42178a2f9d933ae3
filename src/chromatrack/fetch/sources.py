"""Where full videos come from: the video site through yt-dlp, or a local folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.failures import FetchError, classify, is_disk_full
from chromatrack.fetch.folder import VideoFolder, is_video_id
from chromatrack.fetch.server import serve_folder
from chromatrack.settings import SourceSettings


class Source(Protocol):
    """Something that has videos.

    A new source is one class with these two methods and one line in `open_source`.
    """

    def get(self, youtube_id: str, target_dir: Path) -> Path:
        """The full video as a file: in `target_dir`, or where it lies already.

        Raises:
            FetchError: it could not be had.
            WorkError: this machine cannot take it (disk full); no other video would fare better.
        """
        ...

    def version(self, youtube_id: str) -> str:
        """Changes when the video changes; "" if that cannot be told without getting it."""
        ...


class FolderSource:
    """Full videos in a local folder; they are read where they lie."""

    def __init__(self, folder: str | Path) -> None:
        self._videos = VideoFolder(folder)

    def get(self, youtube_id: str, target_dir: Path) -> Path:
        path = self._videos.find(youtube_id)
        if path is None:
            raise FetchError("gone", "the folder has no such video")
        return path

    def version(self, youtube_id: str) -> str:
        return _version_of(self._videos.find(youtube_id))


class YtDlpSource:
    """Videos from a site that yt-dlp knows, or from any address of a video file.

    Args:
        url: address of a video, with {id} for its id.
        max_height: highest resolution that is asked for, in pixels; a site that offers only more
            gives its smallest one.
        local: the folder behind a server on this machine, whose videos can change.
    """

    def __init__(self, *, url: str, max_height: int, local: VideoFolder | None = None) -> None:
        self._url = url
        self._max_height = max_height
        self._local = local

    def get(self, youtube_id: str, target_dir: Path) -> Path:
        if not is_video_id(youtube_id):
            raise FetchError("gone", "not the id of a video")
        import yt_dlp

        address = self._url.replace("{id}", quote(youtube_id, safe=""))
        try:
            with yt_dlp.YoutubeDL(self._options()) as downloader:
                # Not through its own options: they would fill in %(...)s and $NAME in the folder.
                downloader.get_output_path = lambda kind="", name=None: str(
                    target_dir / (name or "")
                )
                downloader.extract_info(address)
        except Exception as error:  # an extractor may raise anything at what a site sends
            if is_disk_full(error):
                raise WorkError(f"{target_dir.parent}: no space left for the videos") from error
            raise classify(error) from error
        files = sorted(path for path in target_dir.glob("video.*") if path.suffix != ".part")
        if not files:
            raise FetchError("corrupt", "the site offers no video at this address")
        return files[0]

    def version(self, youtube_id: str) -> str:
        return _version_of(self._local.find(youtube_id)) if self._local else ""

    def _options(self) -> dict:
        import imageio_ffmpeg

        height = f"[height<=?{self._max_height}]"
        options = {
            "outtmpl": "video.%(ext)s",  # ours: an id or a title from outside leads nowhere else
            "format": f"bv{height}/b{height}/wv*/w",
            "ffmpeg_location": imageio_ffmpeg.get_ffmpeg_exe(),
            "noplaylist": True,
            "playlist_items": "1",
            "cachedir": False,
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "logger": _Silent(),
            "color": "never",
            "socket_timeout": 30,
            "retries": 0,  # back-off is ours, and a ledger counts the attempts
            "extractor_retries": 0,
            "fragment_retries": 3,
            "skip_unavailable_fragments": False,
            "overwrites": True,
        }
        return options | ({"proxy": ""} if self._local else {})


class _Silent:
    """What yt-dlp says goes into the ledger, not onto the terminal."""

    def debug(self, message: str) -> None:
        pass

    info = warning = error = debug


def _version_of(path: Path | None) -> str:
    try:
        facts = path.stat() if path else None
    except OSError:
        facts = None
    if facts is None:
        return ""
    return f"{facts.st_size}:{facts.st_mtime_ns}"


@contextmanager
def open_source(settings: SourceSettings) -> Iterator[Source]:
    """The source that the settings name; a local server runs as long as the context is open.

    Raises:
        InputError: a folder is missing or not given.
    """
    if settings.kind == "folder":
        if settings.folder is None:
            raise InputError("source.folder: expected a folder of videos, as kind is 'folder'")
        yield FolderSource(settings.folder)
    elif settings.serve is not None:
        with serve_folder(settings.serve) as url:
            yield YtDlpSource(
                url=url, max_height=settings.max_height, local=VideoFolder(settings.serve)
            )
    else:
        yield YtDlpSource(url=settings.url, max_height=settings.max_height)
